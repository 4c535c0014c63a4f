import type { HostPool, ScalingPolicy, ScalingPolicyStatus } from '../api/index.ts';
import { type Decision, type HostCounts, type Instant, type Observation, fromTimestamp, seconds, toTimestamp } from '../model/index.ts';
import type { ConditionDraft } from './conditions.ts';
import type { PolicyReport } from './status.ts';

/** What the budgets over a pool say of its next host. */
export type BudgetReport =
  | { kind: 'None' }
  | { kind: 'Within' | 'Exhausted' | 'PriceUnknown' | 'BudgetCurrency'; text: string };

export interface PolicyFacts {
  policy: ScalingPolicy;
  pool: HostPool;
  rules: readonly { name: string; target: number }[];
  counts: HostCounts;
  observations: readonly Observation[];
  decision: Decision;
  /** Why replicas could not be set. */
  failure: string | undefined;
  scaled: boolean;
  budget: BudgetReport;
  now: Instant;
}

/** The policy's status after an evaluation. Pure. */
export function policyReport(facts: PolicyFacts): PolicyReport {
  const { policy, decision, counts, now } = facts;
  const before = policy.status;
  const reason = decision.reasons.join('; ');
  const report: PolicyReport = {
    currentHosts: counts.inService + counts.booting,
    desiredHosts: decision.desired,
    reason,
    conditions: conditionsOf(facts, reason),
  };
  if (isDue(facts)) report.metrics = metricsOf(facts);
  else {
    report.reason = before?.reason ?? reason;
    report.conditions = report.conditions.map((draft) => keptMessage(draft, before?.conditions));
  }
  if (facts.scaled) report.scaledAt = now;
  const from = before?.desiredHosts ?? decision.current;
  if (decision.desired !== from || (facts.scaled && decision.desired !== decision.current)) report.change = { from, to: decision.desired, reason };
  return report;
}

/** Messages carry values too: one that says the same about other values waits until values are due. */
function keptMessage(draft: ConditionDraft, before: NonNullable<ScalingPolicyStatus['conditions']> = []): ConditionDraft {
  const old = before.find(({ type, status, reason }) => type === draft.type && status === draft.status && reason === draft.reason);
  return old?.message === undefined ? draft : { ...draft, message: old.message };
}

/** Why a policy is not evaluated at all. */
export function problemReport(reason: string, message: string): PolicyReport {
  return {
    reason: message,
    conditions: [
      { type: 'ScalingActive', status: 'False', reason, message },
      { type: 'AbleToScale', status: 'False', reason, message },
    ],
  };
}

/** Values are written with a change of the number and else once a minute: a status that moves with every sample would load the API server for nothing. */
function isDue({ policy, decision, now }: PolicyFacts): boolean {
  const { desiredHosts, metrics = [], observedGeneration } = policy.status ?? {};
  if (observedGeneration !== policy.metadata.generation || desiredHosts !== decision.desired || metrics.length !== policy.spec.metrics.length) return true;
  const written = Math.max(0, ...metrics.map(({ asOf }) => fromTimestamp(asOf) ?? 0));
  return Math.abs(now - written) >= seconds(60);
}

function metricsOf({ rules, observations, decision, now }: PolicyFacts): NonNullable<ScalingPolicyStatus['metrics']> {
  return observations.map((observation) => {
    const target = rules.find(({ name }) => name === observation.metric)?.target;
    const proposal = decision.recommendations.find(({ metric }) => metric === observation.metric)?.hosts;
    const message = observation.kind === 'Absence' ? observation.absence.message : observation.warning;
    return {
      name: observation.metric,
      state: observation.kind === 'Absence' ? observation.absence.kind : 'Value',
      ...(observation.kind === 'Value' ? { value: observation.value } : {}),
      ...(target === undefined ? {} : { target }),
      ...(proposal === undefined ? {} : { proposal }),
      ...(message === undefined ? {} : { message: message.slice(0, 500) }),
      asOf: toTimestamp(now),
    };
  });
}

function conditionsOf({ policy, pool, observations, decision, failure, budget }: PolicyFacts, reason: string): ConditionDraft[] {
  const absent = observations.filter((observation) => observation.kind === 'Absence');
  const refused = absent.find(({ absence }) => absence.kind === 'Refused' || absence.kind === 'Unsupported');
  const allAbsent = absent.length === observations.length;
  const [limit] = decision.limitedBy;
  const recommends = policy.spec.mode === 'Recommend' && decision.desired !== (pool.spec.replicas ?? decision.current);
  return [
    failure !== undefined
      ? { type: 'AbleToScale', status: 'False', reason: 'SetReplicasFailed', message: failure }
      : pool.spec.paused
        ? { type: 'AbleToScale', status: 'False', reason: 'PoolPaused', message: `HostPool ${pool.metadata.name} is paused: set spec.paused to false` }
        : { type: 'AbleToScale', status: 'True', reason: `Mode${policy.spec.mode}`, message: modeText(policy.spec.mode) },
    refused !== undefined
      ? { type: 'ScalingActive', status: 'False', reason: `Metric${refused.absence.kind}`, message: `metric ${refused.metric}: ${refused.absence.message}` }
      : absent.length > 0
        ? { type: 'ScalingActive', status: allAbsent ? 'False' : 'True', reason: 'MetricsAbsent', message: absent.map(({ metric, absence }) => `${metric}: ${absence.kind}: ${absence.message}`).join('; ') }
        : { type: 'ScalingActive', status: 'True', reason: 'MetricsRead', message: 'every metric has a value' },
    limit === undefined
      ? { type: 'ScalingLimited', status: 'False', reason: 'WithinLimits', message: 'no limit changed the number' }
      : { type: 'ScalingLimited', status: 'True', reason: camel(limit.reason), message: `limited to ${limit.hosts} by ${limit.reason}: ${limit.liftedBy}` },
    budgetCondition(budget),
    recommends
      ? { type: 'Recommendation', status: 'True', reason: 'ChangeRecommended', message: `${decision.current} → ${decision.desired}: ${reason}; write mode Enforce to let the policy do it` }
      : { type: 'Recommendation', status: 'False', reason: 'NothingToChange', message: `mode ${policy.spec.mode}` },
  ];
}

function budgetCondition(budget: BudgetReport): ConditionDraft {
  switch (budget.kind) {
    case 'None': return { type: 'WithinBudget', status: 'True', reason: 'NoBudget', message: 'no budget is set' };
    case 'Within': return { type: 'WithinBudget', status: 'True', reason: 'RoomLeft', message: budget.text };
    case 'Exhausted': return { type: 'WithinBudget', status: 'False', reason: 'BudgetExhausted', message: budget.text };
    case 'PriceUnknown':
    case 'BudgetCurrency': return { type: 'WithinBudget', status: 'Unknown', reason: budget.kind, message: budget.text };
  }
}

const camel = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function modeText(mode: ScalingPolicy['spec']['mode']): string {
  switch (mode) {
    case 'Observe': return 'mode Observe: computes and records, changes nothing';
    case 'Recommend': return 'mode Recommend: publishes the number, changes nothing';
    case 'Enforce': return 'mode Enforce: sets replicas of the pool';
  }
}
