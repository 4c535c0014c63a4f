import { API_VERSION, type DeploySession, type HostPool, type KamalHost, type ObjectKey, SESSION_FINALIZER, keyOf, sameKey } from '../api/index.ts';
import { type Instant, type Outcome, done, fromTimestamp, isClass, requeueAfter, seconds, toTimestamp } from '../model/index.ts';
import { type Claim, LOOK_SECONDS, POLL_SECONDS, type SessionFacts, type SessionStep, type SessionView, nextSessionStep } from '../plan/index.ts';
import type { LockRef, StoreEvent } from '../ports/index.ts';
import { sameJSON, withSessionStatus } from '../report/status.ts';
import type { Context } from './context.ts';
import { observeOperation } from './operations.ts';
import { isOwnOperation, lockOf, sessionKeyOf } from './session-key.ts';

/** One pass over Kamal's deploy lock on one service and destination: who asks for it, who works under it, whose it is. */
export async function reconcileSession(context: Context, key: ObjectKey): Promise<Outcome> {
  const session = await context.store.get('DeploySession', key, 'Fresh');
  const pools = (await context.store.list('HostPool', { namespace: key.namespace, from: 'Cached' })).filter((pool) => sameKey(sessionKeyOf(pool), key));
  const lock = session === undefined ? pools.map(lockOf)[0] : lockOfSession(session);
  if (lock === undefined) return done;
  const facts = await observe(context, session, lock, key, pools);
  const step = nextSessionStep(session === undefined ? undefined : viewOf(session), facts, context.clock.now());
  return session === undefined ? begin(context, key, lock, step) : perform(context, session, facts.claims, step);
}

const lockOfSession = ({ spec: { service, destination } }: DeploySession): LockRef => (destination === undefined ? { service } : { service, destination });

function viewOf({ metadata, spec, status }: DeploySession): SessionView {
  const [releasedAt, endingSince] = [fromTimestamp(status?.releasedAt), fromTimestamp(metadata.deletionTimestamp)];
  return {
    phase: status?.phase ?? 'Waiting', operationID: spec.operationID, deadline: fromTimestamp(spec.deadline) ?? 0, members: spec.members ?? [],
    ...(releasedAt === undefined ? {} : { releasedAt }), ...(endingSince === undefined ? {} : { endingSince }),
  };
}

async function observe(context: Context, session: DeploySession | undefined, lock: LockRef, key: ObjectKey, pools: readonly HostPool[]): Promise<SessionFacts> {
  const fact = context.locks.latest(lock, session === undefined || session.status?.phase === 'Held' ? LOOK_SECONDS : POLL_SECONDS);
  const stranger = fact?.kind === 'Held' && fact.operationID !== session?.spec.operationID ? fact.operationID : undefined;
  return {
    claims: await claimsOf(context, key, pools), lock: fact,
    orphaned: stranger !== undefined && await isOrphan(context, stranger),
    longestRunSeconds: Math.max(0, ...pools.map(({ spec }) => spec.limits.deployTimeoutSeconds)),
  };
}

/** Asked anew: a host that has just stored what it starts must be seen by the pass that is about to release. */
async function claimsOf(context: Context, { namespace }: ObjectKey, pools: readonly HostPool[]): Promise<Claim[]> {
  const hosts = await context.store.list('KamalHost', { namespace, from: 'Fresh' });
  const claims = await Promise.all(hosts.map(async (host) => {
    const pool = pools.find(({ metadata }) => metadata.name === host.spec.poolRef.name);
    return pool === undefined ? [] : await claimOf(context, host, pool);
  }));
  return claims.flat();
}

async function claimOf(context: Context, host: KamalHost, pool: HostPool): Promise<Claim[]> {
  const { operation, lockClaim } = host.status ?? {};
  const base = { host: host.metadata.name, pool: pool.metadata.name, parallel: pool.spec.limits.maxParallelDeploys };
  const runs = operation !== undefined && operation.kind !== 'Rotate' && (await observeOperation(context, host, pool)).kind === 'Running';
  if (runs) return [{ ...base, operation: operation.kind, since: fromTimestamp(operation.startedAt) ?? 0, work: 'Runs' }];
  return lockClaim === undefined ? [] : [{ ...base, operation: lockClaim.operation, since: fromTimestamp(lockClaim.since) ?? 0, work: 'Asked' }];
}

async function isOrphan(context: Context, operationID: string): Promise<boolean> {
  if (!isOwnOperation(context.installation, operationID)) return false;
  const sessions = await context.store.list('DeploySession', { from: 'Fresh' });
  return sessions.every(({ spec }) => spec.operationID !== operationID);
}

const newOperationID = (context: Context): string => `${context.installation}/${context.newID()}`;

/** The id is stored before anything is acquired, so that a later process knows the lock for its own. */
async function begin(context: Context, key: ObjectKey, lock: LockRef, step: SessionStep): Promise<Outcome> {
  if (step.kind !== 'Create') return done;
  try {
    await context.store.create('DeploySession', {
      apiVersion: API_VERSION, kind: 'DeploySession', metadata: { ...key, finalizers: [SESSION_FINALIZER] },
      spec: { ...lock, operationID: newOperationID(context), deadline: toTimestamp(step.deadline) },
    });
  } catch (error) {
    if (!isClass(error, 'AlreadyExists')) throw error;
  }
  return requeueAfter(0);
}

/** Does the one step. The lock is touched only by a leader whose last write of the session went through. */
async function perform(context: Context, session: DeploySession, claims: readonly Claim[], step: SessionStep): Promise<Outcome> {
  const lock = lockOfSession(session);
  switch (step.kind) {
    case 'Nothing':
    case 'Create': return done;
    case 'Look': {
      await context.locks.look(lock);
      return requeueAfter(0);
    }
    case 'Acquire': return acquire(context, session, lock);
    case 'Hold': return hold(context, session, claims, step);
    case 'Admit': {
      await context.store.update('DeploySession', { ...session, spec: { ...session.spec, members: step.members } });
      wake(context, session, step.members.filter((name) => !(session.spec.members ?? []).includes(name)));
      return requeueAfter(0);
    }
    case 'Close': {
      await writeStatus(context, session, { phase: 'Releasing', reason: step.why });
      if (step.reason === 'TakenAway') await tell(context, session, 'Warning', 'LockTakenAway', `${step.why}; what runs goes on, nothing new begins`);
      return requeueAfter(0);
    }
    case 'Release': {
      if (!context.leadership.isLeader()) return requeueAfter(1);
      const fact = await context.locks.release(lock, session.spec.operationID);
      return requeueAfter(fact.kind === 'Held' && fact.operationID === session.spec.operationID ? 1 : 0);
    }
    case 'Settle': return settle(context, session, step.why);
    case 'Reopen': {
      const reopened = await context.store.update('DeploySession', { ...session, spec: { ...lock, operationID: newOperationID(context), deadline: toTimestamp(step.deadline) } });
      await writeStatus(context, reopened, { phase: 'Waiting', reason: 'the deploy lock is asked for' });
      return requeueAfter(0);
    }
    case 'Break': {
      if (!context.leadership.isLeader()) return requeueAfter(1);
      await tell(context, session, 'Warning', 'LockBroken', step.why);
      await context.locks.release(lock, step.operationID);
      return requeueAfter(0);
    }
    case 'Delete': {
      await context.store.delete('DeploySession', keyOf(session), { uid: session.metadata.uid });
      return requeueAfter(0);
    }
    case 'LetGo': return letGo(context, session, step.lock);
    case 'Wait': {
      await writeStatus(context, session, { phase: session.status?.phase ?? 'Waiting', reason: step.why });
      return requeueAfter(step.afterSeconds);
    }
  }
}

async function acquire(context: Context, session: DeploySession, lock: LockRef): Promise<Outcome> {
  if (!context.leadership.isLeader()) return requeueAfter(1);
  const fact = await context.locks.acquire(lock, session.spec.operationID);
  return requeueAfter(fact.kind === 'Free' ? 1 : 0);
}

async function hold(context: Context, session: DeploySession, claims: readonly Claim[], { deadline, members }: SessionStep & { kind: 'Hold' }): Promise<Outcome> {
  const now = context.clock.now();
  const admitted = await context.store.update('DeploySession', { ...session, spec: { ...session.spec, deadline: toTimestamp(deadline), members } });
  await writeStatus(context, admitted, { phase: 'Held', acquiredAt: toTimestamp(now), reason: `held, at the latest until ${toTimestamp(deadline)}` });
  context.meters.lockWaited(session.spec.service, (now - Math.min(now, ...claims.map(({ since }) => since))) / seconds(1));
  wake(context, session, members);
  return requeueAfter(0);
}

async function settle(context: Context, session: DeploySession, why: string): Promise<Outcome> {
  const now = context.clock.now();
  const { phase, acquiredAt } = session.status ?? {};
  // A session that never held the lock kept nobody from it.
  const wasHeld = phase === 'Releasing';
  await writeStatus(context, session, { phase: 'Released', reason: why, ...(wasHeld ? { releasedAt: toTimestamp(now) } : {}) });
  if (wasHeld) context.meters.lockHeld(session.spec.service, (now - (fromTimestamp(acquiredAt) ?? now)) / seconds(1));
  return requeueAfter(0);
}

async function letGo(context: Context, session: DeploySession, lock: 'NotHeld' | 'Abandoned'): Promise<Outcome> {
  if (lock === 'Abandoned') {
    await tell(context, session, 'Warning', 'LockAbandoned', `the session was deleted, and whether the lock is released cannot be told: look with kamal lock status${session.spec.destination === undefined ? '' : ` -d ${session.spec.destination}`}`);
  }
  const finalizers = (session.metadata.finalizers ?? []).filter((name) => name !== SESSION_FINALIZER);
  await context.store.update('DeploySession', { ...session, metadata: { ...session.metadata, finalizers } });
  // Hosts that asked meanwhile need a session of their own.
  return requeueAfter(0);
}

async function writeStatus(context: Context, session: DeploySession, change: Partial<NonNullable<DeploySession['status']>>): Promise<void> {
  const changed = withSessionStatus(session, change);
  if (!sameJSON(changed.status, session.status)) await context.store.updateStatus('DeploySession', changed);
}

function wake(context: Context, { metadata: { namespace } }: DeploySession, hosts: readonly string[]): void {
  for (const name of hosts) context.enqueue({ kind: 'Host', key: { namespace, name } });
}

const tell = (context: Context, session: DeploySession, type: StoreEvent['type'], reason: string, message: string): Promise<void> =>
  context.store.recordEvent({ kind: 'DeploySession', key: keyOf(session), uid: session.metadata.uid, type, reason, message });

/** Whether this host may begin work under the session now. */
export function mayWork(session: DeploySession, host: string, now: Instant): boolean {
  const { phase } = session.status ?? {};
  return phase === 'Held' && session.metadata.deletionTimestamp === undefined && now < (fromTimestamp(session.spec.deadline) ?? 0)
    && (session.spec.members ?? []).includes(host);
}
