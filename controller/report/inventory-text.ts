import { type InventoryView, knownHostsLines, printableJSON, rolesOf, toTimestamp } from '../model/index.ts';

export const INVENTORY_FORMATS = ['json', 'details', 'known-hosts'] as const;

/**
 * `json`: addresses by role, as deploy.yml reads it. `details`: the same with names, keys and how old it is.
 * `known-hosts`: the pinned host keys, as lines of known_hosts.
 */
export type InventoryFormat = (typeof INVENTORY_FORMATS)[number];

export const isInventoryFormat = (text: string): text is InventoryFormat => (INVENTORY_FORMATS as readonly string[]).includes(text);

export function inventoryText(view: InventoryView, format: InventoryFormat): string {
  switch (format) {
    case 'json': return `${printableJSON(rolesOf(view), 2)}\n`;
    case 'details': return `${printableJSON(detailsOf(view), 2)}\n`;
    case 'known-hosts': return knownHosts(view).map((line) => `${line}\n`).join('');
  }
}

function detailsOf({ service, destination, generation, asOf, pools }: InventoryView): object {
  return {
    service, ...(destination === undefined ? {} : { destination }), ...(generation === undefined ? {} : { generation }), asOf: toTimestamp(asOf),
    hosts: pools.flatMap(({ role, ssh, hosts }) => hosts.map(({ name, address, hostKey }) =>
      ({ role, name, address, ...(ssh.user === undefined ? {} : { user: ssh.user }), port: ssh.port, ...(hostKey === undefined ? {} : { hostKey }) }))),
  };
}

function knownHosts({ pools }: InventoryView): string[] {
  const lines = pools.flatMap(({ ssh: { port, jumpHost }, hosts }) => [
    ...(jumpHost === undefined || hosts.length === 0 ? [] : knownHostsLines(jumpHost.address, jumpHost.port, [jumpHost.hostKey])),
    ...hosts.flatMap(({ address, hostKey }) => (hostKey === undefined ? [] : knownHostsLines(address, port, [hostKey]))),
  ]);
  return [...new Set(lines)];
}
