import { proxyServiceOf } from '../model/index.ts';
import type { Instant, SignalName } from '../model/index.ts';
import type { MetricQuery } from '../ports/index.ts';

/**
 * Where a number was measured.
 * - `traefik`: at the load balancer, labelled `service` (`entrypoint` for errors)
 * - `proxy`: at a host's kamal-proxy, labelled `namespace`, `pool`, `host`
 * - `host`: by a host's node or application exporter, labelled `namespace`, `pool`, `host`
 * - `pool`: by any exporter of the pool, labelled `namespace`, `pool`
 * - `shared`: by an exporter that belongs to no pool
 */
export type Origin = 'traefik' | 'proxy' | 'host' | 'pool' | 'shared';

/**
 * What a number says.
 * - `value`: the signal itself, in its own unit
 * - `latest`: the same over the last two samples
 * - `time`: time of the newest sample behind it, in seconds since the epoch
 * - `count`: requests in the window
 * - `bound`: presence of a histogram bucket; the label `le` is its bound
 * - `inFlight`: requests in the system
 * - `instances`: load balancers that report now
 */
export type Field = 'value' | 'latest' | 'time' | 'count' | 'bound' | 'inFlight' | 'instances';

export type Part = `${Origin}:${Field}`;

/** One number of an answer. Prometheus and direct scrape both speak this, and one reader turns it into observations. */
export interface Row {
  part: Part;
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** A query for a ready-made signal. */
export type SignalQuery = MetricQuery & { source: { kind: 'Signal'; signal: SignalName } };

/** What a reader must know beside the rows. */
export interface Basis {
  now: Instant;
  windowSeconds: number;
  /** A newest sample older than this makes a value Stale. */
  staleAfterSeconds: number;
}

/** The names under which a pool's series are found. */
export interface SeriesNames {
  namespace: string;
  pool: string;
  /** `service` label of Traefik's metrics; absent for roles without a load balancer. */
  traefikService?: string;
  /** `entrypoint` label of Traefik's metrics. */
  entryPoint?: string;
  /** `service` label of kamal-proxy's metrics. */
  proxyService: string;
}

export function seriesNames(query: Pick<MetricQuery, 'pool' | 'spec'>): SeriesNames {
  const traefik = query.spec.loadBalancer?.traefik;
  return {
    namespace: query.pool.namespace,
    pool: query.pool.name,
    proxyService: proxyServiceOf(query.spec.kamal),
    ...(traefik && { traefikService: `${traefik.service}@${traefik.files === undefined ? 'http' : 'file'}`, entryPoint: traefik.entryPoint }),
  };
}

export function isSignalQuery(query: MetricQuery): query is SignalQuery {
  return query.source.kind === 'Signal';
}

/** The larger of a minute and four scrape intervals: with less, one missed scrape leaves no rate. */
export function windowOf(query: Pick<MetricQuery, 'windowSeconds'>, scrapeIntervalSeconds: number): number {
  return query.windowSeconds ?? Math.max(60, Math.ceil(4 * scrapeIntervalSeconds));
}

/** Three missed scrapes and some slack for the journey of a sample. */
export const staleAfter = (scrapeIntervalSeconds: number): number => 3 * scrapeIntervalSeconds + 5;
