import type { ScalingPolicySpec } from '../../api/index.ts';
import { metricRules } from '../../decide/index.ts';

/** The few numbers of a policy that decide between cost and shortage. */
export interface Settings {
  /** Of the metric that sizes the pool. */
  target: number;
  /** The most that a host can carry; without it a target is also taken for a hint of what that is. */
  limit: number | undefined;
  minHosts: number;
  /** `prediction.caution`. */
  caution: number;
}

/** What a suggestion may change. */
export interface Adjustable {
  /** Place of the metric that sizes the pool, in the policy's list. */
  metricIndex: number;
  metric: string;
  now: Settings;
}

const CAUTIONS = [0, 50, 100];
/** Of the most that a host can carry. */
const TARGET_SHARES = [0.75, 0.85, 0.92, 1];
/** Of the policy's minimum. */
const MORE_HOSTS = [1, 2, 4];

/** Undefined where no simulated metric sizes the pool. */
export function adjustableOf(policy: ScalingPolicySpec): Adjustable | undefined {
  const rules = metricRules(policy);
  const metricIndex = ['rps', 'cpu'].map((signal) => rules.findIndex((rule) => rule.signal === signal && rule.type === 'Ratio')).find((index) => index >= 0);
  const rule = metricIndex === undefined ? undefined : rules[metricIndex];
  if (metricIndex === undefined || rule === undefined) return undefined;
  return { metricIndex, metric: rule.name, now: { target: rule.target, limit: policy.metrics[metricIndex]!.limit, minHosts: policy.minHosts, caution: policy.prediction.caution } };
}

export const withSettings = (policy: ScalingPolicySpec, { metricIndex }: Adjustable, { target, limit, minHosts, caution }: Settings): ScalingPolicySpec => ({
  ...policy,
  minHosts,
  metrics: policy.metrics.map((metric, index) => (index === metricIndex ? { ...metric, target, ...(limit !== undefined && { limit }) } : metric)),
  prediction: { ...policy.prediction, caution },
});

/** The first round: cautions at targets up to `most`, which is what a host can carry in the metric's unit, and what there is now. */
export function firstRound({ now }: Adjustable, most: number): Settings[] {
  const limit = now.limit ?? Number(most.toPrecision(3));
  // Where a target makes no difference, the one that people wrote stays: the first of equals is chosen.
  const targets = [now.target, ...TARGET_SHARES.map((share) => Number((share * limit).toPrecision(2)))].filter((target) => target <= limit);
  return distinct([now, ...targets.flatMap((target) => CAUTIONS.map((caution) => ({ target, limit, minHosts: now.minHosts, caution })))]);
}

/** The second round: the best of the first with more hosts at least, and cautions between. */
export function secondRound(best: Settings, { maxHosts }: ScalingPolicySpec): Settings[] {
  const between = [-25, -12, 12, 25].map((step) => best.caution + step).filter((caution) => caution >= 0 && caution <= 100);
  const more = MORE_HOSTS.map((hosts) => best.minHosts + hosts).filter((hosts) => hosts <= maxHosts);
  return distinct([...between.map((caution) => ({ ...best, caution })), ...more.map((minHosts) => ({ ...best, minHosts }))]);
}

const keyOf = ({ target, limit, minHosts, caution }: Settings): string => `${target} ${limit} ${minHosts} ${caution}`;

const distinct = (settings: readonly Settings[]): Settings[] => [...new Map(settings.map((one) => [keyOf(one), one])).values()];

export const sameSettings = (one: Settings, other: Settings): boolean => keyOf(one) === keyOf(other);
