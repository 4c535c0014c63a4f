import { ADOPTED_ANNOTATION, type HostPool, type KamalHost, keyOf, sameKey } from '../api/index.ts';
import { type Inventory, type InventoryHost, type InventoryPool, LEAVING, MEMBER, type Server } from '../model/index.ts';
import type { KnownServers } from './assemble-membership.ts';
import { hostEndpoint, pinnedKey, serverEndpoint } from './host-endpoint.ts';

/** What the inventory says; who checked it and when is noted by the pass. */
export type InventoryContent = Pick<Inventory, 'pools'>;

/**
 * The bought hosts that serve, by pool, on top of what was known last. As with membership, what is absent changes
 * nothing: a pool that is gone, ending or paused keeps its entry, and a host whose KamalHost vanished stays until its
 * provider says that the server is gone. Where a server may serve and nobody can tell, the entry says so. Pure.
 */
export function assembleInventory(last: InventoryContent, pools: readonly HostPool[], hosts: readonly KamalHost[], servers: KnownServers): InventoryPool[] {
  const entries = pools.flatMap((pool) => entryOf(pool, hosts.filter((host) => belongsTo(host, pool)), last.pools.find((entry) => sameKey(entry.pool, keyOf(pool))), servers) ?? []);
  const left = last.pools.filter(({ pool }) => pools.every((live) => !sameKey(keyOf(live), pool))).flatMap((entry) => {
    const kept = entry.hosts.filter(({ hostID }) => servers === undefined || servers.some(({ owner }) => owner.hostID === hostID));
    return kept.length === 0 ? [] : [{ ...entry, hosts: kept }];
  });
  return [...entries, ...left].sort((a, b) => a.pool.namespace.localeCompare(b.pool.namespace) || a.pool.name.localeCompare(b.pool.name));
}

function entryOf(pool: HostPool, hosts: readonly KamalHost[], before: InventoryPool | undefined, servers: KnownServers): InventoryPool | undefined {
  const { kamal: { service, destination, role }, ssh, deletionPolicy, paused } = pool.spec;
  if (before !== undefined && (paused || (pool.metadata.deletionTimestamp !== undefined && deletionPolicy === 'Retain'))) return before;
  const serving = hosts.filter(({ status }) => MEMBER.includes(status?.phase ?? 'Pending')).flatMap((host) => listed(host, pool) ?? []);
  const others = unspoken(pool, hosts, before, servers);
  const unsure = others.find(({ kind }) => kind === 'Unsure');
  return {
    pool: keyOf(pool), service, ...(destination === undefined ? {} : { destination }), role, ssh,
    hosts: inOrder([...serving, ...others.flatMap((other) => (other.kind === 'Listed' ? [other.host] : []))]),
    ...(unsure?.kind === 'Unsure' ? { unsure: unsure.why } : {}),
  };
}

type Other = { kind: 'Listed'; host: InventoryHost } | { kind: 'Unsure'; why: string };

/** What serves, or may serve, although no KamalHost says so: it vanished, was lost with its store, or was just adopted. */
function unspoken(pool: HostPool, hosts: readonly KamalHost[], before: InventoryPool | undefined, servers: KnownServers): Other[] {
  const speaks = (hostID: string): boolean => hosts.some((host) => host.spec.hostID === hostID && hasItsSay(host));
  const known = (before?.hosts ?? []).filter(({ hostID }) => !speaks(hostID));
  if (servers === undefined) {
    const kept = known.map((host): Other => ({ kind: 'Listed', host }));
    // What was not sure before has not become so by itself.
    const why = before === undefined ? 'a provider could not be asked for servers yet' : before.unsure;
    return why === undefined ? kept : [...kept, { kind: 'Unsure', why }];
  }
  return servers.filter(({ owner, state }) => sameKey(owner.pool, keyOf(pool)) && !speaks(owner.hostID) && state !== 'Leaving')
    .flatMap((server) => otherOf(server, pool, known.find(({ hostID }) => hostID === server.owner.hostID)));
}

function otherOf(server: Server, pool: HostPool, known: InventoryHost | undefined): Other[] {
  if (known !== undefined) return [{ kind: 'Listed', host: known }];
  const { name, owner: { hostID }, part } = server;
  if (part === undefined) return [{ kind: 'Unsure', why: `nobody knows yet whether server ${name} serves` }];
  if (part.serving === 'NotServing') return [];
  const endpoint = serverEndpoint(server, pool);
  const address = endpoint?.sshAddress ?? endpoint?.address;
  if (address === undefined) return [{ kind: 'Unsure', why: `server ${name} serves, and its address is not known yet` }];
  return [{ kind: 'Listed', host: { name, hostID, address, ...(part.hostKey === undefined ? {} : { hostKey: part.hostKey }) } }];
}

/** A host decides by its phase, an adopted one only once it has joined or leaves. */
function hasItsSay({ metadata, status }: KamalHost): boolean {
  const { joiningSince, phase = 'Pending' } = status ?? {};
  return metadata.annotations?.[ADOPTED_ANNOTATION] === undefined || joiningSince !== undefined || LEAVING.includes(phase);
}

function listed(host: KamalHost, pool: HostPool): InventoryHost | undefined {
  const endpoint = hostEndpoint(host, pool);
  const hostKey = pinnedKey(host);
  return endpoint === undefined ? undefined : {
    name: host.metadata.name, hostID: host.spec.hostID, address: endpoint.sshAddress ?? endpoint.address, ...(hostKey === undefined ? {} : { hostKey }),
  };
}

/** By name, numbers by their value, each host once. */
function inOrder(hosts: readonly InventoryHost[]): InventoryHost[] {
  const unique = [...new Map(hosts.map((host) => [host.hostID, host])).values()];
  return unique.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

const belongsTo = (host: KamalHost, pool: HostPool): boolean =>
  host.spec.poolRef.name === pool.metadata.name && host.metadata.namespace === pool.metadata.namespace;
