import type { ScalingPolicySpec } from '../api/index.ts';
import type { HostCounts, Observation } from '../model/index.ts';
import { metricRules } from './rules.ts';
import type { MetricRule } from './rules.ts';

/**
 * The metric whose past tells the season: the first total over the pool, else the first mean. Only its changes count, so
 * that its unit does not matter. Undefined for a policy of thresholds and guards.
 */
export function seasonRule(policy: ScalingPolicySpec): MetricRule | undefined {
  const ratios = metricRules(policy).filter(({ type }) => type === 'Ratio');
  return ratios.find(({ aggregation }) => aggregation === 'Sum') ?? ratios[0];
}

/** The load to remember of this evaluation: the total, or the mean over the hosts that carried it. */
export function seasonLoad(rule: MetricRule, observations: readonly Observation[], hosts: HostCounts): number | undefined {
  const seen = observations.find(({ metric }) => metric === rule.name);
  if (seen?.kind !== 'Value' || !Number.isFinite(seen.value)) return undefined;
  return Math.max(0, rule.aggregation === 'Sum' ? seen.value : seen.value * hosts.inService);
}
