import type { ScalingPolicySpec } from '../api/index.ts';
import { SIGNALS } from '../model/index.ts';
import type { Aggregation, MetricType, SignalName } from '../model/index.ts';

/** One metric of a policy with all that its ready-made query or its own fields say. */
export interface MetricRule {
  /** The policy's key for the metric; observations carry it. */
  name: string;
  /** The ready-made query; undefined for one of the policy's own. */
  signal: SignalName | undefined;
  type: MetricType;
  aggregation: Aggregation;
  /** In `unit`; what crossing it means depends on `type`. */
  target: number;
  /** Of a Ratio: the most a host can carry; as written, else the target with scaleOut's tolerance. */
  limit: number;
  /** `Exact`: a limit was written, and the pool is sized by it. `Tolerant`: it is sized by the target, as an HPA does. */
  sizing: 'Exact' | 'Tolerant';
  /** Empty for a query of the policy's own. */
  unit: string;
  title: string;
}

/** The metrics of a policy in its own order, ready-made ones resolved. */
export const metricRules = (policy: ScalingPolicySpec): MetricRule[] =>
  policy.metrics.map((metric) => resolve(metric, policy.behavior.scaleOut.tolerancePercent));

function resolve(metric: ScalingPolicySpec['metrics'][number], tolerancePercent: number): MetricRule {
  const name = metric.promql === undefined ? signalNamed(metric.query ?? metric.name) : undefined;
  const signal = name === undefined ? undefined : SIGNALS[name];
  return {
    name: metric.name,
    signal: name,
    type: metric.type ?? signal?.type ?? 'Ratio',
    aggregation: signal?.aggregation ?? metric.aggregation ?? 'Sum',
    target: metric.target,
    limit: metric.limit ?? metric.target * (1 + tolerancePercent / 100),
    sizing: metric.limit === undefined ? 'Tolerant' : 'Exact',
    unit: signal?.unit ?? '',
    title: signal?.title ?? metric.name,
  };
}

const signalNamed = (name: string): SignalName | undefined =>
  Object.hasOwn(SIGNALS, name) ? (name as SignalName) : undefined;
