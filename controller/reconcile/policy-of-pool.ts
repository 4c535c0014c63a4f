import { type HostPool, type ScalingPolicy, keyOf } from '../api/index.ts';
import type { Context } from './context.ts';
import { isOlder } from './service-conflict.ts';

/** The policy that scales a pool: of several the oldest, as only it is evaluated. */
export async function policyOfPool(context: Context, pool: HostPool): Promise<ScalingPolicy | undefined> {
  const policies = await context.store.list('ScalingPolicy', { namespace: keyOf(pool).namespace, from: 'Cached' });
  const own = policies.filter(({ metadata, spec }) => spec.targetRef.name === pool.metadata.name && metadata.deletionTimestamp === undefined);
  return own.find((policy) => own.every((other) => !isOlder(other, policy)));
}
