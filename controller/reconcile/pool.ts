import { type HostPool, type KamalHost, API_VERSION, HOST_FINALIZER, type ObjectKey, POOL_FINALIZER, POOL_LABEL, REPLACES_ANNOTATION, keyOf, keyText } from '../api/index.ts';
import { type Fleet, type Outcome, type ProviderName, type Server, type ServerSnapshot, type Step, done, fromTimestamp, isClass, requeueAfter } from '../model/index.ts';
import { type RollVerdict, planPool, rollOf } from '../plan/index.ts';
import type { Placement } from '../ports/index.ts';
import { isQuarantined } from '../report/kept-hosts.ts';
import { type Seen, poolReport } from '../report/pool-report.ts';
import { sameJSON, withPoolReport } from '../report/status.ts';
import { assembleFleet, countHosts } from './assemble-fleet.ts';
import { forgiveStartFailures, learnBoots } from './boots.ts';
import { passedOver } from './choose-placement.ts';
import type { Context } from './context.ts';
import { forgetOldEvidence } from './evidence.ts';
import { countFixedDown } from './fixed-health.ts';
import { seeLock } from './lock-seen.ts';
import { loadMembership } from './membership-document.ts';
import { holdJoins } from './newcomers.ts';
import { observeMoney } from './pool-money.ts';
import { presentPoolTimes } from './present-times.ts';
import { returningServers, unownedServers } from './returning-servers.ts';
import { observeRollout, tellRollout } from './rollout.ts';
import { serviceConflict } from './service-conflict.ts';
import { judgeCause } from './shared-causes.ts';

const LOOK_AGAIN_SECONDS = 15;

/** One pass over one pool: how many hosts there are against how many are wanted; objects only, no server is touched here. */
export async function reconcilePool(context: Context, key: ObjectKey): Promise<Outcome> {
  const stored = await context.store.get('HostPool', key, 'Fresh');
  if (stored === undefined) {
    context.meters.forgetPool(key);
    return done;
  }
  if (stored.metadata.deletionTimestamp !== undefined) return endPool(context, stored);
  if (!(stored.metadata.finalizers ?? []).includes(POOL_FINALIZER)) return claim(context, stored);
  const pool = await withPresentTimes(context, stored);

  const conflict = await serviceConflict(context, pool);
  const hosts = await hostsOf(context, pool);
  const { fleet, problem } = await observeFleet(context, pool, hosts);
  const replacement = await judgeCause(context, pool, fleet);
  const inTheWay = conflict ?? problem;
  const steps = inTheWay === undefined ? planPool(fleet, pool.spec.replicas, context.clock.now()) : [];
  await apply(context, pool, hosts, steps);
  return report(context, pool, hosts, { problem: inTheWay, returning: fleet.returningServers ?? 0, replacement }, rollOf(fleet, pool.spec.replicas, context.clock.now(), inTheWay));
}

async function claim(context: Context, pool: HostPool): Promise<Outcome> {
  const finalizers = [...(pool.metadata.finalizers ?? []), POOL_FINALIZER];
  await context.store.update('HostPool', { ...pool, metadata: { ...pool.metadata, finalizers } });
  return requeueAfter(0);
}

/** As for hosts: a pause that was stored while the clock was a year ahead would last for that year. */
async function withPresentTimes(context: Context, pool: HostPool): Promise<HostPool> {
  const status = presentPoolTimes(pool, context.clock.now());
  return status === undefined ? pool : context.store.updateStatus('HostPool', { ...pool, status });
}

async function hostsOf(context: Context, pool: HostPool): Promise<KamalHost[]> {
  const hosts = await context.store.list('KamalHost', { namespace: pool.metadata.namespace, from: 'Fresh' });
  return hosts.filter(({ spec }) => spec.poolRef.name === pool.metadata.name);
}

/**
 * Servers nobody owns count against the maximum, so without the provider's word nothing is planned. One of several that
 * has been away for a while counts with what it listed last: a pool in two clouds is there to outlive one.
 */
async function observeFleet(context: Context, pool: HostPool, hosts: readonly KamalHost[]): Promise<{ fleet: Fleet; problem?: string }> {
  const names = [...new Set(pool.spec.placements.map(({ provider }) => provider))];
  const billing = (provider: ProviderName) => context.providers[provider]?.billing ?? 'None';
  const snapshots: ServerSnapshot[] = [];
  let problem: string | undefined;
  for (const name of names) {
    try {
      snapshots.push(await context.servers.snapshot(name));
    } catch (error) {
      const away = context.servers.away(name);
      if (away !== undefined && names.some((other) => context.servers.away(other) === undefined)) snapshots.push(away.last);
      else problem = `provider ${name} cannot be asked for its servers: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  const all = unownedServers(pool, hosts, snapshots);
  const [back, fixedDown] = await Promise.all([returning(context, pool, all), countFixedDown(context, pool, hosts)]);
  const stranded = (name: ProviderName): boolean => context.servers.away(name) !== undefined;
  const fleet = assembleFleet(pool, hosts, { all, returning: back }, fixedDown, { billing, stranded }, context.clock.now());
  return problem === undefined ? { fleet } : { fleet, problem };
}

async function returning(context: Context, pool: HostPool, unowned: readonly Server[]): Promise<Server[]> {
  if (unowned.length === 0) return [];
  const [ledger, { membership }] = await Promise.all([context.gate.read(), loadMembership(context.documents)]);
  const servers = returningServers(pool, unowned, ledger, membership);
  if (servers.length > 0) context.enqueue({ kind: 'Orphans' });
  return servers;
}

async function apply(context: Context, pool: HostPool, hosts: readonly KamalHost[], steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    switch (step.kind) {
      case 'CreateHost': {
        await createHost(context, pool, step);
        break;
      }
      case 'SetIntent': {
        const host = hosts.find(({ metadata }) => metadata.name === step.host.name);
        if (host !== undefined) await setIntent(context, host, step.intent, step.why);
        break;
      }
    }
  }
}

/**
 * The finalizer is part of the create request: there is no moment in which a host exists that could vanish with its server.
 * A server that was adopted since the plan may have the slot: then the next plan takes another one.
 */
async function createHost(context: Context, pool: HostPool, { slot, why, replaces }: Step & { kind: 'CreateHost' }): Promise<void> {
  const name = `${pool.metadata.name}-${slot}-${pool.metadata.uid.replaceAll('-', '').slice(0, 8).toLowerCase()}`;
  await context.slotsInTurn(keyText(keyOf(pool)), async () => {
    if ((await hostsOf(context, pool)).some(({ spec }) => spec.slot === slot)) return;
    await context.store.create('KamalHost', {
      apiVersion: API_VERSION, kind: 'KamalHost',
      metadata: { name, namespace: pool.metadata.namespace, labels: { [POOL_LABEL]: pool.metadata.name }, finalizers: [HOST_FINALIZER], ...(replaces === undefined ? {} : { annotations: { [REPLACES_ANNOTATION]: replaces } }) },
      spec: { poolRef: { name: pool.metadata.name }, hostID: context.newID(), slot, intent: 'Serve', intentReason: why },
    });
  }).catch((error: unknown) => {
    if (!isClass(error, 'AlreadyExists')) throw error;
  });
}

async function setIntent(context: Context, host: KamalHost, intent: 'Serve' | 'Drain', why: string): Promise<void> {
  if (host.spec.intent === intent) return;
  await context.store.update('KamalHost', { ...host, spec: { ...host.spec, intent, intentReason: why } });
  await context.store.recordEvent({ kind: 'KamalHost', key: keyOf(host), uid: host.metadata.uid, type: 'Normal', reason: intent === 'Drain' ? 'Draining' : 'DrainCancelled', message: why });
}

/** `Drain` takes every host out first; `Retain` lets the KamalHosts go while their servers stay. */
async function endPool(context: Context, pool: HostPool): Promise<Outcome> {
  const hosts = await hostsOf(context, pool);
  if (hosts.length === 0) {
    const finalizers = (pool.metadata.finalizers ?? []).filter((name) => name !== POOL_FINALIZER);
    await context.store.update('HostPool', { ...pool, metadata: { ...pool.metadata, finalizers } });
    return done;
  }
  for (const host of hosts) {
    if (pool.spec.deletionPolicy === 'Drain' && isQuarantined(host)) await tellHeldUp(context, pool, host);
    else if (pool.spec.deletionPolicy === 'Drain') await setIntent(context, host, 'Drain', `pool ${pool.metadata.name} is deleted with deletionPolicy Drain`);
    else if (host.metadata.deletionTimestamp === undefined) await context.store.delete('KamalHost', keyOf(host), { uid: host.metadata.uid });
    context.enqueue({ kind: 'Host', key: keyOf(host) });
  }
  return requeueAfter(2);
}

/** What a person set apart is not deleted by the pool's end either; the pool waits for its release. */
const tellHeldUp = (context: Context, pool: HostPool, { metadata: { name } }: KamalHost): Promise<void> => context.store.recordEvent({
  kind: 'HostPool', key: keyOf(pool), uid: pool.metadata.uid, type: 'Warning', reason: 'QuarantineHoldsUp',
  message: `${name} is in quarantine, so the pool stays until it is released (kamal-autoscaler quarantine ${name} --release) or deleted`,
});

async function report(context: Context, before: HostPool, hostsBefore: readonly KamalHost[], seen: Pick<Seen, 'problem' | 'returning' | 'replacement'>, roll: RollVerdict): Promise<Outcome> {
  const now = context.clock.now();
  const pool = await context.store.get('HostPool', keyOf(before), 'Fresh') ?? before;
  const hosts = await hostsOf(context, pool);
  const counts = countHosts(pool, hosts, now);
  const learned = await withHold(context, forgiveStartFailures(learnBoots(pool, hosts), hosts, now), hosts);
  const evidence = await forgetOldEvidence(context, pool);
  const placements = pool.spec.placements.map((placement) => awayFact(context, placement) ?? context.placements.factOf(placement, () => context.enqueue({ kind: 'Pool', key: keyOf(pool) })));
  const rolled = observeRollout(pool, hosts, roll, now);
  const told = withPoolReport(learned, poolReport(learned, hosts, counts, { ...seen, placements, roll: rolled.seen, lock: await seeLock(context, pool, hosts), unreached: await unreachedOf(context, pool) }, now), now);
  const reported = { ...told, status: { ...told.status, rollout: rolled.rollout, spend: await observeMoney(context, pool, hosts), ...(evidence === undefined ? {} : { evidence }) } };
  if (!sameJSON(reported.status, pool.status)) await context.store.updateStatus('HostPool', reported);
  await tellRollout(context, pool, hosts, rolled.rollout);
  context.meters.counted(keyOf(pool), counts, pool.spec.replicas);
  for (const host of hosts) if (!hostsBefore.some(({ metadata }) => metadata.name === host.metadata.name)) context.enqueue({ kind: 'Host', key: keyOf(host) });
  const backoff = fromTimestamp(pool.status?.startBackoffUntil);
  const untilBackoff = backoff === undefined || backoff <= now ? LOOK_AGAIN_SECONDS : (backoff - now) / 1000 + 0.1;
  return requeueAfter(Math.min(LOOK_AGAIN_SECONDS, untilBackoff));
}

function awayFact({ servers }: Context, placement: Placement): { kind: 'Away'; why: string } | undefined {
  const away = servers.away(placement.provider);
  return away === undefined ? undefined : { kind: 'Away', why: passedOver(placement, away) };
}

async function unreachedOf({ loadBalancer }: Context, { spec }: HostPool): Promise<string[] | undefined> {
  if (spec.loadBalancer === undefined) return undefined;
  const listings = await loadBalancer.confirm(spec.loadBalancer);
  return listings.flatMap((listing) => (listing.kind === 'Listing' ? [] : [`${listing.instance}: ${listing.why}`]));
}

/** The pool with the hold on joins that its newcomers call for; told when it begins and when it ends. */
async function withHold(context: Context, pool: HostPool, hosts: readonly KamalHost[]): Promise<HostPool> {
  const before = pool.status?.joinHold;
  const joinHold = await holdJoins(context, pool, hosts);
  if (joinHold?.since === before?.since) return pool;
  const tell = (type: 'Warning' | 'Normal', reason: string, message: string): Promise<void> =>
    context.store.recordEvent({ kind: 'HostPool', key: keyOf(pool), uid: pool.metadata.uid, type, reason, message });
  if (joinHold === undefined) await tell('Normal', 'JoinsAllowed', `hosts of version ${before?.version} may join again`);
  else await tell('Warning', 'JoinsHeld', `${joinHold.reason}; it leaves the load balancers, and no host of version ${joinHold.version} joins until ${joinHold.until}`);
  for (const { metadata, status } of hosts) {
    if (metadata.name === joinHold?.host || status?.phase === 'Deploying') context.enqueue({ kind: 'Host', key: { namespace: metadata.namespace, name: metadata.name } });
  }
  return { ...pool, status: { ...pool.status, joinHold } };
}
