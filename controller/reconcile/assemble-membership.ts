import { ADOPTED_ANNOTATION, type HostPool, type KamalHost, keyOf, sameKey } from '../api/index.ts';
import { LEAVING, MEMBER, type Member, type Membership, type PoolMembership, type Server } from '../model/index.ts';
import { serviceOf, serviceOwner } from './service-conflict.ts';
import { fixedEndpoints, hostEndpoint, serverEndpoint } from './host-endpoint.ts';

/** Servers that exist now, or undefined while a provider cannot be asked. */
export type KnownServers = readonly Server[] | undefined;

/**
 * The membership that the pools and hosts ask for, on top of the last known good one. What is absent changes nothing:
 * a pool that is gone, ending or paused keeps its entry, and a member whose KamalHost vanished stays until its
 * provider says that the server is gone. Pure.
 */
export function assembleMembership(last: Membership, pools: readonly HostPool[], hosts: readonly KamalHost[], servers: KnownServers): Membership {
  const left = last.pools.filter(({ pool }) => pools.every((live) => !sameKey(keyOf(live), pool)));
  const entries = pools.filter((pool) => ownsService(pool, pools, last)).flatMap((pool) => {
    const before = entryFor(pool, last) ?? left.find(({ service }) => service === serviceOf(pool));
    return entryOf(pool, hosts.filter((host) => belongsTo(host, pool)), before, servers) ?? [];
  });
  // A pool that names another's service stays as it was served. Two entries of one service cannot be served, so a pool
  // under a new name takes over the service of one that is gone, with its members.
  const waiting = pools.filter((pool) => !ownsService(pool, pools, last)).flatMap((pool) => entryFor(pool, last) ?? []);
  const kept = [...left, ...waiting].filter(({ service }) => entries.every((entry) => entry.service !== service));
  const next = [...kept, ...entries].sort((a, b) => a.service.localeCompare(b.service) || a.pool.namespace.localeCompare(b.pool.namespace));
  return JSON.stringify(next) === JSON.stringify(last.pools) ? last : { generation: last.generation + 1, pools: next };
}

const entryFor = (pool: HostPool, { pools }: Membership): PoolMembership | undefined => pools.find((entry) => sameKey(entry.pool, keyOf(pool)));

function ownsService(pool: HostPool, pools: readonly HostPool[], last: Membership): boolean {
  const service = serviceOf(pool);
  const owner = service === undefined ? undefined : serviceOwner(service, pools, last);
  return owner === undefined || sameKey(keyOf(owner), keyOf(pool));
}

function entryOf(pool: HostPool, hosts: readonly KamalHost[], before: PoolMembership | undefined, servers: KnownServers): PoolMembership | undefined {
  const { traefik, hetzner, digitalocean } = pool.spec.loadBalancer ?? {};
  const service = serviceOf(pool);
  const ending = pool.metadata.deletionTimestamp !== undefined && pool.spec.deletionPolicy === 'Retain';
  if (service === undefined || ending || pool.spec.paused) return before;
  const fixed = fixedEndpoints(pool).map(({ name, endpoint }): Member => ({ name, address: endpoint.address, port: endpoint.ports.http, kind: 'Fixed' }));
  const serving = hosts.filter(({ status }) => MEMBER.includes(status?.phase ?? 'Pending')).flatMap((host) => memberOf(host, pool) ?? []);
  const members = unique([...fixed, ...serving, ...vanished(pool, hosts, before, servers)]);
  const emptyWanted = fixed.length === 0 && (pool.spec.replicas === 0 || drainsAll(pool));
  if (members.length === 0 && !emptyWanted) return before;
  const { path, hostname, intervalSeconds, timeoutSeconds } = pool.spec.health;
  return {
    pool: keyOf(pool), service, strategy: traefik?.strategy ?? 'p2c',
    healthCheck: { path, ...(hostname === undefined ? {} : { hostname }), intervalSeconds, timeoutSeconds },
    emptyWanted, members, ...(traefik?.files === undefined ? {} : { files: traefik.files }), ...(hetzner === undefined ? {} : { hetzner }), ...(digitalocean === undefined ? {} : { digitalocean }),
  };
}

/** A person who wrote Drain and deletes the pool asks for its emptiness: its last host could else never leave. */
const drainsAll = ({ metadata, spec }: HostPool): boolean => metadata.deletionTimestamp !== undefined && spec.deletionPolicy === 'Drain';

/** Members whose KamalHost is gone without having left, or was just adopted: they serve, so they stay until it joins, leaves or is known to be dead. */
function vanished(pool: HostPool, hosts: readonly KamalHost[], before: PoolMembership | undefined, servers: KnownServers): Member[] {
  const bought = before?.members.filter(({ kind }) => kind === 'Bought') ?? [];
  return bought.filter((member) => hosts.every((host) => !speaksFor(host, member)) && (servers === undefined || servers.some((server) => {
    const endpoint = serverEndpoint(server, pool);
    return endpoint?.address === member.address && endpoint.ports.http === member.port;
  })));
}

/** Whether the host's own phase decides over the member; an adopted host's does only once it has joined or leaves. */
function speaksFor(host: KamalHost, member: Member): boolean {
  if (host.metadata.name !== member.name) return false;
  const adopted = host.metadata.annotations?.[ADOPTED_ANNOTATION] !== undefined;
  const { joiningSince, phase = 'Pending' } = host.status ?? {};
  return !adopted || joiningSince !== undefined || LEAVING.includes(phase);
}

function memberOf(host: KamalHost, pool: HostPool): Member | undefined {
  const endpoint = hostEndpoint(host, pool);
  return endpoint === undefined ? undefined : { name: host.metadata.name, address: endpoint.address, port: endpoint.ports.http, kind: 'Bought' };
}

/** One entry an address and port; the fixed host's comes first. */
function unique(members: readonly Member[]): Member[] {
  const seen = new Map<string, Member>();
  for (const member of members) {
    const place = `${member.address} ${member.port}`;
    if (!seen.has(place)) seen.set(place, member);
  }
  return [...seen.values()].sort((a, b) => a.kind.localeCompare(b.kind) * -1 || a.name.localeCompare(b.name));
}

const belongsTo = (host: KamalHost, pool: HostPool): boolean =>
  host.spec.poolRef.name === pool.metadata.name && host.metadata.namespace === pool.metadata.namespace;
