import type { BacktestReport, Price } from '../simulate/index.ts';
import type { Io } from './composition.ts';

/** Backtests, as the commands see them. */
export interface Simulator {
  /** Runs a policy beside others on a recorded load. Rejects with `Invalid` when a file, flag or query is wrong. */
  backtest(request: BacktestRequest, io: Io): Promise<BacktestReport>;
  /** Writes a report as one page that needs nothing else. Rejects with `Invalid` when the file cannot be written. */
  writePage(file: string, report: BacktestReport): Promise<void>;
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
