import { type HostPool, keyOf, keyText, sameKey } from '../api/index.ts';
import type { Membership } from '../model/index.ts';
import type { Context } from './context.ts';
import { loadMembership } from './membership-document.ts';

/** Two pools that name one load-balancer service would overwrite each other's members: one has it, the other waits. */
export async function serviceConflict(context: Context, pool: HostPool): Promise<string | undefined> {
  const service = serviceOf(pool);
  const pools = await context.store.list('HostPool', { from: 'Cached' });
  if (service === undefined || pools.every((other) => serviceOf(other) !== service || sameKey(keyOf(other), keyOf(pool)))) return undefined;
  const { membership } = await loadMembership(context.documents);
  const owner = serviceOwner(service, pools, membership);
  return owner === undefined || sameKey(keyOf(owner), keyOf(pool)) ? undefined
    : `${fieldOf(pool)} ${service.replace(/^(hetzner|digitalocean):/, '')} belongs to pool ${keyText(keyOf(owner))}, which had it first: write another ${pool.spec.loadBalancer?.traefik === undefined ? 'load balancer' : 'service name'}`;
}

function fieldOf({ spec: { loadBalancer } }: HostPool): string {
  if (loadBalancer?.traefik !== undefined) return 'spec.loadBalancer.traefik.service';
  return loadBalancer?.hetzner === undefined ? 'spec.loadBalancer.digitalocean.name' : 'spec.loadBalancer.hetzner.name';
}

/** Who has a service: the pool that is served under it already, for an edit elsewhere must not take its members away; else the oldest that names it. */
export function serviceOwner(service: string, pools: readonly HostPool[], last: Membership): HostPool | undefined {
  const claimants = pools.filter((pool) => serviceOf(pool) === service);
  const served = claimants.find((pool) => last.pools.some((entry) => entry.service === service && sameKey(entry.pool, keyOf(pool))));
  return served ?? claimants.find((pool) => claimants.every((other) => !isOlder(other, pool)));
}

/** The group of servers that the pool fills: a service of Traefik, or a whole load balancer of a cloud. */
export function serviceOf({ spec: { loadBalancer } }: HostPool): string | undefined {
  const { traefik, hetzner, digitalocean } = loadBalancer ?? {};
  if (traefik !== undefined) return traefik.service;
  if (hetzner !== undefined) return `hetzner:${hetzner.name}`;
  return digitalocean === undefined ? undefined : `digitalocean:${digitalocean.name}`;
}

export function isOlder(a: { metadata: HostPool['metadata'] }, b: { metadata: HostPool['metadata'] }): boolean {
  if (a.metadata.uid === b.metadata.uid) return false;
  const byTime = a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp);
  return byTime < 0 || (byTime === 0 && a.metadata.uid < b.metadata.uid);
}
