import type { MetricHost } from '../ports/index.ts';
import { namesOf, tooFew } from './mean-of-hosts.ts';
import { absent, instantOf, isFresh, judge, stale } from './outcome-of-rows.ts';
import type { Outcome } from './outcome-of-rows.ts';
import { literal } from './promql.ts';
import type { Basis, Field, Row, SeriesNames, SignalQuery } from './rows.ts';

/**
 * Requests per second of a pool, summed over its hosts' proxies. A host that should report and does not would make the
 * sum too small and could shrink the pool: up to half of them are taken to carry what the others carry on average,
 * beyond that it is an absence.
 */
export function requestsOfHosts(query: SignalQuery, names: SeriesNames, rows: readonly Row[], basis: Basis): Outcome {
  const what = `kamal_proxy_http_requests_total{namespace=${literal(names.namespace)},pool=${literal(names.pool)},service=${literal(names.proxyService)}}`;
  const values = byHost(rows, 'value');
  const times = byHost(rows, 'time');
  const newest = times.size > 0 ? Math.max(...times.values()) : undefined;
  if (values.size === 0) return judge(what, undefined, newest, basis);
  if (!isFresh(newest, basis)) return stale(what, newest, basis);

  const wanted = query.hosts.filter((host) => !host.warming);
  const silent = wanted.filter((host) => !values.has(host.name) || !isFresh(times.get(host.name), basis));
  const share = `${wanted.length - silent.length} of ${wanted.length} hosts in service report`;
  if (tooFew(wanted.length - silent.length, wanted.length)) return absent('TooFewHosts', `${what}: ${share}; not ${namesOf(silent)}`, instantOf(newest));

  const reporting = wanted.filter((host) => !silent.includes(host));
  const latest = byHost(rows, 'latest');
  const inFlight = requestsInFlight(query, rows);
  return {
    kind: 'Value',
    value: totalOf(values, reporting, silent),
    asOf: instantOf(newest),
    ...(latest.size > 0 && { latest: totalOf(latest, reporting, silent) }),
    ...(inFlight !== undefined && { inFlight }),
    ...(silent.length > 0 && { warning: `${share}; not ${namesOf(silent)}, whose share is estimated` }),
  };
}

/**
 * A silent host's own rate sinks while its samples age, so the average of the others stands for it. Leaving and new
 * hosts are in the sum: what they carried in the window is the pool's to carry on.
 */
function totalOf(values: ReadonlyMap<string, number>, reporting: readonly MetricHost[], silent: readonly MetricHost[]): number {
  const known = reporting.flatMap((host) => values.get(host.name) ?? []);
  const mean = known.length === 0 ? 0 : known.reduce((total, value) => total + value, 0) / known.length;
  const measured = [...values].filter(([name]) => !silent.some((host) => host.name === name));
  return sum(new Map(measured)) + mean * silent.length;
}

/** Requests in the system; undefined unless every host that is not new reports them: a partial sum would look like calm. */
export function requestsInFlight(query: SignalQuery, rows: readonly Row[]): number | undefined {
  const gauges = byHost(rows, 'inFlight');
  const complete = query.hosts.every((host) => host.warming || gauges.has(host.name));
  return complete && gauges.size > 0 ? sum(gauges) : undefined;
}

function byHost(rows: readonly Row[], field: Field): Map<string, number> {
  return new Map(
    rows.flatMap(({ part, labels, value }) => (part === `proxy:${field}` && labels['host'] !== undefined && Number.isFinite(value) ? [[labels['host'], value]] : [])),
  );
}

const sum = (values: ReadonlyMap<string, number>): number => [...values.values()].reduce((total, value) => total + value, 0);
