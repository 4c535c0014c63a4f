import type { Instant } from './time.ts';

/**
 * Why a metric has no value. None of them may ever shrink a fleet.
 * - `Empty`: the query gave no series
 * - `NotANumber`: NaN or infinite (flat counters, division by zero)
 * - `Stale`: the newest sample is too old
 * - `ClockSkew`: the newest sample lies in the future, or the source's clock is far from ours
 * - `TooFewSamples`: fewer requests than a quantile needs
 * - `TooFewHosts`: fewer than half of the hosts in service reported
 * - `Ambiguous`: several series where one is expected
 * - `Refused`: the source calls the query wrong; a person must mend it
 * - `Unreachable`: the source did not answer
 * - `Unsupported`: this source cannot answer this query
 */
export type AbsenceKind =
  | 'Empty' | 'NotANumber' | 'Stale' | 'ClockSkew' | 'TooFewSamples' | 'TooFewHosts' | 'Ambiguous' | 'Refused' | 'Unreachable' | 'Unsupported';

export interface Absence {
  kind: AbsenceKind;
  /** What was seen, as a sentence that names the query or target. */
  message: string;
}

/** One metric of one policy at one time: a value or a named absence. */
export type Observation = {
  /** The policy's name for the metric. */
  metric: string;
  /** Time of the newest sample behind the value. */
  asOf: Instant;
  windowSeconds: number;
  /** Something about the value that a person should know, such as buckets that are too coarse for the target. */
  warning?: string;
} & (
  | { kind: 'Value'; value: number; /** The same over the last scrape interval only. */ latest?: number; /** Requests in the system, summed over the pool. */ inFlight?: number; /** The source could not reach all of its data: the value may be too small. It may add hosts, and takes none away. */ partial?: true }
  | { kind: 'Absence'; absence: Absence }
);
