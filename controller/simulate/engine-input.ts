import type { ScalingPolicySpec } from '../api/index.ts';
import { evaluate, metricRules } from '../decide/index.ts';
import type { MetricRule } from '../decide/index.ts';
import type { Billing, Decision, EngineState, HostCounts, Instant, Observation } from '../model/index.ts';

/** What one line of `evaluate`'s input says: all that the engine sees of the world at one time. */
export interface Moment {
  time: Instant;
  /** By the policy's metric names, beside the reserved `rpsLatest` and `inFlight`; missing or null is an absence. */
  metrics: Readonly<Record<string, number | null>>;
  /** What exists; `warming` is part of `inService`. */
  hosts: HostCounts;
  /** Boots that ended since the last moment, from intent to in service. */
  bootSeconds?: readonly number[];
  /** Creation times of the hosts in service. */
  launchedAt?: readonly Instant[];
}

/** What stays the same over a stream of moments. */
export interface EngineSetting {
  policy: ScalingPolicySpec;
  billing: Billing;
  /** For how long a leaving host is still paid for. */
  drainSeconds: number;
}

/** The engine of production, driven by moments instead of a metrics source and a store. */
export interface Engine {
  /** Decides, and remembers what the engine remembers. Moments come in the order of time. */
  decide(moment: Moment): Decision;
}

const BOOTS_REMEMBERED = 20;
const REQUESTS_WINDOW_SECONDS = 60;

/** Starts afresh. What is wanted is what there is: the world is taken to follow each decision. */
export function startEngine({ policy, billing, drainSeconds }: EngineSetting): Engine {
  const rules = metricRules(policy);
  const windows = new Map(policy.metrics.map(({ name, windowSeconds = REQUESTS_WINDOW_SECONDS }) => [name, windowSeconds]));
  let boots: readonly number[] = [];
  let engineState: EngineState | undefined;
  return {
    decide(moment) {
      if (moment.bootSeconds !== undefined && moment.bootSeconds.length > 0) boots = [...boots, ...moment.bootSeconds].slice(-BOOTS_REMEMBERED);
      const decision = evaluate({
        policy,
        observations: rules.map((rule) => observationOf(rule, moment, windows.get(rule.name) ?? REQUESTS_WINDOW_SECONDS)),
        hosts: moment.hosts,
        replicas: undefined,
        constraints: [],
        bootSeconds: boots,
        billing,
        launchedAt: moment.launchedAt ?? [],
        drainSeconds,
        history: undefined,
        engineState,
        now: moment.time,
      });
      engineState = decision.engineState;
      return decision;
    },
  };
}

function observationOf({ name, signal }: MetricRule, { metrics, time }: Moment, windowSeconds: number): Observation {
  const value = metrics[name];
  if (value === undefined || value === null) {
    return { kind: 'Absence', metric: name, asOf: time, windowSeconds, absence: { kind: 'Empty', message: 'not in the input' } };
  }
  if (signal !== 'rps') return { kind: 'Value', metric: name, value, asOf: time, windowSeconds };
  const { rpsLatest, inFlight } = metrics;
  return {
    kind: 'Value', metric: name, value, asOf: time, windowSeconds,
    ...(typeof rpsLatest === 'number' && { latest: rpsLatest }),
    ...(typeof inFlight === 'number' && { inFlight }),
  };
}
