import { seconds } from '../model/index.ts';
import type { Absence, AbsenceKind, Instant, Observation } from '../model/index.ts';
import type { MetricQuery } from '../ports/index.ts';
import type { Basis } from './rows.ts';

/** What the rows of one metric come to, before it is written as an Observation. */
export type Outcome =
  | { kind: 'Value'; value: number; asOf: Instant; latest?: number; inFlight?: number; partial?: true; warning?: string }
  | { kind: 'Absence'; absence: Absence; asOf?: Instant; warning?: string };

export const absent = (kind: AbsenceKind, message: string, asOf?: Instant): Outcome => ({
  kind: 'Absence',
  absence: { kind, message },
  ...(asOf !== undefined && { asOf }),
});

/** Times in answers are seconds since the epoch. */
export const instantOf = (time: number): Instant => Math.round(seconds(time));

/** Samples of the present carry times up to now, and clocks that are kept differ by far less. */
const AHEAD_SECONDS = 5;

const isAhead = (time: number, basis: Basis): boolean => instantOf(time) - basis.now > seconds(AHEAD_SECONDS);

/** A sample from the future is not fresh: it would stay so until that time has come, whatever happens meanwhile. */
export const isFresh = (time: number | undefined, basis: Basis): time is number =>
  time !== undefined && basis.now - instantOf(time) <= seconds(basis.staleAfterSeconds) && !isAhead(time, basis);

/** A number and the newest sample behind it; `what` names the series in messages. */
export function judge(what: string, value: number | undefined, time: number | undefined, basis: Basis): Outcome {
  if (value === undefined && time === undefined) return absent('Empty', `no series ${what}`);
  if (!isFresh(time, basis)) return stale(what, time, basis);
  if (value === undefined) return absent('Empty', `no value yet of ${what}: a rate needs two samples within ${basis.windowSeconds} s`, instantOf(time));
  if (!Number.isFinite(value)) return absent('NotANumber', `${what} gives ${value}: counters that stand still, or a division by zero`, instantOf(time));
  return { kind: 'Value', value, asOf: instantOf(time) };
}

export function stale(what: string, time: number | undefined, basis: Basis): Outcome {
  if (time === undefined) return absent('Stale', `${what} has older samples but no current one: its target is down or gone`);
  if (isAhead(time, basis)) return absent('ClockSkew', `the newest sample of ${what} is ${Math.round((instantOf(time) - basis.now) / 1000)} s in the future: set the clocks of this machine and of the source right`);
  const age = Math.round((basis.now - instantOf(time)) / 1000);
  return absent('Stale', `the newest sample of ${what} is ${age} s old, more than ${basis.staleAfterSeconds} s`, instantOf(time));
}

/** The observation of a query. An absence without a time of its own carries the time of the pass. */
export function toObservation(query: Pick<MetricQuery, 'metric'>, outcome: Outcome, basis: Pick<Basis, 'now' | 'windowSeconds'>, warnings: readonly string[] = []): Observation {
  const { asOf = basis.now, warning, ...result } = outcome;
  const all = [...warnings, ...(warning === undefined ? [] : [warning])];
  return { metric: query.metric, windowSeconds: basis.windowSeconds, asOf, ...(all.length > 0 && { warning: all.join('; ') }), ...result };
}
