import type { HostPool, KamalHost } from '../api/index.ts';
import { type FleetReference, fromTimestamp } from '../model/index.ts';
import type { Context } from './context.ts';
import { fixedTargets, hostTarget } from './host-endpoint.ts';

/** A host that comes up must run what the fleet runs now; one that serves is looked after at a calm pace. */
const MAX_AGE_SECONDS = { Starting: 2, Serving: 10 };
/** So many hosts that serve stand for a pool in which nobody owns a host. */
const REFERENCES = 3;

/** What the pool's other hosts serve; fixed hosts are asked where there are any, for people deploy to them. */
export async function observeFleet(context: Context, host: KamalHost, pool: HostPool): Promise<FleetReference> {
  const maxAge = host.status?.phase === 'InService' ? MAX_AGE_SECONDS.Serving : MAX_AGE_SECONDS.Starting;
  const fixed = fixedTargets(pool);
  if (fixed.length > 0) return context.fleets.reference(fixed, pool.spec.kamal, maxAge);
  const siblings = await context.store.list('KamalHost', { namespace: pool.metadata.namespace, from: 'Cached' });
  const longest = siblings
    .filter(({ metadata, spec, status }) => spec.poolRef.name === pool.metadata.name && metadata.name !== host.metadata.name && status?.phase === 'InService')
    .sort((a, b) => (fromTimestamp(a.status?.inServiceAt) ?? 0) - (fromTimestamp(b.status?.inServiceAt) ?? 0) || a.metadata.name.localeCompare(b.metadata.name))
    .slice(0, REFERENCES);
  return context.fleets.reference(longest.flatMap((sibling) => hostTarget(sibling, pool) ?? []), pool.spec.kamal, maxAge);
}
