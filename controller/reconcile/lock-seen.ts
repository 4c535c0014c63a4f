import { type HostPool, type KamalHost, keyOf } from '../api/index.ts';
import type { LockSeen } from '../report/lock-report.ts';
import type { Context } from './context.ts';
import { fixedTargets, hostTarget } from './host-endpoint.ts';
import { isOwnOperation, lockOf, sessionKeyOf } from './session-key.ts';

/** A lock that nobody needs is looked at now and then: one that was left behind is told before somebody needs it. */
const LOOK_SECONDS = 60;
/** A word that is older says nothing any more. */
const STALE_SECONDS = 300;

/** What is known of the deploy lock of a pool's service. Asks without waiting: a dead primary takes half a minute to say nothing. */
export async function seeLock(context: Context, pool: HostPool, hosts: readonly KamalHost[]): Promise<LockSeen | undefined> {
  const target = fixedTargets(pool)[0] ?? hosts.flatMap((host) => hostTarget(host, pool) ?? [])[0];
  if (target === undefined || pool.spec.paused || !context.deployer.needsLock(target)) return undefined;
  const lock = lockOf(pool);
  context.locks.refresh(lock, LOOK_SECONDS, () => context.enqueue({ kind: 'Pool', key: keyOf(pool) }));
  const fact = context.locks.latest(lock, STALE_SECONDS);
  if (fact === undefined) return undefined;
  const session = await context.store.get('DeploySession', sessionKeyOf(pool), 'Cached');
  // One of ours that no session knows keeps people's deploys out until a session is there to break it.
  if (session === undefined && fact.kind === 'Held' && isOwnOperation(context.installation, fact.operationID)) context.enqueue({ kind: 'Session', key: sessionKeyOf(pool) });
  return {
    lock: fact, service: lock.service, destination: lock.destination,
    ours: fact.kind === 'Held' && fact.operationID !== undefined && fact.operationID === session?.spec.operationID,
    waiting: hosts.filter(({ status }) => status?.lockClaim !== undefined).map(({ metadata }) => metadata.name).sort(),
  };
}
