import { type HostPool, type KamalHost, keyOf, sameKey } from '../api/index.ts';
import type { Membership, Server, ServerSnapshot } from '../model/index.ts';
import { serverEndpoint } from './host-endpoint.ts';
import type { Ledger } from './ledger.ts';

/** Servers of this pool, listed after its hosts, that none of them owns. */
export function unownedServers(pool: HostPool, hosts: readonly KamalHost[], snapshots: readonly ServerSnapshot[]): Server[] {
  const known = new Set(hosts.map(({ spec }) => spec.hostID));
  return snapshots.flatMap(({ servers }) => servers).filter(({ owner }) => sameKey(owner.pool, keyOf(pool)) && !known.has(owner.hostID));
}

/**
 * Those of them that are about to be adopted: left on purpose when their pool or KamalHost went away, unknown to this
 * store, or members. A pool that came back and did not wait for them would buy all of its hosts anew. A server that this
 * store knows to be idle is not waited for: it will be swept. Pure.
 */
export function returningServers(pool: HostPool, unowned: readonly Server[], ledger: Ledger, membership: Membership): Server[] {
  const members = membership.pools.flatMap((entry) => entry.members);
  return unowned.filter((server) => {
    if (server.state === 'Leaving') return false;
    const state = ledger.entries[server.owner.hostID]?.state ?? 'Retained';
    const endpoint = serverEndpoint(server, pool);
    return state === 'Retained' || members.some(({ address, port }) => address === endpoint?.address && port === endpoint.ports.http);
  });
}
