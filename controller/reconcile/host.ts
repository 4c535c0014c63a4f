import { ADOPTED_ANNOTATION, type HostPool, type KamalHost, HOST_FINALIZER, type ObjectKey, keyOf } from '../api/index.ts';
import { type HostFacts, type HostStep, type Instant, type Outcome, type Phase, fromTimestamp, done, requeueAfter, seconds, toTimestamp } from '../model/index.ts';
import { type HealthJudgement, type HostView, judgeHealth, nextHostStep } from '../plan/index.ts';
import { sameJSON, withHostStatus } from '../report/status.ts';
import { type Context, poolKeyOf } from './context.ts';
import { createServer } from './create-server.ts';
import { hostTarget, pinnedKey, serverStatus } from './host-endpoint.ts';
import { tellAdvance, tellHealth } from './host-events.ts';
import { startOperation } from './start-operation.ts';
import { observeHost } from './observe-host.ts';
import { sessionKeyOf } from './session-key.ts';
import { noteStartFailure } from './start-failures.ts';

/** One pass over one host: look, choose one step, do it. Nothing waits in here. */
export async function reconcileHost(context: Context, key: ObjectKey): Promise<Outcome> {
  const host = await context.store.get('KamalHost', key, 'Fresh');
  if (host === undefined) return done;
  if (host.status?.phase === undefined) return begin(context, host);

  const pool = await context.store.get('HostPool', poolKeyOf(host), 'Fresh');
  if (pool === undefined && host.metadata.deletionTimestamp === undefined) return orphaned(context, host);
  if (pool === undefined) return perform(context, host, undefined, { kind: 'Retain', why: `pool ${host.spec.poolRef.name} is gone` });

  const facts = await observeHost(context, host, pool);
  const judgement = judge(host, pool, facts, context.clock.now());
  const noted = await noteFacts(context, host, pool, facts, judgement);
  const view = await hostView(context, noted, pool);
  const step = nextHostStep(view, facts, context.clock.now());
  const settled = await settleClaim(context, noted, pool, facts, step);
  // While a host in service only waits, what speaks against it is what a person wants to read.
  const why = judgement !== undefined && judgement.health !== 'Healthy' ? judgement.why : undefined;
  return perform(context, settled, pool, step.kind === 'Wait' && why !== undefined ? { ...step, why } : step);
}

function judge(host: KamalHost, pool: HostPool, facts: HostFacts, now: Instant): HealthJudgement | undefined {
  const { phase, health, unhealthySince } = host.status ?? {};
  if (phase !== 'InService') return undefined;
  return judgeHealth(facts, fromTimestamp(unhealthySince), pool.spec.health.unhealthyAfterSeconds, now, health === 'Unhealthy' ? 'Unhealthy' : 'Healthy');
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

async function orphaned(context: Context, host: KamalHost): Promise<Outcome> {
  const message = `HostPool ${host.spec.poolRef.name} does not exist: create it again to manage this host, or delete this KamalHost to let the server go unmanaged`;
  const changed = withHostStatus(host, { reason: message }, context.clock.now());
  if (!sameJSON(changed.status, host.status)) await write(context, changed);
  return { kind: 'Stalled', reason: 'PoolMissing', message };
}

/** Puts what was seen into the status: address, version, health. Written only when it changed. */
async function noteFacts(context: Context, host: KamalHost, pool: HostPool, facts: HostFacts, judgement: HealthJudgement | undefined): Promise<KamalHost> {
  const now = context.clock.now();
  const change: Parameters<typeof withHostStatus>[1] = {};
  if (facts.server.kind === 'Found' || facts.server.kind === 'Duplicate') {
    const server = facts.server.kind === 'Found' ? facts.server.server : facts.server.keep;
    Object.assign(change, serverStatus(server, pool));
  }
  if (facts.app.kind === 'Running') change.version = facts.app.version;
  if (host.status?.phase === 'Draining') change.unlistedSince = isOut(facts) ? host.status.unlistedSince ?? toTimestamp(now) : undefined;
  if (host.status?.phase === 'Joining') change.listedUpSince = facts.membership.kind === 'ListedUp' ? host.status.listedUpSince ?? toTimestamp(now) : undefined;
  if (judgement !== undefined) {
    change.health = judgement.health;
    // Without evidence there is no time from which it counts: a partition must not start the clock.
    change.unhealthySince = judgement.since === undefined ? undefined : toTimestamp(judgement.since);
  }
  const changed = withHostStatus(host, change, now);
  if (sameJSON(changed.status, host.status)) return host;
  if (facts.server.kind === 'Found') await context.gate.noteAlive(host.spec.hostID, poolKeyOf(host), facts.server.server);
  const written = await write(context, changed);
  if (judgement !== undefined) await tellHealth(context, host, judgement.health, judgement.why);
  return written;
}

const isOut = ({ membership }: HostFacts): boolean => membership.kind === 'NotListed' || membership.kind === 'NoLoadBalancer';

async function hostView(context: Context, host: KamalHost, pool: HostPool): Promise<HostView> {
  const status = host.status ?? {};
  const deleting = host.metadata.deletionTimestamp !== undefined;
  const target = hostTarget(host, pool);
  const providers = pool.spec.placements.map(({ provider }) => context.providers[provider]);
  const view: HostView = {
    key: keyOf(host),
    hostID: host.spec.hostID,
    phase: status.phase ?? 'Pending',
    phaseSince: fromTimestamp(status.phaseSince) ?? context.clock.now(),
    createdAt: fromTimestamp(host.metadata.creationTimestamp) ?? context.clock.now(),
    intent: host.spec.intent,
    deleting,
    poolState: await poolState(context, host, pool, deleting),
    roleKind: pool.spec.roleKind,
    hasLoadBalancer: pool.spec.loadBalancer !== undefined,
    worksUnder: target !== undefined && context.deployer.needsLock(target) ? 'DeployLock' : 'NoLock',
    createAttempts: status.createAttempts ?? 0,
    settleSeconds: Math.max(0, ...providers.map((provider) => provider?.settleSeconds ?? 0)),
    drainSeconds: pool.spec.drain.timeoutSeconds,
    startTimeoutSeconds: pool.spec.limits.startTimeoutSeconds,
    healthIntervalSeconds: pool.spec.health.intervalSeconds,
    operationFailures: status.failure?.count ?? 0,
  };
  const optional = {
    lastCreateIntentAt: fromTimestamp(status.lastCreateIntentAt), providerID: status.providerID ?? host.metadata.annotations?.[ADOPTED_ANNOTATION],
    listedUpSince: fromTimestamp(status.listedUpSince), drainDeadline: fromTimestamp(status.drainDeadline),
    drainOrigin: status.drainOrigin as Phase | undefined, joiningSince: fromTimestamp(status.joiningSince),
    ownKey: pinnedKey(host), unlistedSince: fromTimestamp(status.unlistedSince),
    operation: status.operation === undefined ? undefined : { ...status.operation, startedAt: fromTimestamp(status.operation.startedAt) ?? context.clock.now() },
  };
  return Object.assign(view, Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)));
}

/** A host deleted by itself under a live pool drains; one that goes with its pool, namespace or kind is retained, unless the pool says Drain. */
async function poolState(context: Context, host: KamalHost, pool: HostPool, deleting: boolean): Promise<HostView['poolState']> {
  if (pool.spec.deletionPolicy === 'Retain') {
    if (pool.metadata.deletionTimestamp !== undefined) return 'Ending';
    if (deleting && await context.store.ending('KamalHost', host.metadata.namespace) !== 'No') return 'Ending';
  }
  return pool.spec.paused ? 'Paused' : 'Live';
}

/** Does the one step. Every effect follows a write that a stale leader could not have made. */
async function perform(context: Context, host: KamalHost, pool: HostPool | undefined, step: HostStep): Promise<Outcome> {
  const now = context.clock.now();
  switch (step.kind) {
    case 'Wait': {
      const changed = withHostStatus(host, { reason: step.why }, now);
      if (!sameJSON(changed.status, host.status)) await write(context, changed);
      return requeueAfter(step.until === undefined ? step.afterSeconds : Math.max(0.1, (step.until - now) / seconds(1)));
    }
    case 'Advance': return advance(context, host, pool, step);
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
    case 'DeleteExtra': {
      await write(context, withHostStatus(host, { reason: step.why }, now));
      await context.providers[step.server.provider]?.delete(step.server);
      context.servers.forget(step.server.provider);
      return requeueAfter(0);
    }
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

async function advance(context: Context, host: KamalHost, pool: HostPool | undefined, step: HostStep & { kind: 'Advance' }): Promise<Outcome> {
  const now = context.clock.now();
  const change: Parameters<typeof withHostStatus>[1] = { phase: step.to, reason: step.why };
  if (step.failure !== undefined) {
    if (pool !== undefined) await noteStartFailure(context, pool, host, step.failure);
    change.failure = { ...step.failure, at: toTimestamp(now), count: host.status?.failure?.count ?? 0 };
  }
  if (step.to === 'Joining') change.joiningSince = toTimestamp(now);
  if (step.to === 'InService') Object.assign(change, { inServiceAt: toTimestamp(now), unhealthySince: undefined, failure: undefined });
  if (step.to === 'Draining' && pool !== undefined) {
    Object.assign(change, { drainOrigin: host.status?.phase, drainDeadline: toTimestamp(now + seconds(pool.spec.drain.timeoutSeconds)) });
  }
  if (step.to !== host.status?.phase) change.operation = undefined;
  await write(context, withHostStatus(host, change, now));
  await tellAdvance(context, host, step);
  if (step.to === 'InService') context.meters.booted(poolKeyOf(host), (now - (fromTimestamp(host.metadata.creationTimestamp) ?? now)) / seconds(1));
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

