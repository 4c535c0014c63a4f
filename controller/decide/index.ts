export { evaluate } from './evaluate.ts';
export type { EvaluateInput } from './evaluate.ts';
export { metricRules } from './rules.ts';
export type { MetricRule } from './rules.ts';
export type { Mechanism } from './without.ts';
export { createLoadRecorder } from './load-recorder.ts';
export type { LoadRecorder, StoredLoads } from './load-recorder.ts';
export { seasonLoad, seasonRule } from './season-load.ts';
