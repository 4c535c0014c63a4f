import type { ScalingPolicySpec } from '../api/index.ts';
import { metricRules } from '../decide/index.ts';
import type { Algorithm } from './algorithm.ts';
import { type EngineSetting, startEngine } from './engine-input.ts';

/** Signals that the simulated world has. */
const SIMULATED = ['rps', 'cpu', 'p95'] as const;
type SimulatedSignal = (typeof SIMULATED)[number];

/** What of a policy can be simulated, and what of it was left out. */
export interface SimulatedPolicy {
  policy: ScalingPolicySpec;
  /** Names of metrics that the world does not have. Were they kept, their absence would keep the fleet from shrinking for ever. */
  leftOut: string[];
}

/** `signals`: those that the world's source of metrics gives. */
export function simulatedPolicy(policy: ScalingPolicySpec, signals: readonly string[] = SIMULATED): SimulatedPolicy {
  const known = new Set(metricRules(policy).filter(({ signal }) => signal !== undefined && isSimulated(signal) && signals.includes(signal)).map(({ name }) => name));
  return {
    policy: { ...policy, metrics: policy.metrics.filter(({ name }) => known.has(name)) },
    leftOut: policy.metrics.filter(({ name }) => !known.has(name)).map(({ name }) => name),
  };
}

/** The engine of production with one policy. */
export function ourEngine(name: string, explanation: string, setting: EngineSetting): Algorithm {
  const metrics = metricRules(setting.policy).flatMap(({ name: metric, signal }) => (signal !== undefined && isSimulated(signal) ? [{ metric, signal }] : []));
  return {
    name,
    explanation,
    start: () => {
      const engine = startEngine(setting);
      return (moment) => {
        const named: Record<string, number | null> = { rpsLatest: moment.metrics['rpsLatest'] ?? null, inFlight: moment.metrics['inFlight'] ?? null };
        for (const { metric, signal } of metrics) named[metric] = moment.metrics[signal] ?? null;
        return engine.decide({ ...moment, metrics: named }).desired;
      };
    },
  };
}

const isSimulated = (signal: string): signal is SimulatedSignal => (SIMULATED as readonly string[]).includes(signal);
