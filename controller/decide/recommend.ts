import type { ScalingPolicySpec } from '../api/index.ts';
import type { Absence, Constraint, Observation, Recommendation } from '../model/index.ts';
import { wholeHosts } from './capacity.ts';
import type { Capacity } from './capacity.ts';
import * as reasons from './reasons.ts';
import { metricRules } from './rules.ts';
import type { MetricRule } from './rules.ts';

/** What one metric says, with its rule. */
export type Proposal = { rule: MetricRule; reason: string } & (
  /** A Ratio. `tolerated`: it is off its target, but too little to move anything. */
  | { kind: 'Sizes'; hosts: number; tolerated: boolean }
  /** An exceeded Threshold: never below the current number. */
  | { kind: 'StepsUp'; hosts: number }
  /** A Threshold or Guard that is not exceeded. */
  | { kind: 'Content' }
  | { kind: 'Vetoes'; veto: Constraint }
  | { kind: 'Absent' }
);

/** One proposal for each metric of the policy, in the policy's order. */
export function propose(policy: ScalingPolicySpec, observations: readonly Observation[], capacity: Capacity): Proposal[] {
  const byMetric = new Map(observations.map((observation) => [observation.metric, observation]));
  return metricRules(policy).map((rule) => {
    const reading = read(rule, byMetric.get(rule.name));
    if (typeof reading !== 'number') return { kind: 'Absent', rule, reason: reasons.absent(rule, reading) };
    switch (rule.type) {
      case 'Ratio':
        return rule.aggregation === 'Sum' ? shareTotal(rule, reading, capacity, policy) : shareMean(rule, reading, capacity, policy);
      case 'Threshold':
        return stepUp(rule, reading, capacity);
      case 'Guard':
        return guard(rule, reading, capacity);
    }
  });
}

export const toRecommendation = (proposal: Proposal): Recommendation => ({
  metric: proposal.rule.name,
  ...('hosts' in proposal && { hosts: proposal.hosts }),
  reason: proposal.reason,
  blocksScaleIn: proposal.kind === 'Absent' || proposal.kind === 'StepsUp',
});

/** The value, or why there is none. Rates of counters may come out a hair below zero. */
function read(rule: MetricRule, observation: Observation | undefined): number | Absence {
  if (observation === undefined) return { kind: 'Empty', message: 'no observation was made' };
  if (observation.kind === 'Absence') return observation.absence;
  if (!Number.isFinite(observation.value)) return { kind: 'NotANumber', message: `the value is ${observation.value}` };
  if (!(rule.target > 0)) return { kind: 'NotANumber', message: `the target is ${rule.target}` };
  return Math.max(0, observation.value);
}

/** A total over the pool: so many hosts carry it. */
function shareTotal(rule: MetricRule, value: number, { current }: Capacity, policy: ScalingPolicySpec): Proposal {
  const demand = value / rule.target;
  return sizes(rule, value, { growth: demand, shrink: demand, current }, policy);
}

/**
 * A mean over hosts in service: the load is the mean times the hosts that carried it in the window. Warming hosts
 * joined somewhere in that window, so they count not at all when that would buy and fully when it would release.
 */
function shareMean(rule: MetricRule, value: number, { current, inService, settled }: Capacity, policy: ScalingPolicySpec): Proposal {
  if (inService === 0) return { kind: 'Absent', rule, reason: reasons.noHostToMeasure(rule, value) };
  const load = value / rule.target;
  return sizes(rule, value, { growth: settled * load, shrink: inService * load, current }, policy);
}

/** Demands in hosts, not yet whole. */
interface Demand {
  growth: number;
  shrink: number;
  current: number;
}

function sizes(rule: MetricRule, value: number, { growth, shrink, current }: Demand, policy: ScalingPolicySpec): Proposal {
  const { scaleOut, scaleIn } = policy.behavior;
  const upper = current * (1 + scaleOut.tolerancePercent / 100);
  const lower = current * (1 - scaleIn.tolerancePercent / 100);
  const size = (hosts: number, tolerated: boolean, note = ''): Proposal =>
    ({ kind: 'Sizes', rule, hosts, tolerated, reason: reasons.sized(rule, value, hosts, note) });

  if (growth > upper) return size(wholeHosts(growth), false);
  if (shrink < lower) return size(wholeHosts(shrink), false);
  const wouldGrow = wholeHosts(growth);
  if (wouldGrow > current) return size(current, true, reasons.withinTolerance(wouldGrow));
  const wouldShrink = wholeHosts(shrink);
  if (wouldShrink < current) return size(current, true, reasons.withinTolerance(wouldShrink));
  return size(current, false, wouldGrow === current ? '' : reasons.whileWarming(wouldGrow));
}

/**
 * As far over its target, as many more hosts, at most twice as many. The step starts from hosts that the value
 * already shows, and what is booting counts towards it: otherwise a step would follow on every evaluation of one boot.
 */
function stepUp(rule: MetricRule, value: number, { current, settled }: Capacity): Proposal {
  if (value <= rule.target) return { kind: 'Content', rule, reason: reasons.content(rule, value) };
  const step = Math.max(1, wholeHosts(settled * Math.min(1, value / rule.target - 1)));
  const hosts = Math.max(current, settled + step);
  return { kind: 'StepsUp', rule, hosts, reason: reasons.steppedUp(rule, value, settled, hosts) };
}

function guard(rule: MetricRule, value: number, { current }: Capacity): Proposal {
  if (value <= rule.target) return { kind: 'Content', rule, reason: reasons.content(rule, value) };
  const veto: Constraint = { kind: 'Veto', hosts: current, reason: rule.name, liftedBy: reasons.lifted(rule) };
  return { kind: 'Vetoes', rule, veto, reason: reasons.vetoes(rule, value, current) };
}
