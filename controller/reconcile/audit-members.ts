import { type HostPool, type KamalHost, keyOf, keyText, sameKey } from '../api/index.ts';
import { type Instant, type InstanceListing, type Inventory, MEMBER, type Membership, httpURL, isListedAt, seconds } from '../model/index.ts';
import { type AuditFinding, RUN, difference, unasked } from './audit-finding.ts';

const OLDEST_INVENTORY_SECONDS = 900;

export const isOf = (host: KamalHost, pool: HostPool): boolean => host.spec.poolRef.name === pool.metadata.name && host.metadata.namespace === pool.metadata.namespace;
const isServing = ({ status }: KamalHost): boolean => status?.phase === 'InService';
const mayServe = ({ status }: KamalHost): boolean => MEMBER.includes(status?.phase ?? 'Pending');

/** The membership document against the hosts. Pure. */
export function membershipAudit(pools: readonly HostPool[], hosts: readonly KamalHost[], membership: Membership): AuditFinding[] {
  return pools.filter(({ spec }) => spec.loadBalancer !== undefined).flatMap((pool) => {
    const members = membership.pools.find((entry) => sameKey(entry.pool, keyOf(pool)))?.members ?? [];
    const own = hosts.filter((host) => isOf(host, pool));
    const absent = own.filter(isServing).filter(({ metadata }) => members.every(({ name }) => name !== metadata.name));
    const stray = members.filter(({ kind, name }) => kind === 'Bought' && !own.some((host) => host.metadata.name === name && mayServe(host)));
    return [
      ...absent.map(({ metadata }) => difference('Membership', `${metadata.namespace}/${metadata.name}`, 'it is in service, and not in the membership document', RUN)),
      ...stray.map(({ name }) => difference('Membership', keyText(keyOf(pool)), `member ${name} has no host that serves`, RUN)),
    ];
  });
}

/** What each load balancer lists against the membership document. Pure. */
export function listingsAudit(pool: HostPool, listings: readonly InstanceListing[], membership: Membership): AuditFinding[] {
  const subject = keyText(keyOf(pool));
  const members = membership.pools.find((entry) => sameKey(entry.pool, keyOf(pool)))?.members ?? [];
  const wanted = new Map(members.map(({ name, address, port }) => [httpURL(address, port), name]));
  return listings.flatMap((listing): AuditFinding[] => {
    if (listing.kind !== 'Listing') return [unasked('LoadBalancer', `${subject} at ${listing.instance}`, listing.why)];
    const { instance, servers } = listing;
    const listed = (url: string): boolean => servers.some((server) => isListedAt(server, url));
    return [
      // What people added to a cloud's load balancer is theirs, and stays.
      ...servers.filter((server) => server.foreign === undefined && ![...wanted.keys()].some((url) => isListedAt(server, url))).map(({ url }) => difference('LoadBalancer', subject, `${instance} lists ${url}, which is no member`, RUN)),
      ...[...wanted].filter(([url]) => !listed(url)).map(([url, name]) => difference('LoadBalancer', subject, `${instance} does not list member ${name} at ${url}`, RUN)),
      ...[...wanted.keys()].filter((url) => servers.some((server) => server.state === 'Down' && isListedAt(server, url))).map((url) => difference('LoadBalancer', subject, `${instance} calls member ${wanted.get(url)} at ${url} down`, `curl -sS -o /dev/null -w '%{http_code}\\n' ${url}${pool.spec.health.path}`)),
    ];
  });
}

/** The inventory that people deploy by against the hosts. Pure. */
export function inventoryAudit(pools: readonly HostPool[], hosts: readonly KamalHost[], inventory: Inventory | undefined, now: Instant): AuditFinding[] {
  if (inventory === undefined) return pools.length === 0 ? [] : [unasked('Inventory', 'inventory', 'no controller has written one with this store yet')];
  const age = Math.round((now - inventory.checkedAt) / seconds(1));
  const stale = age > OLDEST_INVENTORY_SECONDS ? [difference('Inventory', 'inventory', `it was last held against the hosts ${age} s ago: no controller works on this store`, RUN)] : [];
  return [...stale, ...pools.flatMap((pool) => {
    const entry = inventory.pools.find((candidate) => sameKey(candidate.pool, keyOf(pool)));
    const own = hosts.filter((host) => isOf(host, pool));
    const absent = own.filter(isServing).filter(({ spec }) => (entry?.hosts ?? []).every(({ hostID }) => hostID !== spec.hostID));
    const stray = (entry?.hosts ?? []).filter(({ hostID }) => !own.some((host) => host.spec.hostID === hostID && mayServe(host)));
    return [
      ...absent.map(({ metadata }) => difference('Inventory', `${metadata.namespace}/${metadata.name}`, 'it is in service, and a deploy would miss it', RUN)),
      ...stray.map(({ name }) => difference('Inventory', `${pool.metadata.namespace}/${name}`, 'it is in the inventory, and no host of that name serves', RUN)),
    ];
  })];
}
