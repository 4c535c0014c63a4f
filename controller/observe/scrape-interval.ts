import { seconds } from '../model/index.ts';
import type { Instant } from '../model/index.ts';
import type { MetricQuery } from '../ports/index.ts';
import { inParallel } from './parallel.ts';
import type { PrometheusAPI } from './prometheus-api.ts';
import { literal } from './promql.ts';
import { seriesNames } from './rows.ts';

/** What Prometheus's own example configuration has. */
export const DEFAULT_SCRAPE_INTERVAL_SECONDS = 15;
const RELEARN_SECONDS = 600;
const RETRY_SECONDS = 60;

/**
 * Seconds between two samples: as set, else learned from the times of stored samples, which every implementation of
 * the API gives (a list of targets is not: Thanos and Mimir have none). Of load balancer and hosts the slower counts.
 */
export class ScrapeInterval {
  readonly #set: number | undefined;
  #learned: number | undefined;
  #nextAt: Instant = 0;

  constructor(set: number | undefined) {
    this.#set = set;
  }

  get seconds(): number {
    return this.#set ?? this.#learned ?? DEFAULT_SCRAPE_INTERVAL_SECONDS;
  }

  /** Asks when it is time to; a failure leaves the last known interval. */
  async learn(api: PrometheusAPI, queries: readonly MetricQuery[], now: Instant): Promise<void> {
    const first = queries[0];
    if (this.#set !== undefined || first === undefined || now < this.#nextAt) return;
    const answers = await inParallel(2, probesOf(first), async (probe) => await api.query(probe, now));
    const intervals = answers.flatMap((answer) => (answer.kind === 'Matrix' ? (medianGap(answer.times) ?? []) : []));
    if (intervals.length > 0) this.#learned = Math.max(1, Math.round(Math.max(...intervals)));
    this.#nextAt = now + seconds(intervals.length > 0 ? RELEARN_SECONDS : RETRY_SECONDS);
  }
}

/** One pool stands for all: these are questions about configuration, not about load. */
function probesOf(query: MetricQuery): string[] {
  const names = seriesNames(query);
  const hosts = `up{namespace=${literal(names.namespace)},pool=${literal(names.pool)}}[5m]`;
  return names.traefikService === undefined ? [hosts] : [`traefik_service_requests_total{service=${literal(names.traefikService)}}[5m]`, hosts];
}

/** The median shrugs off a missed scrape. Undefined without two samples of one series. */
export function medianGap(series: readonly (readonly number[])[]): number | undefined {
  const gaps = series.flatMap((times) => times.slice(1).map((time, index) => time - times[index]!)).sort((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)];
}
