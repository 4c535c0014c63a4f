import type { HostPoolSpec, ObjectKey } from '../api/index.ts';
import type { Instant } from './time.ts';

/** A bought host that people's deploys must reach. */
export interface InventoryHost {
  /** Of the KamalHost. */
  name: string;
  hostID: string;
  /** Where SSH and Kamal reach it: its name in the inventory. */
  address: string;
  /** The host key that it made itself; absent for a machine that is not reached over SSH. */
  hostKey?: string;
}

/** How SSH reaches hosts. The user is not known to who asks the labels of servers alone. */
export interface InventorySSH extends Pick<HostPoolSpec['ssh'], 'port' | 'jumpHost'> {
  user?: string;
}

/** The bought hosts of one pool that serve. */
export interface InventoryPool {
  pool: ObjectKey;
  service: string;
  destination?: string;
  role: string;
  ssh: InventorySSH;
  hosts: InventoryHost[];
  /** Why it is not known who belongs here. Nobody gets such a list, for a deploy that misses a host leaves it on the old version. */
  unsure?: string;
}

/** Who must be deployed to besides the hosts that people own. Persisted, for it is asked while nothing runs. */
export interface Inventory {
  /** Grows with every change of content. */
  generation: number;
  changedAt: Instant;
  /** When it was last held against the hosts, to a few minutes. */
  checkedAt: Instant;
  pools: InventoryPool[];
  /** Public keys with which the controller logs in, as lines of authorized_keys. */
  authorizedKeys: string[];
}

/** What one service and destination gets. */
export interface InventoryView {
  service: string;
  destination?: string;
  /** Absent where it was read from the labels of servers. */
  generation?: number;
  asOf: Instant;
  pools: InventoryPool[];
}

export type InventoryAnswer =
  | { kind: 'Known'; view: InventoryView }
  /** No pool brings up this service and destination. */
  | { kind: 'NoSuchService'; why: string }
  | { kind: 'Unsure'; why: string };

/** The part of one service and destination; all of it or nothing. */
export function inventoryFor({ pools, generation, checkedAt }: Inventory, service: string, destination: string | undefined): InventoryAnswer {
  const own = pools.filter((pool) => pool.service === service && pool.destination === destination);
  if (own.length === 0) return { kind: 'NoSuchService', why: `no pool brings up ${serviceText(service, destination)}${others(pools)}` };
  const unsure = own.find((pool) => pool.unsure !== undefined);
  if (unsure !== undefined) return { kind: 'Unsure', why: `who serves role ${unsure.role} of ${serviceText(service, destination)} is not known: ${unsure.unsure}` };
  return { kind: 'Known', view: { service, ...(destination === undefined ? {} : { destination }), generation, asOf: checkedAt, pools: own } };
}

/** As deploy.yml reads it: the addresses of each role, in the order of names. A role without bought hosts is there, with none. */
export function rolesOf({ pools }: InventoryView): Record<string, string[]> {
  // A role may be called as something that every object has.
  const roles = new Map<string, string[]>();
  for (const { role, hosts } of pools) roles.set(role, [...new Set([...roles.get(role) ?? [], ...hosts.map(({ address }) => address)])]);
  return Object.fromEntries(roles);
}

export const serviceText = (service: string, destination: string | undefined): string =>
  (destination === undefined ? `service ${service}` : `service ${service}, destination ${destination}`);

function others(pools: readonly InventoryPool[]): string {
  const known = [...new Set(pools.map(({ service, destination }) => serviceText(service, destination)))];
  return known.length === 0 ? '' : `; there is ${known.slice(0, 5).join('; ')}`;
}
