import { type InventoryAnswer, type InventoryPool, serviceText } from './inventory.ts';
import type { Server, ServerPart } from './server.ts';
import type { Instant } from './time.ts';

export interface ServersQuestion {
  installation: string;
  service: string;
  destination: string | undefined;
  /** Roles that the answer names even where no server of theirs is marked as serving. */
  allowEmpty: readonly string[];
  now: Instant;
}

type Labelled = Server & { part: ServerPart };

/**
 * The inventory as the labels of all servers of an installation have it, for a deploy while no controller runs. A role
 * that no server serves is not told, unless it may be empty: it could as well be the wrong project, or a server whose
 * label nobody wrote. Pure.
 */
export function inventoryOfServers(servers: readonly Server[], question: ServersQuestion): { answer: InventoryAnswer; leftOut: Server[] } {
  const { installation, service, destination, allowEmpty, now } = question;
  const own = servers.filter(hasPart).filter(({ part, state }) => part.service === service && part.destination === destination && state !== 'Leaving');
  const roles = [...new Set([...own.map(({ part }) => part.role), ...allowEmpty])].sort();
  const leftOut = own.filter(({ part }) => part.serving === 'NotServing');
  const unsure = (why: string): { answer: InventoryAnswer; leftOut: Server[] } => ({ answer: { kind: 'Unsure', why }, leftOut });
  if (roles.length === 0) return unsure(`no server of installation ${installation} is labelled with ${serviceText(service, destination)}`);

  const pools: InventoryPool[] = [];
  for (const role of roles) {
    const ofRole = own.filter(({ part }) => part.role === role);
    const serving = ofRole.filter(({ part }) => part.serving === 'Serving');
    if (serving.length === 0 && !allowEmpty.includes(role)) return unsure(`of ${ofRole.length} servers of role ${role} none is labelled as serving`);
    const lost = serving.find(({ part }) => part.sshAddress === undefined);
    if (lost !== undefined) return unsure(`server ${lost.name} serves, and its provider tells no address of it`);
    pools.push(...poolsOf(role, service, destination, serving));
  }
  return { answer: { kind: 'Known', view: { service, ...(destination === undefined ? {} : { destination }), asOf: now, pools } }, leftOut };
}

const hasPart = (server: Server): server is Labelled => server.part !== undefined;

/** By pool, for ports are the pool's; a role without servers has one entry too. */
function poolsOf(role: string, service: string, destination: string | undefined, serving: readonly Labelled[]): InventoryPool[] {
  const head = { service, ...(destination === undefined ? {} : { destination }), role };
  if (serving.length === 0) return [{ pool: { namespace: '', name: '' }, ...head, ssh: { port: 22 }, hosts: [] }];
  const groups = Map.groupBy(serving, ({ owner: { pool }, part }) => `${pool.namespace}/${pool.name} ${part.sshPort}`);
  return [...groups.values()].flatMap((servers) => {
    const [first] = servers;
    if (first === undefined) return [];
    const hosts = servers.map(({ name, owner: { hostID }, part }) => ({ name, hostID, address: part.sshAddress ?? '', ...(part.hostKey === undefined ? {} : { hostKey: part.hostKey }) }));
    return [{ pool: first.owner.pool, ...head, ssh: { port: first.part.sshPort }, hosts: hosts.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })) }];
  });
}
