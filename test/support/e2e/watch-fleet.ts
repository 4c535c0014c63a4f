/** What is seen of the fleet while a story goes on: by the API, by the kernel and by Prometheus. */
import { setTimeout as delay } from 'node:timers/promises';
import type { KamalHost } from '../../../controller/api/index.ts';
import { httpURL } from '../../../controller/model/index.ts';
import { SERVICE } from './front.ts';
import type { World } from './world.ts';

/** The four metrics of the policy in Prometheus' own words, as greatest values. */
export const MEASURED = {
  rps: `sum(rate(traefik_service_requests_total{service="${SERVICE}@http"}[5s]))`,
  p95: `histogram_quantile(0.95, sum by (le) (rate(traefik_service_request_duration_seconds_bucket{service="${SERVICE}@http"}[5s])))`
    + ` and on () (sum(increase(traefik_service_request_duration_seconds_count{service="${SERVICE}@http"}[5s])) >= 50)`,
  cpu: '100 * (1 - avg(sum by (host) (rate(node_cpu_seconds_total{pool="web",mode=~"idle|iowait|steal"}[5s]))))',
  dbPool: '100 * avg(activerecord_connection_pool_busy{pool="web"} / activerecord_connection_pool_size)',
} as const;

export interface FleetSeen {
  /** Fixed and bought hosts together. */
  mostInService: number;
  /** Greatest value of each metric. */
  greatest: Record<keyof typeof MEASURED, number>;
  /** Hosts for which Prometheus had CPU and database pool at the same time, at most. */
  mostMeasured: number;
  /** Requests in flight on hosts that were draining: the greatest number seen, by host. */
  drainingInFlight: Map<string, number>;
  /** Processes without a KamalHost, as they were seen; none is allowed. */
  unowned: string[];
  /** Seconds and hosts in service, whenever the number changed. */
  overTime: { seconds: number; hosts: number }[];
}

const EVERY_MS = 400;

/** Looks again and again until told to stop; answers what was seen. Looks that fail are not counted. */
export function watchFleet(world: World): { seen: FleetSeen; stop(): Promise<FleetSeen> } {
  const seen: FleetSeen = { mostInService: 0, greatest: { rps: 0, p95: 0, cpu: 0, dbPool: 0 }, mostMeasured: 0, drainingInFlight: new Map(), unowned: [], overTime: [] };
  const started = performance.now();
  const end = new AbortController();
  const watching = (async () => {
    while (!end.signal.aborted) {
      await look(world, seen, (performance.now() - started) / 1_000);
      await delay(EVERY_MS, undefined, { signal: end.signal }).catch(() => undefined);
    }
  })();
  return {
    seen,
    async stop() {
      end.abort();
      await watching;
      return seen;
    },
  };
}

async function look(world: World, seen: FleetSeen, seconds: number): Promise<void> {
  const before = await world.hosts();
  const processes = await world.hostProcesses();
  const hosts = await world.hosts();
  // A host has its object before its server and loses it after.
  const owners = new Set([...before, ...hosts].map(({ metadata }) => metadata.name));
  if (processes.length > owners.size) seen.unowned.push(`${processes.length} processes, ${owners.size} hosts at second ${Math.round(seconds)}`);

  const inService = 1 + hosts.filter(({ status }) => status?.phase === 'InService').length;
  if (inService !== seen.overTime.at(-1)?.hosts) seen.overTime.push({ seconds: Math.round(seconds), hosts: inService });
  seen.mostInService = Math.max(seen.mostInService, inService);
  await Promise.all([...hosts.filter(({ status }) => status?.phase === 'Draining').map((host) => countInFlight(host, seen)), measure(world, seen)]);
}

async function countInFlight({ metadata, status }: KamalHost, seen: FleetSeen): Promise<void> {
  const port = status?.ports?.proxyMetrics;
  if (port === undefined || status?.address === undefined) return;
  // It may be stopped by now.
  const text = await fetch(`${httpURL(status.address, port)}/metrics`).then((answer) => answer.text(), () => '');
  const inFlight = Number(/^kamal_proxy_http_in_flight_requests\{.*\} (\d+)$/m.exec(text)?.[1] ?? 0);
  seen.drainingInFlight.set(metadata.name, Math.max(inFlight, seen.drainingInFlight.get(metadata.name) ?? 0));
}

async function measure({ prometheus }: World, seen: FleetSeen): Promise<void> {
  const [first, ...others] = Object.entries(MEASURED).map(([name, promql]) => `label_replace(${promql}, "metric", "${name}", "", "")`);
  const samples = await prometheus.query([first, ...others].join(' or '));
  for (const { labels, value } of samples) {
    const name = labels['metric'] as keyof typeof MEASURED;
    if (value > seen.greatest[name]) seen.greatest[name] = value;
  }
  const [measured] = await prometheus.query('count(group by (host) (node_cpu_seconds_total{pool="web"}) and group by (host) (activerecord_connection_pool_busy{pool="web"}))');
  seen.mostMeasured = Math.max(seen.mostMeasured, measured?.value ?? 0);
}
