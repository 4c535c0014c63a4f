import type { HostPool, KamalHost } from '../api/index.ts';
import { membershipFact } from '../model/index.ts';
import { provenDown } from '../plan/index.ts';
import { failsChecks } from './assemble-fleet.ts';
import type { Context } from './context.ts';
import { fixedEndpoints } from './host-endpoint.ts';

/**
 * Fixed hosts that every load balancer calls down and that do not answer. They are asked only where bought hosts fail:
 * whether the two suffer from the same is all that depends on it.
 */
export async function countFixedDown(context: Context, pool: HostPool, hosts: readonly KamalHost[]): Promise<number> {
  const troubled = (pool.status?.startFailures ?? 0) > 0 || hosts.some((host) => host.status?.health === 'Unhealthy' || failsChecks(host, pool, context.clock.now()));
  const fixed = fixedEndpoints(pool);
  if (!troubled || fixed.length === 0 || pool.spec.loadBalancer === undefined) return 0;
  const listings = await context.loadBalancer.confirm(pool.spec.loadBalancer);
  const facts = await Promise.all(fixed.map(async ({ endpoint }) => ({
    membership: membershipFact(listings, endpoint), probe: await context.probe.up(endpoint, pool.spec.health),
  })));
  return facts.filter(provenDown).length;
}
