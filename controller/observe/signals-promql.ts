import type { SignalName } from '../model/index.ts';
import { duration, joinParts, oneOf } from './promql.ts';
import type { MetricQuery } from '../ports/index.ts';
import { type Part, type SeriesNames, seriesNames } from './rows.ts';

/** Label matchers that pick the series of many pools at once; the answer's labels tell them apart again. */
interface Selection {
  /** Series of exporters on the pools' hosts, by the labels of our service discovery. */
  hosts: string;
  /** The same, of kamal-proxy for these pools' roles alone: a host may run other apps too. */
  proxies: string;
  /** Undefined when no pool has a load balancer. */
  traefikServices: string | undefined;
  entryPoints: string | undefined;
  /** Rate window. */
  w: string;
}

type Parts = Partial<Record<Part, string>>;

const BY_HOST = 'by (namespace, pool, host)';
const BY_POOL = 'by (namespace, pool)';
/** Labels by which two hosts that report the same thing differ. */
const HOST_LABELS = 'host, instance, provider, placement, role, pid, job';

/** The PromQL of one ready-made signal for all these pools: one request. */
export function signalQuery(signal: SignalName, pools: readonly SeriesNames[], windowSeconds: number): string {
  const parts = TEMPLATES[signal](selection(pools, windowSeconds));
  return joinParts(new Map(Object.entries(parts)));
}

function selection(pools: readonly SeriesNames[], windowSeconds: number): Selection {
  const hosts = `${oneOf('namespace', pools.map((pool) => pool.namespace))},${oneOf('pool', pools.map((pool) => pool.pool))}`;
  const services = pools.flatMap((pool) => pool.traefikService ?? []);
  const entryPoints = pools.flatMap((pool) => pool.entryPoint ?? []);
  return {
    hosts,
    proxies: `${hosts},${oneOf('service', pools.map((pool) => pool.proxyService))}`,
    traefikServices: services.length > 0 ? oneOf('service', services) : undefined,
    entryPoints: entryPoints.length > 0 ? oneOf('entrypoint', entryPoints) : undefined,
    w: duration(windowSeconds),
  };
}

const TEMPLATES: Record<SignalName, (select: Selection) => Parts> = {
  rps: ({ traefikServices, proxies, w }) => {
    // 101 is a WebSocket: one request for hours of connection, counted when it ends.
    const proxied = `kamal_proxy_http_requests_total{${proxies},status!="101"}`;
    const parts: Parts = {
      'proxy:value': `sum by (namespace, pool, host, service) (rate(${proxied}[${w}]))`,
      'proxy:latest': `sum by (namespace, pool, host, service) (irate(${proxied}[${w}]))`,
      'proxy:time': `max by (namespace, pool, host, service) (timestamp(${proxied}))`,
      'proxy:inFlight': `sum by (namespace, pool, host, service) (kamal_proxy_http_in_flight_requests{${proxies}})`,
    };
    if (traefikServices === undefined) return parts;
    const balanced = `traefik_service_requests_total{${traefikServices},code!="101"}`;
    return {
      'traefik:value': `sum by (service) (rate(${balanced}[${w}]))`,
      'traefik:latest': `sum by (service) (irate(${balanced}[${w}]))`,
      'traefik:time': `max by (service) (timestamp(${balanced}))`,
      // Every Traefik shows its members' state, even one without a request.
      'traefik:instances': `count by (service) (count by (service, instance) (traefik_service_server_up{${traefikServices}}))`,
      ...parts,
    };
  },

  p95: ({ traefikServices, proxies, w }) => ({
    ...(traefikServices !== undefined && quantileParts('traefik', 'traefik_service_request_duration_seconds', `${traefikServices},protocol="http"`, 'service', w)),
    ...quantileParts('proxy', 'kamal_proxy_http_request_duration_seconds', `${proxies},status!="101"`, 'namespace, pool, service', w),
  }),

  errorRate: ({ entryPoints, proxies, w }) => ({
    // At the entry point: service metrics miss the load balancer's own 503s and count retries twice.
    ...(entryPoints !== undefined && errorParts('traefik', 'traefik_entrypoint_requests_total', entryPoints, 'code', 'entrypoint', w)),
    ...errorParts('proxy', 'kamal_proxy_http_requests_total', proxies, 'status', 'namespace, pool, service', w),
  }),

  cpu: ({ hosts, w }) => ({
    'host:value':
      `100 * (1 - avg ${BY_HOST} (sum by (namespace, pool, host, cpu) (rate(node_cpu_seconds_total{${hosts},mode=~"idle|iowait|steal"}[${w}]))))`,
    'host:time': `max ${BY_HOST} (timestamp(node_cpu_seconds_total{${hosts},mode="idle"}))`,
  }),

  memory: ({ hosts }) => ({
    'host:value':
      `100 * (1 - max ${BY_HOST} (node_memory_MemAvailable_bytes{${hosts}}) / (max ${BY_HOST} (node_memory_MemTotal_bytes{${hosts}}) > 0))`,
    'host:time': `max ${BY_HOST} (timestamp(node_memory_MemAvailable_bytes{${hosts}}))`,
  }),

  pumaBusy: ({ hosts }) => ({
    'host:value':
      `100 * sum ${BY_HOST} (puma_busy_threads{${hosts}} or ruby_puma_busy_threads{${hosts}})` +
      ` / (sum ${BY_HOST} (puma_max_threads{${hosts}} or ruby_puma_max_threads{${hosts}}) > 0)`,
    'host:time': `max ${BY_HOST} (timestamp(puma_busy_threads{${hosts}}) or timestamp(ruby_puma_busy_threads{${hosts}}))`,
  }),

  dbPool: ({ hosts }) => ({
    'host:value':
      `100 * max ${BY_HOST} (activerecord_connection_pool_busy{${hosts}} / (activerecord_connection_pool_size{${hosts}} > 0))` +
      ` or 100 * sum ${BY_HOST} (ruby_active_record_connection_pool_busy{${hosts}})` +
      ` / (sum ${BY_HOST} (ruby_active_record_connection_pool_size{${hosts}}) > 0)`,
    'host:time':
      `max ${BY_HOST} (timestamp(activerecord_connection_pool_busy{${hosts}}) or timestamp(ruby_active_record_connection_pool_busy{${hosts}}))`,
  }),

  queueDepth: ({ hosts }) => queueParts('solid_queue_ready', hosts, 'sum'),
  queueLatency: ({ hosts }) => queueParts('solid_queue_latency_seconds', hosts, 'max'),

  dbConnections: () => ({
    'shared:value':
      '100 * max(sum by (instance) (pg_stat_activity_count) / on (instance)' +
      ' (max by (instance) (pg_settings_max_connections) - on (instance) max by (instance) (pg_settings_superuser_reserved_connections)))',
    'shared:time': 'max(timestamp(pg_stat_activity_count))',
  }),

  replicationLag: () => ({
    'shared:value': 'max(pg_replication_lag_seconds and on (instance) (pg_replication_is_replica == 1))',
    'shared:time': 'max(timestamp(pg_replication_lag_seconds))',
  }),

  pgbouncerPool: () => ({
    'shared:value':
      '100 * max(sum by (instance, database) (pgbouncer_pools_server_active_connections{database!="pgbouncer"}) / on (instance, database)' +
      ' (sum by (instance, database) (label_replace(pgbouncer_databases_pool_size, "database", "$1", "name", "(.+)")) > 0))',
    'shared:time': 'max(timestamp(pgbouncer_pools_server_active_connections))',
  }),

  pgbouncerWait: () => ({
    'shared:value': 'max(pgbouncer_pools_client_maxwait_seconds)',
    'shared:time': 'max(timestamp(pgbouncer_pools_client_maxwait_seconds))',
  }),

  redisMemory: () => ({
    'shared:value': '100 * max(redis_memory_used_bytes / (redis_memory_max_bytes > 0))',
    'shared:time': 'max(timestamp(redis_memory_used_bytes))',
  }),
};

function quantileParts(origin: 'traefik' | 'proxy', metric: string, select: string, by: string, w: string): Parts {
  return {
    [`${origin}:value`]: `histogram_quantile(0.95, sum by (${by}, le) (rate(${metric}_bucket{${select}}[${w}])))`,
    [`${origin}:count`]: `sum by (${by}) (increase(${metric}_count{${select}}[${w}]))`,
    [`${origin}:bound`]: `group by (${by}, le) (${metric}_bucket{${select}})`,
    [`${origin}:time`]: `max by (${by}) (timestamp(${metric}_count{${select}}))`,
  };
}

function errorParts(origin: 'traefik' | 'proxy', metric: string, select: string, codeLabel: string, by: string, w: string): Parts {
  const all = `sum by (${by}) (rate(${metric}{${select},${codeLabel}!="101"}[${w}]))`;
  // A counter of 5xx exists only after the first one: without `or 0 * all` a fault-free service would have no value.
  const failed = `sum by (${by}) (rate(${metric}{${select},${codeLabel}=~"5.."}[${w}]))`;
  return {
    [`${origin}:value`]: `100 * (${failed} or 0 * ${all}) / (${all} > 0)`,
    [`${origin}:count`]: `sum by (${by}) (increase(${metric}{${select},${codeLabel}!="101"}[${w}]))`,
    [`${origin}:time`]: `max by (${by}) (timestamp(${metric}{${select}}))`,
  };
}

/** Every process of the application reports the same queue, so hosts are merged by max; only then are queues put together. */
function queueParts(metric: string, hosts: string, across: 'sum' | 'max'): Parts {
  return {
    'pool:value': `${across} ${BY_POOL} (max without (${HOST_LABELS}) (${metric}{${hosts}}))`,
    'pool:time': `max ${BY_POOL} (timestamp(${metric}{${hosts}}))`,
    'shared:value': `${across}(max without (${HOST_LABELS}) (${metric}{pool=""}))`,
    'shared:time': `max(timestamp(${metric}{pool=""}))`,
  };
}

/** Requests a second of a pool over time, as one series: what `rps` reads at one moment, for its history. */
export function requestsHistoryQuery(pool: Pick<MetricQuery, 'pool' | 'spec'>, windowSeconds: number): string {
  const { proxies, traefikServices, w } = selection([seriesNames(pool)], windowSeconds);
  const proxied = `sum(rate(kamal_proxy_http_requests_total{${proxies},status!="101"}[${w}]))`;
  return traefikServices === undefined ? proxied : `sum(rate(traefik_service_requests_total{${traefikServices},code!="101"}[${w}])) or ${proxied}`;
}
