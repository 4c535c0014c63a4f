import type { HostPool, KamalHost, KamalHostStatus } from '../api/index.ts';
import { type OperationFact, fromTimestamp, seconds } from '../model/index.ts';
import type { Context } from './context.ts';
import { hostTarget } from './host-endpoint.ts';

/** Longer than a pass takes from storing an operation to starting it. */
const START_GRACE_SECONDS = 10;
/** What runs into its time limit is ended so much later at the latest. */
const END_GRACE_SECONDS = 60;

/**
 * State of the slow work that a host's status names. Under Kamal's deploy lock, work that an earlier process began may
 * go on without it, here or elsewhere: it counts as running until its end is known or its time is up, for a second run
 * beside it, or a lock released under it, would do harm.
 */
export async function observeOperation(context: Context, host: KamalHost, pool: HostPool): Promise<OperationFact> {
  const operation = host.status?.operation;
  if (operation === undefined) return { kind: 'None' };
  const fact = context.deployer.observe(operation.id);
  const target = hostTarget(host, pool);
  if (fact.kind !== 'Lost' || target === undefined || !context.deployer.needsLock(target)) return fact;
  return await mayGoOn(context, operation, pool) ? { kind: 'Running' } : fact;
}

async function mayGoOn(context: Context, operation: NonNullable<KamalHostStatus['operation']>, { spec: { limits, drain } }: HostPool): Promise<boolean> {
  const age = context.clock.now() - (fromTimestamp(operation.startedAt) ?? 0);
  const drainSeconds = operation.kind === 'Quiesce' ? drain.timeoutSeconds : 0;
  if (age < seconds(START_GRACE_SECONDS)) return true;
  switch (await context.deployer.survives(operation.id)) {
    case 'Running': return true;
    case 'Ended': return false;
    case 'Unknown': return age < seconds(limits.deployTimeoutSeconds + drainSeconds + END_GRACE_SECONDS);
  }
}
