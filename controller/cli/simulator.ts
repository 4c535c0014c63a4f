import type { BacktestReport, Price, Tried } from '../simulate/index.ts';
import type { Io } from './composition.ts';

/** Backtests, as the commands see them. */
export interface Simulator {
  /** Runs a policy beside others on a recorded load. Rejects with `Invalid` when a file, flag or query is wrong. */
  backtest(request: BacktestRequest, io: Io): Promise<BacktestReport>;
  /** Searches settings of the policy that keep within a limit of seconds short a day. Rejects like `backtest`. */
  suggest(request: BacktestRequest, limitSecondsPerDay: number, io: Io): Promise<Suggestion>;
  /** Writes a report as one page that needs nothing else. Rejects with `Invalid` when the file cannot be written. */
  writePage(file: string, report: BacktestReport): Promise<void>;
}

/** Settings found, with what they were chosen from. */
export interface Suggestion {
  limitSecondsPerDay: number;
  /** Whether the chosen ones kept within the limit where they were chosen. */
  within: boolean;
  /** The metric whose target was searched. */
  metric: string;
  learnedDays: number;
  restDays: number;
  /** From thrifty to safe. */
  points: SuggestionPoint[];
  /** The policy with the chosen numbers, as YAML that `validate` takes. */
  policy: string;
}

export interface SuggestionPoint {
  /** On the part of the history on which settings were chosen. */
  learned: Tried;
  /** The same settings on the part that had no say. */
  rest: Tried;
  is: 'Chosen' | 'Now' | 'Curve';
}

/** What `simulate` is asked for. Numbers that are absent are estimated, or are the reference world's. */
export interface BacktestRequest {
  /** File with one ScalingPolicy and, if it is there too, its HostPool. */
  policyFile: string;
  load: LoadSource;
  world: WorldRequest;
  price: Price | undefined;
  seed: number;
}

export type LoadSource =
  | { kind: 'Trace'; file: string }
  /** kamal-proxy's JSON request log or a combined access log, gzipped or not. */
  | { kind: 'Log'; file: string }
  /** `query` absent: the policy's own. */
  | { kind: 'Prometheus'; url: string; query: string | undefined; days: number };

export interface WorldRequest {
  /** Scales the load to this peak, requests a second. */
  peakRate?: number;
  workers?: number;
  serviceSeconds?: number;
  hostLimitRate?: number;
  p95LimitSeconds?: number;
  bootSeconds?: number;
  drainSeconds?: number;
  scrapeSeconds?: number;
  billing?: 'Second' | 'Hour';
}
