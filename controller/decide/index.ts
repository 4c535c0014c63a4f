export { evaluate } from './evaluate.ts';
export type { EvaluateInput } from './evaluate.ts';
export { metricRules } from './rules.ts';
export type { MetricRule } from './rules.ts';
export { leadSeconds } from './lead-time.ts';
export type { Mechanism } from './without.ts';
