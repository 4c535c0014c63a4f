import type { Absence, Instant, Observation } from '../model/index.ts';
import { offeredRequests } from './offered.ts';
import type { InFlight } from './offered.ts';
import type { MetricRule } from './rules.ts';

/** One metric of the policy as the decision takes it: checked, and for requests what users send. */
export interface Reading {
  rule: MetricRule;
  seen:
    | { kind: 'Value'; value: number; /** Over the last scrape interval only. */ latest?: number; asOf: Instant; windowSeconds: number; partial?: true }
    | { kind: 'Absent'; absence: Absence };
}

export interface Readings {
  all: readonly Reading[];
  /** To be remembered: what the next evaluation compares requests in flight with. */
  inFlight: InFlight | undefined;
}

/** One reading for each metric, in the policy's order. */
export function readingsOf(rules: readonly MetricRule[], observations: readonly Observation[], inService: number, before: InFlight | undefined): Readings {
  const checked = rules.map((rule) => ({ rule, seen: check(rule, observations.find(({ metric }) => metric === rule.name)) }));
  const cpu = checked.find(({ rule }) => rule.signal === 'cpu')?.seen;
  const busyness = { inService, cpuPercent: cpu?.kind === 'Value' ? cpu.value : undefined };
  let inFlight = before;
  const all = checked.map(({ rule, seen }): Reading => {
    if (seen.kind === 'Absence') return { rule, seen: { kind: 'Absent', absence: seen.absence } };
    const { value, latest, asOf, windowSeconds } = seen;
    const sight = seen.partial === true ? { partial: true as const } : {};
    if (rule.signal !== 'rps' || rule.type !== 'Ratio') return { rule, seen: { kind: 'Value', value: Math.max(0, value), asOf, windowSeconds, ...sight } };
    const offered = offeredRequests(rule, seen, before, busyness);
    if (seen.inFlight !== undefined && asOf !== before?.at) inFlight = { at: asOf, requests: seen.inFlight };
    return { rule, seen: { kind: 'Value', value: offered.steady, ...(latest !== undefined && offered.latest !== undefined && { latest: offered.latest }), asOf, windowSeconds, ...sight } };
  });
  return { all, inFlight };
}

/** A value that can be used, or why there is none. */
function check(rule: MetricRule, observation: Observation | undefined): Extract<Observation, { kind: 'Value' }> | { kind: 'Absence'; absence: Absence } {
  if (observation === undefined) return { kind: 'Absence', absence: { kind: 'Empty', message: 'no observation was made' } };
  if (observation.kind === 'Absence') return observation;
  if (!Number.isFinite(observation.value)) return notANumber(`the value is ${observation.value}`);
  if (!(rule.target > 0)) return notANumber(`the target is ${rule.target}`);
  const { latest, inFlight, ...rest } = observation;
  return { ...rest, ...(isUsable(latest) && { latest }), ...(isUsable(inFlight) && { inFlight }) };
}

const notANumber = (message: string): { kind: 'Absence'; absence: Absence } => ({ kind: 'Absence', absence: { kind: 'NotANumber', message } });

/** Rates of counters may come out a hair below zero; a gauge of requests cannot. */
const isUsable = (value: number | undefined): value is number => value !== undefined && Number.isFinite(value) && value >= -1 && value <= 1e12;
