import { bucketWarning, LEAST_REQUESTS } from './buckets.ts';
import type { BucketOwner } from './buckets.ts';
import { meanOfHosts } from './mean-of-hosts.ts';
import type { HostReading } from './mean-of-hosts.ts';
import { absent, instantOf, isFresh, judge } from './outcome-of-rows.ts';
import type { Outcome } from './outcome-of-rows.ts';
import { requestsInFlight, requestsOfHosts } from './requests-of-hosts.ts';
import type { Basis, Field, Origin, Row, SeriesNames, SignalQuery } from './rows.ts';
import { seriesNames } from './rows.ts';
import { literal } from './promql.ts';

/** Turns an answer's rows into the outcome of one query; rows of other pools are passed over. */
export function readSignal(query: SignalQuery, rows: readonly Row[], basis: Basis): Outcome {
  const names = seriesNames(query);
  const own = rows.filter((row) => isOfPool(row, names));
  const signal = query.source.signal;
  switch (signal) {
    case 'rps':
      return atLoadBalancerElseHosts(names, own, readRequests(query, names, own, basis), () => requestsOfHosts(query, names, own, basis));
    case 'p95':
      return atLoadBalancerElseHosts(names, own, readQuantile('traefik', query, names, own, basis), () => readQuantile('proxy', query, names, own, basis));
    case 'errorRate':
      return atLoadBalancerElseHosts(names, own, readErrors('traefik', names, own, basis), () => readErrors('proxy', names, own, basis));
    case 'cpu':
    case 'memory':
    case 'pumaBusy':
    case 'dbPool':
      return meanOfHosts(`${HOST_SERIES[signal]}{${poolMatcher(names)}}`, query.hosts, hostReadings(own), basis);
    case 'queueDepth':
    case 'queueLatency':
      return readQueue(QUEUE_SERIES[signal], names, own, basis);
    case 'dbConnections':
    case 'replicationLag':
    case 'pgbouncerPool':
    case 'pgbouncerWait':
    case 'redisMemory':
      return judge(SHARED_SERIES[signal], field(own, 'shared', 'value'), field(own, 'shared', 'time'), basis);
  }
}

const HOST_SERIES = {
  cpu: 'node_cpu_seconds_total',
  memory: 'node_memory_MemAvailable_bytes',
  pumaBusy: 'puma_busy_threads',
  dbPool: 'activerecord_connection_pool_busy',
} as const;

const QUEUE_SERIES = { queueDepth: 'solid_queue_ready', queueLatency: 'solid_queue_latency_seconds' } as const;

const SHARED_SERIES = {
  dbConnections: 'pg_stat_activity_count',
  replicationLag: 'pg_replication_lag_seconds (of a replica)',
  pgbouncerPool: 'pgbouncer_pools_server_active_connections',
  pgbouncerWait: 'pgbouncer_pools_client_maxwait_seconds',
  redisMemory: 'redis_memory_used_bytes (with maxmemory set)',
} as const;

function isOfPool({ part, labels }: Row, names: SeriesNames): boolean {
  switch (part.split(':')[0] as Origin) {
    case 'traefik':
      return labels['entrypoint'] === undefined ? labels['service'] === names.traefikService : labels['entrypoint'] === names.entryPoint;
    case 'proxy':
      return labels['namespace'] === names.namespace && labels['pool'] === names.pool && labels['service'] === names.proxyService;
    case 'host':
    case 'pool':
      return labels['namespace'] === names.namespace && labels['pool'] === names.pool;
    case 'shared':
      return true;
  }
}

const field = (rows: readonly Row[], origin: Origin, name: Field): number | undefined => rows.find((row) => row.part === `${origin}:${name}`)?.value;

const poolMatcher = (names: SeriesNames): string => `namespace=${literal(names.namespace)},pool=${literal(names.pool)}`;

/**
 * The load balancer sees what users see, so it is asked first. Where it shows no series of this service or stale ones, the
 * hosts' own proxies have counted the same requests; they count the load balancer's probes too, and a person is told.
 */
function atLoadBalancerElseHosts(names: SeriesNames, rows: readonly Row[], balanced: Outcome, hosts: () => Outcome): Outcome {
  if (names.traefikService === undefined) return hosts();
  if (balanced.kind === 'Value' || (balanced.absence.kind !== 'Empty' && balanced.absence.kind !== 'Stale')) return balanced;
  const why = balanced.absence.message;
  if (!rows.some((row) => row.part.startsWith('proxy:'))) {
    return { ...balanced, absence: { ...balanced.absence, message: `${why}; and none of kamal-proxy with ${poolMatcher(names)},service=${literal(names.proxyService)}` } };
  }
  const own = hosts();
  if (own.kind === 'Absence') return { ...own, absence: { ...own.absence, message: `${why}; ${own.absence.message}` } };
  const told = `read at kamal-proxy, probes of the load balancer included, because of Traefik: ${why}`;
  return { ...own, warning: own.warning === undefined ? told : `${told}; ${own.warning}` };
}

function readRequests(query: SignalQuery, names: SeriesNames, rows: readonly Row[], basis: Basis): Outcome {
  const what = `traefik_service_requests_total{service=${literal(names.traefikService ?? '')}}`;
  const outcome = judge(what, field(rows, 'traefik', 'value'), field(rows, 'traefik', 'time'), basis);
  if (outcome.kind === 'Absence') return outcome;
  const expected = query.spec.loadBalancer?.traefik?.apiURLs.length ?? 0;
  const instances = field(rows, 'traefik', 'instances') ?? expected;
  // Half of the load balancers see half of the requests: that sum must not shrink a pool.
  if (instances < expected) return absent('Stale', `${what}: ${instances} of ${expected} Traefiks report, so that the sum would be too small`, outcome.asOf);
  const latest = field(rows, 'traefik', 'latest');
  const inFlight = requestsInFlight(query, rows);
  return { ...outcome, ...(latest !== undefined && Number.isFinite(latest) && { latest }), ...(inFlight !== undefined && { inFlight }) };
}

function readQuantile(origin: 'traefik' | 'proxy', query: SignalQuery, names: SeriesNames, rows: readonly Row[], basis: Basis): Outcome {
  const owner: BucketOwner = origin === 'traefik' ? 'Traefik' : 'kamal-proxy';
  const what = origin === 'traefik'
    ? `traefik_service_request_duration_seconds{service=${literal(names.traefikService ?? '')},protocol="http"}`
    : `kamal_proxy_http_request_duration_seconds{${poolMatcher(names)},service=${literal(names.proxyService)}}`;
  const bounds = rows.filter((row) => row.part === `${origin}:bound`).map((row) => Number(row.labels['le']));
  const warning = bucketWarning(owner, bounds, query.target);
  const told = warning === undefined ? {} : { warning };
  const time = field(rows, origin, 'time');
  const count = field(rows, origin, 'count');
  if (isFresh(time, basis) && count !== undefined && count < LEAST_REQUESTS) {
    const few = `${what}: ${Math.round(count)} requests in ${basis.windowSeconds} s; a P95 needs ${LEAST_REQUESTS}`;
    return { ...absent('TooFewSamples', few, instantOf(time)), ...told };
  }
  return { ...judge(what, field(rows, origin, 'value'), time, basis), ...told };
}

function readErrors(origin: 'traefik' | 'proxy', names: SeriesNames, rows: readonly Row[], basis: Basis): Outcome {
  const what = origin === 'traefik'
    ? `traefik_entrypoint_requests_total{entrypoint=${literal(names.entryPoint ?? '')}}`
    : `kamal_proxy_http_requests_total{${poolMatcher(names)},service=${literal(names.proxyService)}}`;
  const time = field(rows, origin, 'time');
  if (isFresh(time, basis) && field(rows, origin, 'count') === 0) {
    return absent('TooFewSamples', `${what}: no request in ${basis.windowSeconds} s, so no share of them failed or succeeded`, instantOf(time));
  }
  return judge(what, field(rows, origin, 'value'), time, basis);
}

/** The pool's own exporters first; else an exporter that belongs to no pool, such as one beside the database. */
function readQueue(metric: string, names: SeriesNames, rows: readonly Row[], basis: Basis): Outcome {
  const own = judge(`${metric}{${poolMatcher(names)}}`, field(rows, 'pool', 'value'), field(rows, 'pool', 'time'), basis);
  if (own.kind === 'Value' || own.absence.kind !== 'Empty') return own;
  const shared = judge(metric, field(rows, 'shared', 'value'), field(rows, 'shared', 'time'), basis);
  return shared.kind === 'Absence' && shared.absence.kind === 'Empty' ? absent('Empty', `${own.absence.message}, and none without a pool label`) : shared;
}

function hostReadings(rows: readonly Row[]): Map<string, HostReading> {
  const readings = new Map<string, HostReading>();
  for (const { part, labels, value } of rows) {
    const host = labels['host'];
    if (host === undefined || (part !== 'host:value' && part !== 'host:time')) continue;
    const reading = readings.get(host) ?? { value: undefined, time: undefined };
    readings.set(host, part === 'host:value' ? { ...reading, value } : { ...reading, time: value });
  }
  return readings;
}
