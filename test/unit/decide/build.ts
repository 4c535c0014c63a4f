import { evaluate } from '../../../controller/decide/index.ts';
import type { EvaluateInput } from '../../../controller/decide/index.ts';
import type { ScalingPolicySpec } from '../../../controller/api/index.ts';
import type { AbsenceKind, Decision, HostCounts, Instant, Observation } from '../../../controller/model/index.ts';
import { seconds } from '../../../controller/model/index.ts';

export const START: Instant = Date.parse('2026-11-23T12:00:00Z');

type Direction = ScalingPolicySpec['behavior']['scaleOut'];
type PolicyParts = Partial<Omit<ScalingPolicySpec, 'behavior'>> & { scaleOut?: Partial<Direction>; scaleIn?: Partial<Direction> };

/** A policy as defaulting leaves it, but without prediction, with `parts` instead of the defaults. */
export function policyOf({ scaleOut, scaleIn, ...parts }: PolicyParts = {}): ScalingPolicySpec {
  return {
    targetRef: { kind: 'HostPool', name: 'web' },
    mode: 'Enforce',
    minHosts: 1,
    maxHosts: 20,
    intervalSeconds: 15,
    prediction: { mode: 'Off', caution: 50 },
    metrics: [{ name: 'rps', target: 70 }],
    behavior: {
      scaleOut: { stabilizationWindowSeconds: 0, tolerancePercent: 10, selectPolicy: 'Max', ...scaleOut },
      scaleIn: { stabilizationWindowSeconds: 300, tolerancePercent: 10, selectPolicy: 'Max', ...scaleIn },
    },
    ...parts,
  };
}

/** Nothing delays or limits: what the metrics say is what comes out. */
export const direct = (parts: PolicyParts = {}): ScalingPolicySpec =>
  policyOf({
    maxHosts: 500,
    ...parts,
    scaleOut: { policies: [{ type: 'Hosts', value: 500, periodSeconds: 1 }], ...parts.scaleOut },
    scaleIn: { stabilizationWindowSeconds: 0, policies: [{ type: 'Hosts', value: 500, periodSeconds: 1 }], ...parts.scaleIn },
  });

export const hostsOf = (inService: number, rest: Partial<HostCounts> = {}): HostCounts =>
  ({ inService, warming: 0, booting: 0, draining: 0, ...rest });

export const value = (metric: string, amount: number, asOf: Instant = START): Extract<Observation, { kind: 'Value' }> =>
  ({ kind: 'Value', metric, value: amount, asOf, windowSeconds: 60 });

export const absence = (metric: string, kind: AbsenceKind = 'Unreachable'): Observation =>
  ({ kind: 'Absence', metric, asOf: START, windowSeconds: 60, absence: { kind, message: 'the source did not answer' } });

export const valuesOf = (values: Record<string, number | null>): Observation[] =>
  Object.entries(values).map(([metric, amount]) => (amount === null ? absence(metric) : value(metric, amount)));

/** A pool that never booted a host and pays for none. */
export const UNPAID = { bootSeconds: [], billing: 'None', launchedAt: [], drainSeconds: 30, history: undefined } as const;

/** One evaluation of `direct()` for 4 hosts at START, but for `parts`. */
export const decide = (parts: Partial<EvaluateInput> = {}): Decision =>
  evaluate({ policy: direct(), observations: [], hosts: hostsOf(4), replicas: undefined, constraints: [], ...UNPAID, engineState: undefined, now: START, ...parts });

/** What an evaluation of a stream sees. Whatever it leaves out is as in the one before. */
export interface Moment {
  /** Seconds since START. */
  at: number;
  values?: Record<string, number | null>;
  hosts?: number;
  replicas?: number;
  policy?: ScalingPolicySpec;
}

/**
 * Evaluates moment by moment, with the state carried through JSON as a store does. Hosts follow each decision at
 * once unless a moment says how many there are.
 */
export function stream(policy: ScalingPolicySpec, startHosts: number, moments: readonly Moment[]): Decision[] {
  let engineState: unknown;
  let hosts = startHosts;
  let values: Record<string, number | null> = {};
  let rules = policy;
  return moments.map((moment) => {
    hosts = moment.hosts ?? hosts;
    values = moment.values ?? values;
    rules = moment.policy ?? rules;
    const decision = evaluate({
      policy: rules,
      observations: valuesOf(values),
      hosts: hostsOf(hosts),
      replicas: moment.replicas,
      constraints: [],
      ...UNPAID,
      engineState,
      now: START + seconds(moment.at),
    });
    engineState = JSON.parse(JSON.stringify(decision.engineState));
    hosts = decision.desired;
    return decision;
  });
}

/** The same values every `every` seconds. */
export const steady = (from: number, to: number, values: Record<string, number | null>, every = 15): Moment[] =>
  Array.from({ length: Math.floor((to - from) / every) + 1 }, (_, index) => ({ at: from + index * every, values }));

export const desiredOf = (decisions: readonly Decision[]): number[] => decisions.map(({ desired }) => desired);
