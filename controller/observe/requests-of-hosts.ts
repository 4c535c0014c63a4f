import type { MetricHost } from '../ports/index.ts';
import { namesOf, tooFew, warningOf } from './mean-of-hosts.ts';
import { absent, instantOf, isFresh, judge, stale } from './outcome-of-rows.ts';
import type { Outcome } from './outcome-of-rows.ts';
import { literal } from './promql.ts';
import type { Basis, Field, Row, SeriesNames, SignalQuery } from './rows.ts';

/** A load balancer spreads requests evenly enough that no host has so many times what the middle one of the others has. */
const OUTLIER = 4;

/**
 * Requests per second of a pool, summed over its hosts' proxies. One that says far more than the others do counts for
 * `OUTLIER` times their median: a host that lies must not buy servers without end. A host that should report and does not would make the
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
  const cut = outliers(values, reporting);
  const inFlight = requestsInFlight(query, rows);
  return {
    kind: 'Value',
    value: totalOf(cutTo(values, cut), reporting, silent),
    asOf: instantOf(newest),
    ...(latest.size > 0 && { latest: totalOf(cutTo(latest, outliers(latest, reporting)), reporting, silent) }),
    ...(inFlight !== undefined && { inFlight }),
    ...warningOf([
      ...(silent.length > 0 ? [`${share}; not ${namesOf(silent)}, whose share is estimated`] : []),
      ...[...cut].slice(0, 3).map(([name, most]) => `${name} says ${values.get(name)} a second, more than ${OUTLIER} times what others do, which counts as ${most}`),
    ]),
  };
}

/** Greatest value by host that says more; a warm-up of one among idle hosts is none. */
function outliers(values: ReadonlyMap<string, number>, reporting: readonly MetricHost[]): ReadonlyMap<string, number> {
  const known = new Map(reporting.flatMap(({ name }) => (values.has(name) ? [[name, values.get(name)!] as const] : [])));
  return new Map([...values].flatMap(([name, value]) => {
    const others = [...known].flatMap(([other, theirs]) => (other === name ? [] : [theirs])).sort((one, other) => one - other);
    const most = OUTLIER * (others[Math.floor(others.length / 2)] ?? 0);
    return others.length >= 2 && most > 0 && value > most ? [[name, most] as const] : [];
  }));
}

const cutTo = (values: ReadonlyMap<string, number>, cut: ReadonlyMap<string, number>): ReadonlyMap<string, number> => new Map([...values, ...cut]);

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
