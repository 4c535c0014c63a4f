import { type HostPool, type KamalHost, type KamalHostStatus, HOST_FINALIZER, type ObjectKey, keyOf } from '../api/index.ts';
import { type HostFacts, type HostStep, type OperationFact, type Outcome, fromTimestamp, done, requeueAfter, seconds, toTimestamp } from '../model/index.ts';
import { FLAPS, maySpare, nextHostStep } from '../plan/index.ts';
import { clip } from '../report/conditions.ts';
import { sameJSON, withHostStatus } from '../report/status.ts';
import { type Context, poolKeyOf } from './context.ts';
import { createServer } from './create-server.ts';
import { deleteServer } from './delete-server.ts';
import { evidenceCause, isDue, keepEvidence } from './evidence.ts';
import { tellAdvance } from './host-events.ts';
import { judge, noteFacts } from './note-facts.ts';
import { observeHost } from './observe-host.ts';
import { presentHostTimes } from './present-times.ts';
import { sessionKeyOf } from './session-key.ts';
import { noteEarlyLoss, notePlacementFailure, noteRelapse, noteStartFailure } from './start-failures.ts';
import { startOperation } from './start-operation.ts';
import { viewHost } from './view-host.ts';

/** One pass over one host: look, choose one step, do it. Nothing waits in here. */
export async function reconcileHost(context: Context, key: ObjectKey): Promise<Outcome> {
  const host = await context.store.get('KamalHost', key, 'Fresh');
  if (host === undefined) return done;
  if (host.status?.phase === undefined) return begin(context, host);
  const present = presentHostTimes(host, context.clock.now());
  if (present !== undefined) return count(context, host, present);

  const pool = await context.store.get('HostPool', poolKeyOf(host), 'Fresh');
  if (pool === undefined && host.metadata.deletionTimestamp === undefined) return orphaned(context, host);
  if (pool === undefined) return perform(context, host, undefined, { kind: 'Retain', why: `pool ${host.spec.poolRef.name} is gone` });

  const facts = await observeHost(context, host, pool);
  const judgement = judge(host, pool, facts, context.clock.now());
  await noteRelapse(context, pool, host, judgement);
  const noted = await noteFacts(context, host, pool, facts, judgement);
  const view = { ...await viewHost(context, noted, pool), wasHealthy: host.status.health === 'Healthy' };
  const step = nextHostStep(view, facts, context.clock.now());
  const settled = await settleClaim(context, noted, pool, facts, step);
  if (isDue(settled, step)) return keepEvidence(context, settled, pool, facts);
  // While a host in service only waits, what speaks against it is what a person wants to read.
  const why = judgement !== undefined && judgement.health !== 'Healthy' && (view.phase !== 'InService' || maySpare(facts)) ? judgement.why : undefined;
  return perform(context, settled, pool, step.kind === 'Wait' && why !== undefined ? { ...step, why } : step, facts.operation);
}

/** Whether a host asks for the deploy lock is told by its last step: a claim that it does not renew would keep the lock held. */
async function settleClaim(context: Context, host: KamalHost, pool: HostPool, { operation }: HostFacts, step: HostStep): Promise<KamalHost> {
  if (host.status?.lockClaim === undefined || operation.kind === 'Running' || step.kind === 'StartOperation') return host;
  const settled = await write(context, withHostStatus(host, { lockClaim: undefined }, context.clock.now()));
  context.enqueue({ kind: 'Session', key: sessionKeyOf(pool) });
  return settled;
}

const write = (context: Context, host: KamalHost): Promise<KamalHost> => context.store.updateStatus('KamalHost', host);

async function begin(context: Context, host: KamalHost): Promise<Outcome> {
  await write(context, withHostStatus(host, { phase: 'Pending', reason: 'wanted by its pool' }, context.clock.now()));
  return requeueAfter(0);
}

/** Stored before anything is judged by it: what counts from now must count from the same time in the next pass. */
async function count(context: Context, host: KamalHost, status: KamalHostStatus): Promise<Outcome> {
  await write(context, { ...host, status });
  await context.store.recordEvent({
    kind: 'KamalHost', key: keyOf(host), uid: host.metadata.uid, type: 'Warning', reason: 'ClockSetBack',
    message: 'its status held times that are to come: the clock was set back, and they count from now',
  });
  return requeueAfter(0);
}

async function orphaned(context: Context, host: KamalHost): Promise<Outcome> {
  const message = `HostPool ${host.spec.poolRef.name} does not exist: create it again to manage this host, or delete this KamalHost to let the server go unmanaged`;
  const changed = withHostStatus(host, { reason: message }, context.clock.now());
  if (!sameJSON(changed.status, host.status)) await write(context, changed);
  return { kind: 'Stalled', reason: 'PoolMissing', message };
}

/** Does the one step. Every effect follows a write that a stale leader could not have made. */
async function perform(context: Context, host: KamalHost, pool: HostPool | undefined, step: HostStep, operation: OperationFact = { kind: 'None' }): Promise<Outcome> {
  const now = context.clock.now();
  switch (step.kind) {
    case 'Wait': {
      const changed = withHostStatus(host, { reason: step.why }, now);
      if (!sameJSON(changed.status, host.status)) await write(context, changed);
      return requeueAfter(step.until === undefined ? step.afterSeconds : Math.max(0.1, (step.until - now) / seconds(1)));
    }
    case 'Advance': return advance(context, host, pool, step, operation);
    case 'PinHostKey': {
      await write(context, withHostStatus(host, { hostKey: step.hostKey, reason: step.why }, now));
      return requeueAfter(0);
    }
    case 'CreateServer': return pool === undefined ? done : createServer(context, host, pool, step);
    case 'StartOperation': return pool === undefined ? done : startOperation(context, host, pool, step);
    case 'DeleteObject': {
      await context.store.delete('KamalHost', keyOf(host), { uid: host.metadata.uid });
      return requeueAfter(0);
    }
    case 'DeleteServer':
    case 'DeleteExtra': return deleteServer(context, host, step);
    case 'Retain': {
      await context.gate.noteRetained(host.spec.hostID);
      return letGo(context, host);
    }
    case 'Release': {
      await context.gate.noteReleased(host.spec.hostID);
      return letGo(context, host);
    }
  }
}

async function advance(context: Context, host: KamalHost, pool: HostPool | undefined, step: HostStep & { kind: 'Advance' }, operation: OperationFact): Promise<Outcome> {
  const now = context.clock.now();
  const change: Parameters<typeof withHostStatus>[1] = { phase: step.to, reason: step.why };
  if (step.failure !== undefined) {
    if (pool !== undefined) {
      await noteStartFailure(context, pool, host, step.failure);
      await notePlacementFailure(context, pool, host, step.failure);
    }
    change.failure = { ...step.failure, at: toTimestamp(now), count: host.status?.failure?.count ?? 0 };
  }
  const cause = evidenceCause(host, step);
  if (cause !== undefined && host.status?.evidence === undefined) change.evidence = { cause, reason: clip(step.why, 300) };
  if (step.to === 'Departing' && pool !== undefined) await noteEarlyLoss(context, pool, host, step.why);
  // Only the first time: by it a host that comes back is told from one that starts, and given its own time.
  if (step.to === 'Joining') change.joiningSince = host.status?.joiningSince ?? toTimestamp(now);
  const boots = step.to === 'InService' && host.status?.bootedAt === undefined;
  if (step.to === 'InService') Object.assign(change, { inServiceAt: toTimestamp(now), unhealthySince: undefined, failure: undefined, evidence: undefined, ...(boots ? { bootedAt: toTimestamp(now) } : {}) });
  if (step.to === 'Deploying' && host.status?.phase === 'InService') change.leftServiceAt = [...(host.status.leftServiceAt ?? []), toTimestamp(now)].slice(-FLAPS);
  if (step.to === 'Draining' && pool !== undefined) {
    Object.assign(change, { drainOrigin: host.status?.phase, drainDeadline: toTimestamp(now + seconds(pool.spec.drain.timeoutSeconds)) });
  }
  // A host that was set apart before it joined has its start deadline anew when it is released.
  if (step.to === 'Quarantined' && host.status?.drainOrigin === undefined) change.drainOrigin = host.status?.phase;
  // What still runs is seen to its end in the next phase: forgotten, it would run beside the next one, or without its lock.
  if (step.to !== host.status?.phase && operation.kind !== 'Running') change.operation = undefined;
  // The pause after a create call would else hold the delete call up, while its server is paid for.
  if (step.to !== host.status?.phase) change.nextAttemptAt = undefined;
  await write(context, withHostStatus(host, change, now));
  await tellAdvance(context, host, step);
  if (boots) context.meters.booted(poolKeyOf(host), (now - (fromTimestamp(host.metadata.creationTimestamp) ?? now)) / seconds(1));
  context.enqueue({ kind: 'Membership' });
  context.enqueue({ kind: 'Pool', key: poolKeyOf(host) });
  return requeueAfter(0);
}

async function letGo(context: Context, host: KamalHost): Promise<Outcome> {
  const finalizers = (host.metadata.finalizers ?? []).filter((name) => name !== HOST_FINALIZER);
  await context.store.update('KamalHost', { ...host, metadata: { ...host.metadata, finalizers } });
  context.enqueue({ kind: 'Pool', key: poolKeyOf(host) });
  context.enqueue({ kind: 'Membership' });
  return done;
}

