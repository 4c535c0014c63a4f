import { seconds } from '../model/index.ts';
import type { Instant, LoadHistory } from '../model/index.ts';
import type { MetricQuery } from '../ports/index.ts';
import type { PrometheusRange } from './prometheus-range.ts';
import { duration, literal, withWindow } from './promql.ts';
import { seriesNames, windowOf } from './rows.ts';

const STEP_SECONDS = 300;
/** A week and two hours: the same time a week ago, and what came after it. */
const SPAN_SECONDS = (7 * 24 + 2) * 3600;

/** The last week of a metric from `query_range`; undefined where it has no past there. Rejects as PrometheusRange does. */
export async function readPastLoad(range: PrometheusRange, query: MetricQuery, scrapeIntervalSeconds: number, now: Instant): Promise<LoadHistory | undefined> {
  const expression = expressionOf(query, scrapeIntervalSeconds);
  if (expression === undefined) return undefined;
  // A point says what the step before it was like, so that steps end on the grid at which Prometheus evaluates.
  const end = Math.floor(now / seconds(STEP_SECONDS)) * STEP_SECONDS;
  const start = end - SPAN_SECONDS;
  const points = await range.read({ query: expression, from: seconds(start), to: seconds(end), stepSeconds: STEP_SECONDS });
  if (points.length === 0) return undefined;
  const loads = new Float32Array(SPAN_SECONDS / STEP_SECONDS).fill(NaN);
  for (const { second, value } of points) {
    const step = Math.round((second - start) / STEP_SECONDS) - 1;
    if (step >= 0 && step < loads.length) loads[step] = value;
  }
  return { startAt: seconds(start), stepSeconds: STEP_SECONDS, loads };
}

/** Requests over whole steps, at the load balancer or else at the hosts; a query of the policy's own as it is. */
function expressionOf(query: MetricQuery, scrapeIntervalSeconds: number): string | undefined {
  if (query.source.kind === 'PromQL') return withWindow(query.source.query, windowOf(query, scrapeIntervalSeconds));
  if (query.source.signal !== 'rps') return undefined;
  const names = seriesNames(query);
  const over = duration(STEP_SECONDS);
  const hosts = `sum(rate(kamal_proxy_http_requests_total{namespace=${literal(names.namespace)},pool=${literal(names.pool)},service=${literal(names.proxyService)},status!="101"}[${over}]))`;
  return names.traefikService === undefined ? hosts : `sum(rate(traefik_service_requests_total{service=${literal(names.traefikService)},code!="101"}[${over}])) or ${hosts}`;
}
