import { type HostPool, type ObjectKey, type ScalingPolicy, keyOf } from '../api/index.ts';
import { evaluate, metricRules } from '../decide/index.ts';
import { type Decision, type HostCounts, type Observation, type Outcome, classOf, isClass, requeueAfter } from '../model/index.ts';
import { type BudgetReport, policyReport, problemReport } from '../report/policy-report.ts';
import { sameJSON, withPolicyReport } from '../report/status.ts';
import { countHosts } from './assemble-fleet.ts';
import type { Context } from './context.ts';
import { observeLimits } from './observe-limits.ts';
import { metricQueries } from './metric-queries.ts';
import { secondsToNextSample } from './next-sample.ts';
import { type Seen, floorsOf, policyInput } from './policy-input.ts';
import { isOlder } from './service-conflict.ts';

/** One pass over one policy: observe, decide, set the pool's replicas, tell. */
export async function reconcilePolicy(context: Context, key: ObjectKey): Promise<Outcome> {
  const policy = await context.store.get('ScalingPolicy', key, 'Cached');
  if (policy === undefined || policy.metadata.deletionTimestamp !== undefined) {
    context.meters.budgeted(key, undefined);
    return { kind: 'Done' };
  }

  const rival = await olderRival(context, policy);
  if (rival !== undefined) {
    return stall(context, policy, 'Conflict', `ScalingPolicy ${rival.metadata.name} is older and scales HostPool ${policy.spec.targetRef.name} already: delete one of the two, or point spec.targetRef.name elsewhere`);
  }
  const pool = await context.store.get('HostPool', { namespace: key.namespace, name: policy.spec.targetRef.name }, 'Cached');
  if (pool === undefined || pool.metadata.deletionTimestamp !== undefined) {
    return stall(context, policy, 'PoolNotFound', `HostPool ${policy.spec.targetRef.name} does not exist in namespace ${key.namespace}: create it, or mend spec.targetRef.name`);
  }
  const hosts = (await context.store.list('KamalHost', { namespace: key.namespace, from: 'Cached' })).filter(({ spec }) => spec.poolRef.name === pool.metadata.name);
  const counts = countHosts(pool, hosts, context.clock.now());
  const floors = floorsOf(policy);
  if (typeof floors === 'string') return stall(context, policy, 'BadSchedule', floors);
  const queries = metricQueries(policy, pool, hosts, context.clock.now());
  const observations = await context.metrics.read(queries);
  const limits = await observeLimits(context, policy, pool, hosts, counts.inService + counts.booting);
  const decision = await decide(context, { policy, pool, hosts, counts, queries, observations, floors, limits: limits.constraints });
  const scaled = await enforce(context, policy, pool, decision);
  await tell(context, policy, pool, counts, observations, decision, scaled, limits.budget);
  return requeueAfter(secondsToNextSample(observations, context.metrics.scrapeIntervalSeconds, policy.spec.intervalSeconds, context.clock.now()));
}

async function olderRival(context: Context, policy: ScalingPolicy): Promise<ScalingPolicy | undefined> {
  const policies = await context.store.list('ScalingPolicy', { namespace: policy.metadata.namespace, from: 'Cached' });
  return policies.find((other) => other.spec.targetRef.name === policy.spec.targetRef.name
    && other.metadata.deletionTimestamp === undefined && isOlder(other, policy));
}

async function decide(context: Context, seen: Seen): Promise<Decision> {
  const key = keyOf(seen.policy);
  const engineState = await context.engineStates.load(key);
  const decision = evaluate({ ...await policyInput(context, seen), engineState });
  await context.engineStates.save(key, decision.engineState, decision.desired !== decision.current);
  return decision;
}

type Scaled = 'Unchanged' | 'Scaled' | 'NotAllowed' | { failed: string };

/**
 * Only Enforce sets replicas, and only where the number is another one. The pool is read anew and the write conditioned
 * on it, so that a leader that was frozen in between changes nothing with an old number.
 */
async function enforce(context: Context, policy: ScalingPolicy, seen: HostPool, decision: Decision): Promise<Scaled> {
  if (policy.spec.mode !== 'Enforce' || seen.spec.paused) return 'NotAllowed';
  const desired = Math.min(decision.desired, seen.spec.maxReplicas);
  if (seen.spec.replicas === desired) return 'Unchanged';
  const pool = await context.store.get('HostPool', keyOf(seen), 'Fresh');
  if (pool === undefined || pool.metadata.generation !== seen.metadata.generation) return 'NotAllowed';
  if (!context.leadership.isLeader()) return 'NotAllowed';
  try {
    await context.store.scale(keyOf(pool), desired, { resourceVersion: pool.metadata.resourceVersion });
  } catch (error) {
    context.meters.scaleFailed(keyOf(pool), classOf(error));
    if (isClass(error, 'Conflict', 'Unavailable', 'Transient', 'OutcomeUnknown')) throw error;
    return { failed: error instanceof Error ? error.message : String(error) };
  }
  if (decision.direction !== 'None') context.meters.scaled(keyOf(pool), decision.direction);
  return 'Scaled';
}

async function tell(
  context: Context, policy: ScalingPolicy, pool: HostPool, counts: HostCounts,
  observations: Observation[], decision: Decision, scaled: Scaled, budget: BudgetReport,
): Promise<void> {
  const now = context.clock.now();
  const key = keyOf(policy);
  context.meters.decided(key, keyOf(pool), policy.spec.mode, decision);
  context.meters.budgeted(key, policy.spec.budget);
  await context.decisionLog.append({ policy: key, decision: withoutState(decision), observations });
  const report = policyReport({ policy, pool, rules: metricRules(policy.spec), counts, observations, decision, failure: typeof scaled === 'object' ? scaled.failed : undefined, scaled: scaled === 'Scaled', budget, now });
  const reported = withPolicyReport(policy, report, now);
  if (sameJSON(reported.status, policy.status)) return;
  await context.store.updateStatus('ScalingPolicy', reported);
  const event = report.change === undefined ? undefined : eventOf(policy.spec.mode, scaled);
  if (report.change === undefined || event === undefined) return;
  const { from, to, reason } = report.change;
  await context.store.recordEvent({ kind: 'ScalingPolicy', key, uid: policy.metadata.uid, ...event, message: `${from} → ${to}: ${typeof scaled === 'object' ? scaled.failed : reason}` });
}

/** How a change is told beside the status; Observe only records it, and what the pool has already is no news. */
function eventOf(mode: ScalingPolicy['spec']['mode'], scaled: Scaled): { type: 'Normal' | 'Warning'; reason: string } | undefined {
  if (typeof scaled === 'object') return { type: 'Warning', reason: 'ScaleFailed' };
  switch (scaled) {
    case 'Scaled': return { type: 'Normal', reason: 'Scaled' };
    case 'Unchanged': return undefined;
    case 'NotAllowed': return mode === 'Observe' ? undefined : { type: 'Normal', reason: 'Recommended' };
  }
}

const withoutState = (decision: Decision): Omit<Decision, 'engineState'> => {
  const { engineState: _, ...rest } = decision;
  return rest;
};

async function stall(context: Context, policy: ScalingPolicy, reason: string, message: string): Promise<Outcome> {
  const now = context.clock.now();
  const reported = withPolicyReport(policy, problemReport(reason, message), now);
  if (!sameJSON(reported.status, policy.status)) await context.store.updateStatus('ScalingPolicy', reported);
  return { kind: 'Stalled', reason, message };
}

