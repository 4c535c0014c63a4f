import { type LeastCosts, costOf } from '../backtest.ts';
import { type ContenderSpec, explanationOf } from '../contender-spec.ts';
import type { JobResult } from '../job.ts';
import type { Course } from '../measures/course.ts';
import type { Measures } from '../measures/measures.ts';
import type { WorstMinutes } from '../measures/worst.ts';
import type { WorldParameters } from '../world/parameters.ts';
import { whyText } from './why.ts';

/** All that a backtest found, as plain data; the JSON output has everything but the courses. */
export interface BacktestReport {
  policy: { name: string; /** Metrics that the simulated world does not have. */ leftOut: string[] };
  load: LoadSummary;
  world: WorldParameters;
  /** How numbers came about that were not given. */
  notes: string[];
  price: Price | undefined;
  contenders: ContenderReport[];
}

export interface LoadSummary {
  /** File or query. */
  source: string;
  /** RFC 3339 where the source has dates: the begin of what is counted. */
  from?: string;
  days: number;
  binSeconds: number;
  meanRate: number;
  peakRate: number;
  /** Seconds after the begin of what is counted. */
  peakAfterSeconds: number;
}

export interface Price {
  perHour: number;
  currency: string;
}

export interface ContenderReport {
  name: string;
  title: string;
  explanation: string;
  measures: Measures;
  /** Host-hours billed by the second over the least that is never short. */
  cost: number;
  /** Started hours over the fewest that are never short. */
  hourlyCost: number;
  /** In the price's currency, as the provider bills; absent without a price. */
  moneyPerMonth?: number;
  /** Absent when no request was bad. */
  worst?: WorstMinutes & { why: string };
  course: Course;
}

/** What a report of a run is made of. */
export interface ReportedRun {
  spec: ContenderSpec;
  title: string;
  result: JobResult & { course: Course };
  least: LeastCosts;
  parameters: WorldParameters;
  price: Price | undefined;
}

const DAYS_OF_MONTH = 365.25 / 12;

export function contenderReport({ spec, title, result: { measures, worst, course }, least, parameters, price }: ReportedRun): ContenderReport {
  const billed = parameters.billing === 'Hour' ? measures.startedHours : measures.hostHours;
  return {
    name: spec.name,
    title,
    explanation: explanationOf(spec),
    measures,
    ...costOf(measures, least),
    ...(price !== undefined && { moneyPerMonth: (billed / measures.days) * DAYS_OF_MONTH * price.perHour }),
    ...(worst !== undefined && { worst: { ...worst, why: whyText(worst, parameters.maxHosts) } }),
    course,
  };
}

/** The cost that the bill is about. */
export const billedCost = ({ cost, hourlyCost }: ContenderReport, { billing }: WorldParameters): number => (billing === 'Hour' ? hourlyCost : cost);
