import type { ScalingPolicySpec } from '../api/index.ts';
import { createLoadRecorder, evaluate, metricRules, seasonLoad, seasonRule } from '../decide/index.ts';
import type { Mechanism, MetricRule } from '../decide/index.ts';
import { seconds } from '../model/index.ts';
import type { Billing, Constraint, Decision, EngineState, HostCounts, Instant, LoadHistory, Observation } from '../model/index.ts';

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
  /** Requests a second before the first moment. */
  history?: LoadHistory;
  /** From outside the policy, such as the floors of its schedules. */
  constraintsAt?: (now: Instant) => readonly Constraint[];
  /** What to leave out, to see what it is worth. */
  without?: Mechanism;
}

/** The engine of production, driven by moments instead of a metrics source and a store. */
export interface Engine {
  /** Decides, and remembers what the engine remembers. Moments come in the order of time. */
  decide(moment: Moment): Decision;
}

const BOOTS_REMEMBERED = 20;
const REQUESTS_WINDOW_SECONDS = 60;
/** A moment does not say how old its samples are: from a few seconds to a scrape interval and the sample's journey. */
const SAMPLE_AGE_SECONDS = 10;

/** Starts afresh. What is wanted is what there is: the world is taken to follow each decision. */
export function startEngine({ policy, billing, drainSeconds, history, constraintsAt, without }: EngineSetting): Engine {
  const rules = metricRules(policy);
  const season = seasonRule(policy);
  const recorder = createLoadRecorder();
  if (history !== undefined) recorder.fill(history);
  const windows = new Map(policy.metrics.map(({ name, windowSeconds = REQUESTS_WINDOW_SECONDS }) => [name, windowSeconds]));
  let boots: readonly number[] = [];
  let engineState: EngineState | undefined;
  return {
    decide(moment) {
      if (moment.bootSeconds !== undefined && moment.bootSeconds.length > 0) boots = [...boots, ...moment.bootSeconds].slice(-BOOTS_REMEMBERED);
      const observations = rules.map((rule) => observationOf(rule, moment, windows.get(rule.name) ?? REQUESTS_WINDOW_SECONDS));
      const load = season && seasonLoad(season, observations, moment.hosts);
      if (load !== undefined) recorder.add(moment.time, load);
      const decision = evaluate({
        policy,
        observations,
        hosts: moment.hosts,
        replicas: undefined,
        constraints: constraintsAt?.(moment.time) ?? [],
        bootSeconds: boots,
        billing,
        launchedAt: moment.launchedAt ?? [],
        drainSeconds,
        history: recorder.history(),
        engineState,
        now: moment.time,
      }, without);
      engineState = decision.engineState;
      return decision;
    },
  };
}

function observationOf({ name, signal }: MetricRule, { metrics, time }: Moment, windowSeconds: number): Observation {
  const value = metrics[name];
  const asOf = time - seconds(SAMPLE_AGE_SECONDS);
  if (value === undefined || value === null) {
    return { kind: 'Absence', metric: name, asOf, windowSeconds, absence: { kind: 'Empty', message: 'not in the input' } };
  }
  if (signal !== 'rps') return { kind: 'Value', metric: name, value, asOf, windowSeconds };
  const { rpsLatest, inFlight } = metrics;
  return {
    kind: 'Value', metric: name, value, asOf, windowSeconds,
    ...(typeof rpsLatest === 'number' && { latest: rpsLatest }),
    ...(typeof inFlight === 'number' && { inFlight }),
  };
}
