import type { HostPool, KamalHost, KamalHostStatus } from '../api/index.ts';
import { type HostStep, type Outcome, requeueAfter, toTimestamp } from '../model/index.ts';
import type { DeployTarget } from '../ports/index.ts';
import { sameJSON, withHostStatus } from '../report/status.ts';
import type { Context } from './context.ts';
import { hostTarget } from './host-endpoint.ts';
import { tellMending } from './host-events.ts';
import { askPermit, claimFor, worksUnderLock } from './lock-permit.ts';
import { sessionKeyOf } from './session-key.ts';

type Start = HostStep & { kind: 'StartOperation' };

const ASK_AGAIN_SECONDS = 5;

/** Starts slow work: at once, or under Kamal's deploy lock as soon as that is held for this host. */
export async function startOperation(context: Context, host: KamalHost, pool: HostPool, step: Start): Promise<Outcome> {
  const target = hostTarget(host, pool);
  if (target === undefined) return requeueAfter(1);
  if (!worksUnderLock(context, target, step.operation)) {
    await start(context, await intend(context, host, step, {}), pool, target, step);
    return requeueAfter(1);
  }
  const permit = await askPermit(context, host, pool);
  if (permit.kind === 'Waits') return claim(context, host, pool, step, permit.why);
  const intended = await intend(context, host, step, { lockClaim: claimFor(host, step.operation, context.clock.now()) });
  // The hold may have ended since: its release looks for what hosts have stored, and here is looked for the release.
  const still = await askPermit(context, intended, pool);
  if (still.kind === 'Waits') {
    const withdrawn = await context.store.updateStatus('KamalHost', { ...intended, status: { ...intended.status, operation: host.status?.operation } });
    return claim(context, withdrawn, pool, step, still.why);
  }
  await start(context, intended, pool, target, step);
  return requeueAfter(1);
}

/** The wish stands in the host's status; the session's pass reads it there and wakes the host when it is its turn. */
async function claim(context: Context, host: KamalHost, pool: HostPool, step: Start, why: string): Promise<Outcome> {
  const now = context.clock.now();
  const changed = withHostStatus(host, { lockClaim: claimFor(host, step.operation, now), reason: why }, now);
  if (!sameJSON(changed.status, host.status)) await context.store.updateStatus('KamalHost', changed);
  context.enqueue({ kind: 'Session', key: sessionKeyOf(pool) });
  return requeueAfter(ASK_AGAIN_SECONDS);
}

/** The operation's id is stored before it is started: after a crash it is Lost, and facts decide whether to start again. */
function intend(context: Context, host: KamalHost, step: Start, more: Partial<KamalHostStatus>): Promise<KamalHost> {
  const now = context.clock.now();
  const operation = {
    id: `${host.metadata.name}-${step.operation.toLowerCase()}-${context.newID()}`, kind: step.operation, startedAt: toTimestamp(now),
    ...(step.version === undefined ? {} : { version: step.version }),
  };
  return context.store.updateStatus('KamalHost', withHostStatus(host, { operation, reason: step.why, ...more }, now));
}

async function start(context: Context, host: KamalHost, { spec: { drain, limits } }: HostPool, target: DeployTarget, step: Start): Promise<void> {
  const id = host.status?.operation?.id;
  if (id === undefined) throw new Error(`host ${host.metadata.name} has no operation to start`);
  await context.deployer.start({
    id, kind: step.operation, target, drainSeconds: step.drainSeconds ?? drain.timeoutSeconds, timeoutSeconds: limits.deployTimeoutSeconds,
    mayBegin: () => context.leadership.isLeader(),
    ...(step.version === undefined ? {} : { version: step.version }),
  });
  await tellMending(context, host, step);
}
