import type { ScalingPolicySpec } from '../api/index.ts';
import type { Constraint, Recommendation } from '../model/index.ts';
import { wholeHosts } from './capacity.ts';
import type { Capacity } from './capacity.ts';
import * as reasons from './reasons.ts';
import type { Reading } from './readings.ts';
import type { MetricRule } from './rules.ts';
import { suspectOf } from './thresholds.ts';
import type { Steps } from './thresholds.ts';

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

/** One proposal for each reading, in their order. */
export function propose(readings: readonly Reading[], steps: Steps, capacity: Capacity, policy: ScalingPolicySpec): Proposal[] {
  return readings.map(({ rule, seen }) => {
    if (seen.kind === 'Absent') return { kind: 'Absent', rule, reason: reasons.absent(rule, seen.absence) };
    const proposal = proposeFrom(rule, seen.value, readings, steps, capacity, policy);
    return seen.partial === true ? upwardsAlone(proposal, capacity) : proposal;
  });
}

function proposeFrom(rule: MetricRule, value: number, readings: readonly Reading[], steps: Steps, capacity: Capacity, policy: ScalingPolicySpec): Proposal {
  switch (rule.type) {
    case 'Ratio':
      return rule.aggregation === 'Sum' ? shareTotal(rule, value, capacity, policy) : shareMean(rule, value, capacity, policy);
    case 'Threshold':
      return steps[rule.name]?.verdict === 'Elsewhere' ? slowElsewhere(rule, value, readings, capacity) : stepUp(rule, value, capacity);
    case 'Guard':
      return guard(rule, value, capacity);
  }
}

/** What the source could not reach may be the larger part: calm is not shown by the rest, need is. */
function upwardsAlone(proposal: Proposal, { current }: Capacity): Proposal {
  const asks = proposal.kind === 'Vetoes' || proposal.kind === 'StepsUp' || (proposal.kind === 'Sizes' && proposal.hosts > current);
  return asks ? proposal : { kind: 'Absent', rule: proposal.rule, reason: reasons.partial(proposal.reason) };
}

export const toRecommendation = (proposal: Proposal): Recommendation => ({
  metric: proposal.rule.name,
  ...('hosts' in proposal && { hosts: proposal.hosts }),
  reason: proposal.reason,
  blocksScaleIn: proposal.kind === 'Absent' || proposal.kind === 'StepsUp',
});

/** What a host is sized to carry. */
const carriedBy = ({ sizing, limit, target }: MetricRule): number => (sizing === 'Exact' ? limit : target);

/** A total over the pool: so many hosts carry it. */
function shareTotal(rule: MetricRule, value: number, { current }: Capacity, policy: ScalingPolicySpec): Proposal {
  const demand = value / carriedBy(rule);
  return sizes(rule, value, { growth: demand, shrink: demand, current }, policy);
}

/**
 * A mean over hosts in service: the load is the mean times the hosts that carried it in the window. Warming hosts
 * joined somewhere in that window, so they count not at all when that would buy and fully when it would release.
 */
function shareMean(rule: MetricRule, value: number, { current, inService, settled }: Capacity, policy: ScalingPolicySpec): Proposal {
  if (inService === 0) return { kind: 'Absent', rule, reason: reasons.noHostToMeasure(rule, value) };
  const load = value / carriedBy(rule);
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
  const [outPercent, inPercent] = rule.sizing === 'Exact' ? [0, 0] : [scaleOut.tolerancePercent, scaleIn.tolerancePercent];
  const upper = current * (1 + outPercent / 100);
  const lower = current * (1 - inPercent / 100);
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

/** Hosts that came for this threshold did not help: it asks for no more, and lets none go. */
function slowElsewhere(rule: MetricRule, value: number, readings: readonly Reading[], { current }: Capacity): Proposal {
  if (value <= rule.target) return { kind: 'Content', rule, reason: reasons.content(rule, value) };
  return { kind: 'StepsUp', rule, hosts: current, reason: reasons.elsewhere(rule, value, suspectOf(readings, rule.name)) };
}

function guard(rule: MetricRule, value: number, { current }: Capacity): Proposal {
  if (value <= rule.target) return { kind: 'Content', rule, reason: reasons.content(rule, value) };
  const veto: Constraint = { kind: 'Veto', hosts: current, reason: rule.name, liftedBy: reasons.lifted(rule) };
  return { kind: 'Vetoes', rule, veto, reason: reasons.vetoes(rule, value, current) };
}
