import type { SignalName } from '../../model/index.ts';
import type { MetricHost } from '../../ports/index.ts';
import { histogramQuantile, QUANTILE } from '../buckets.ts';
import { numberOf } from '../prometheus-answer.ts';
import type { Part, Row, SeriesNames } from '../rows.ts';
import { increase, latestRate, rate } from './series.ts';
import { keyOf } from './target-history.ts';
import type { Series, TargetHistory } from './target-history.ts';

/** The targets of one pool and what they have shown. */
export interface PoolTargets {
  /** One a metrics URL of Traefik; undefined where it was never scraped. */
  traefik: readonly (TargetHistory | undefined)[];
  hosts: readonly { host: MetricHost; proxy?: TargetHistory; node?: TargetHistory; app?: TargetHistory }[];
}

/** Rate window, in seconds since the epoch. */
export interface Window {
  start: number;
  end: number;
}

/** The rows that Prometheus would answer with for one signal of one pool; direct scrape reads no exporter outside the pool. */
export function scrapedRows(signal: SignalName, names: SeriesNames, targets: PoolTargets, window: Window): Row[] {
  switch (signal) {
    case 'rps':
      return [...balancedRequests(names, targets, window), ...targets.hosts.flatMap(({ host, proxy }) => (proxy ? hostRequests(names, host, proxy, window) : []))];
    case 'p95':
      return [
        ...quantileRows('traefik', 'traefik_service_request_duration_seconds', { service: names.traefikService ?? '' }, traefikOf(targets), window, (labels) => labels['service'] === names.traefikService && labels['protocol'] === 'http'),
        ...quantileRows('proxy', 'kamal_proxy_http_request_duration_seconds', poolLabels(names), proxiesOf(targets), window, isRequestTo(names)),
      ];
    case 'errorRate':
      return [
        ...errorRows('traefik', 'traefik_entrypoint_requests_total', 'code', { entrypoint: names.entryPoint ?? '' }, traefikOf(targets), window, (labels) => labels['entrypoint'] === names.entryPoint && labels['code'] !== '101'),
        ...errorRows('proxy', 'kamal_proxy_http_requests_total', 'status', poolLabels(names), proxiesOf(targets), window, isRequestTo(names)),
      ];
    case 'cpu':
      return perHost(names, targets, 'node', (node) => cpuUse(node, window), 'node_cpu_seconds_total');
    case 'memory':
      return perHost(names, targets, 'node', (node) => share(node, ['node_memory_MemAvailable_bytes'], ['node_memory_MemTotal_bytes'], (available) => 1 - available), 'node_memory_MemAvailable_bytes');
    case 'pumaBusy':
      return perHost(names, targets, 'app', (app) => share(app, ['puma_busy_threads', 'ruby_puma_busy_threads'], ['puma_max_threads', 'ruby_puma_max_threads']), 'puma_busy_threads', 'ruby_puma_busy_threads');
    case 'dbPool':
      return perHost(names, targets, 'app', databasePoolUse, 'activerecord_connection_pool_busy', 'ruby_active_record_connection_pool_busy');
    case 'queueDepth':
      return queueRows('solid_queue_ready', names, targets, (values) => values.reduce((sum, value) => sum + value, 0));
    case 'queueLatency':
      return queueRows('solid_queue_latency_seconds', names, targets, (values) => Math.max(...values));
    case 'dbConnections':
    case 'replicationLag':
    case 'pgbouncerPool':
    case 'pgbouncerWait':
    case 'redisMemory':
      return [];
  }
}

type Labels = Readonly<Record<string, string>>;
type Matches = (labels: Labels) => boolean;

const traefikOf = (targets: PoolTargets): readonly (TargetHistory | undefined)[] => targets.traefik;
const proxiesOf = (targets: PoolTargets): TargetHistory[] => targets.hosts.flatMap(({ proxy }) => proxy ?? []);
const poolLabels = (names: SeriesNames): Labels => ({ namespace: names.namespace, pool: names.pool, service: names.proxyService });
const isRequestTo = (names: SeriesNames): Matches => (labels) => labels['service'] === names.proxyService && labels['status'] !== '101';

/** Rows without those whose value is not known. */
const rows = (labels: Labels, values: Partial<Record<Part, number | undefined>>): Row[] =>
  Object.entries(values).flatMap(([part, value]) => (value === undefined ? [] : [{ part: part as Part, labels, value }]));

const select = (targets: readonly (TargetHistory | undefined)[], name: string, matches: Matches): Series[] =>
  targets.flatMap((target) => target?.select(name, matches) ?? []);

/** Undefined when no series has a value: nothing known is not zero. */
function sumOf(series: readonly Series[], measure: (series: Series) => number | undefined): number | undefined {
  const values = series.flatMap((one) => measure(one) ?? []);
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

/** Time of the scrape that is longest ago: the sum of several targets is as old as its oldest part; undefined while one is missing. */
function timeOfAll(targets: readonly (TargetHistory | undefined)[], series: readonly Series[]): number | undefined {
  const times = targets.map((target) => target?.lastScrape);
  return series.length === 0 || times.includes(undefined) ? undefined : Math.min(...times.map(Number));
}

function balancedRequests(names: SeriesNames, targets: PoolTargets, window: Window): Row[] {
  const series = select(targets.traefik, 'traefik_service_requests_total', (labels) => labels['service'] === names.traefikService && labels['code'] !== '101');
  return rows({ service: names.traefikService ?? '' }, {
    'traefik:value': sumOf(series, ({ points }) => rate(points, window.start, window.end)),
    'traefik:latest': sumOf(series, ({ points }) => latestRate(points, window.start, window.end)),
    'traefik:time': timeOfAll(targets.traefik, series),
  });
}

function hostRequests(names: SeriesNames, host: MetricHost, proxy: TargetHistory, window: Window): Row[] {
  const series = proxy.select('kamal_proxy_http_requests_total', isRequestTo(names));
  const gauges = proxy.current('kamal_proxy_http_in_flight_requests', (labels) => labels['service'] === names.proxyService);
  return rows({ ...poolLabels(names), host: host.name }, {
    'proxy:value': sumOf(series, ({ points }) => rate(points, window.start, window.end)),
    'proxy:latest': sumOf(series, ({ points }) => latestRate(points, window.start, window.end)),
    'proxy:time': series.length > 0 ? proxy.lastScrape : undefined,
    'proxy:inFlight': sumOf(gauges, ({ points }) => points.at(-1)?.value),
  });
}

function quantileRows(origin: 'traefik' | 'proxy', metric: string, labels: Labels, targets: readonly (TargetHistory | undefined)[], window: Window, matches: Matches): Row[] {
  const series = select(targets, `${metric}_bucket`, matches);
  const counts = select(targets, `${metric}_count`, matches);
  const buckets = new Map<number, number>();
  for (const { labels: { le = '' }, points } of series) {
    const perSecond = rate(points, window.start, window.end);
    if (perSecond !== undefined) buckets.set(numberOf(le), (buckets.get(numberOf(le)) ?? 0) + perSecond);
  }
  const bounds = new Set(series.map(({ labels: { le = '' } }) => le));
  return [
    ...rows(labels, {
      [`${origin}:value`]: buckets.size > 0 ? histogramQuantile(QUANTILE, buckets) : undefined,
      [`${origin}:count`]: sumOf(counts, ({ points }) => increase(points, window.start, window.end)),
      // Of the hosts' own proxies a silent one is only a small part; of the load balancers it may be half.
      [`${origin}:time`]: origin === 'traefik' ? timeOfAll(targets, counts) : newestTime(targets, counts),
    }),
    ...[...bounds].flatMap((le) => rows({ ...labels, le }, { [`${origin}:bound`]: 1 })),
  ];
}

function errorRows(origin: 'traefik' | 'proxy', metric: string, codeLabel: string, labels: Labels, targets: readonly (TargetHistory | undefined)[], window: Window, matches: Matches): Row[] {
  const series = select(targets, metric, matches);
  const all = sumOf(series, ({ points }) => rate(points, window.start, window.end));
  const failed = sumOf(series.filter((one) => one.labels[codeLabel]?.startsWith('5')), ({ points }) => rate(points, window.start, window.end)) ?? 0;
  return rows(labels, {
    [`${origin}:value`]: all === undefined || all === 0 ? undefined : (100 * failed) / all,
    [`${origin}:count`]: sumOf(series, ({ points }) => increase(points, window.start, window.end)),
    [`${origin}:time`]: origin === 'traefik' ? timeOfAll(targets, series) : newestTime(targets, series),
  });
}

function newestTime(targets: readonly (TargetHistory | undefined)[], series: readonly Series[]): number | undefined {
  const times = targets.flatMap((target) => target?.lastScrape ?? []);
  return series.length === 0 || times.length === 0 ? undefined : Math.max(...times);
}

function perHost(names: SeriesNames, targets: PoolTargets, exporter: 'node' | 'app', measure: (target: TargetHistory) => number | undefined, ...metrics: string[]): Row[] {
  return targets.hosts.flatMap(({ host, [exporter]: target }) =>
    target === undefined || !metrics.some((metric) => target.current(metric).length > 0)
      ? []
      : rows({ namespace: names.namespace, pool: names.pool, host: host.name }, { 'host:value': measure(target), 'host:time': target.lastScrape }),
  );
}

function cpuUse(node: TargetHistory, window: Window): number | undefined {
  const idle = new Map<string, number>();
  for (const { labels: { cpu = '' }, points } of node.current('node_cpu_seconds_total')) {
    const perSecond = rate(points, window.start, window.end);
    if (perSecond !== undefined) idle.set(cpu, (idle.get(cpu) ?? 0) + perSecond);
  }
  return idle.size === 0 ? undefined : 100 * (1 - [...idle.values()].reduce((sum, value) => sum + value, 0) / idle.size);
}

const gauge = (target: TargetHistory, names: readonly string[]): number | undefined =>
  sumOf(names.flatMap((name) => target.current(name)), ({ points }) => points.at(-1)?.value);

function share(target: TargetHistory, part: readonly string[], whole: readonly string[], turn: (share: number) => number = (value) => value): number | undefined {
  const [used, size] = [gauge(target, part), gauge(target, whole)];
  return used === undefined || size === undefined || size <= 0 ? undefined : 100 * turn(used / size);
}

/** Yabeda tells each database apart, and the fullest counts; the other exporter is summed over processes. */
function databasePoolUse(app: TargetHistory): number | undefined {
  const sizes = new Map(app.current('activerecord_connection_pool_size').map(({ labels, points }) => [keyOf(labels), points.at(-1)!.value]));
  const shares = app.current('activerecord_connection_pool_busy').flatMap(({ labels, points }) => {
    const size = sizes.get(keyOf(labels)) ?? 0;
    return size > 0 ? [(100 * points.at(-1)!.value) / size] : [];
  });
  return shares.length > 0 ? Math.max(...shares) : share(app, ['ruby_active_record_connection_pool_busy'], ['ruby_active_record_connection_pool_size']);
}

/** Every process of the application reports the same queue: hosts are merged by max, then queues are put together. */
function queueRows(metric: string, names: SeriesNames, targets: PoolTargets, together: (values: number[]) => number): Row[] {
  const apps = targets.hosts.flatMap(({ app }) => app ?? []);
  const queues = new Map<string, number>();
  for (const { labels, points } of apps.flatMap((app) => app.current(metric))) {
    const { pid: _pid, ...queue } = labels;
    const key = keyOf(queue);
    queues.set(key, Math.max(queues.get(key) ?? -Infinity, points.at(-1)!.value));
  }
  if (queues.size === 0) return [];
  const newest = Math.max(...apps.filter((app) => app.current(metric).length > 0).map((app) => app.lastScrape ?? 0));
  return rows({ namespace: names.namespace, pool: names.pool }, { 'pool:value': together([...queues.values()]), 'pool:time': newest });
}
