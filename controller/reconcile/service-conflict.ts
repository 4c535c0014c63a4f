import { type HostPool, keyOf, keyText } from '../api/index.ts';
import type { Context } from './context.ts';

/** Two pools that name one load-balancer service would overwrite each other's members: the older keeps it, the younger waits. */
export async function serviceConflict(context: Context, pool: HostPool): Promise<string | undefined> {
  const service = pool.spec.loadBalancer?.traefik.service;
  if (service === undefined) return undefined;
  const pools = await context.store.list('HostPool', { from: 'Cached' });
  const owner = pools.find((other) => other.spec.loadBalancer?.traefik.service === service && isOlder(other, pool));
  return owner === undefined ? undefined
    : `spec.loadBalancer.traefik.service ${service} belongs to the older pool ${keyText(keyOf(owner))}: write another service name`;
}

export function isOlder(a: { metadata: HostPool['metadata'] }, b: { metadata: HostPool['metadata'] }): boolean {
  if (a.metadata.uid === b.metadata.uid) return false;
  const byTime = a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp);
  return byTime < 0 || (byTime === 0 && a.metadata.uid < b.metadata.uid);
}
