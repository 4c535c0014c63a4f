import { httpURL } from '../../model/index.ts';
import type { Instant, Ports, SignalName } from '../../model/index.ts';
import type { MetricHost, MetricQuery } from '../../ports/index.ts';
import { TargetHistory } from './target-history.ts';

/** Ports of a host that show metrics. */
export type ExporterPort = 'proxyMetrics' | 'nodeMetrics' | 'appMetrics';

/** A pool whose hosts and load balancers are scraped. */
export type ScrapedPool = Pick<MetricQuery, 'hosts' | 'spec'>;

/** One page that is scraped. */
export interface Target {
  url: string;
  history: TargetHistory;
  /** Why the last scrape failed. */
  failure?: string;
  attempted: boolean;
}

/** What a signal is read from. `Nothing`: from exporters that belong to no pool and that direct scrape does not know. */
export type SourceOfSignal = 'Requests' | 'Node' | 'Application' | 'Nothing';

export function sourceOfSignal(signal: SignalName): SourceOfSignal {
  switch (signal) {
    case 'rps':
    case 'p95':
    case 'errorRate':
      return 'Requests';
    case 'cpu':
    case 'memory':
      return 'Node';
    case 'pumaBusy':
    case 'dbPool':
    case 'queueDepth':
    case 'queueLatency':
      return 'Application';
    case 'dbConnections':
    case 'replicationLag':
    case 'pgbouncerPool':
    case 'pgbouncerWait':
    case 'redisMemory':
      return 'Nothing';
  }
}

export const traefikURLs = (pool: Pick<ScrapedPool, 'spec'>): readonly string[] => pool.spec.loadBalancer?.traefik?.metricsURLs ?? [];

/** The metrics page of one exporter on a host; undefined where the port is not published. */
export function exporterURL({ endpoint }: MetricHost, port: ExporterPort & keyof Ports): string | undefined {
  const number = endpoint.ports[port];
  return number === undefined ? undefined : `${httpURL(endpoint.metricsAddress ?? endpoint.address, number)}/metrics`;
}

/** The pages that one source of signals is read from. */
export function urlsOf(source: SourceOfSignal, pool: ScrapedPool): string[] {
  const exporters = (port: ExporterPort): string[] => pool.hosts.flatMap((host) => exporterURL(host, port) ?? []);
  switch (source) {
    case 'Requests':
      return [...traefikURLs(pool), ...exporters('proxyMetrics')];
    case 'Node':
      return exporters('nodeMetrics');
    case 'Application':
      return exporters('appMetrics');
    case 'Nothing':
      return [];
  }
}

/** Every page that is scraped, once, however many pools and policies want it. */
export class TargetTable {
  readonly #targets = new Map<string, Target>();
  readonly #wanted = new Map<string, { urls: readonly string[]; until: Instant }>();

  get(url: string | undefined): Target | undefined {
    return url === undefined ? undefined : this.#targets.get(url);
  }

  all(): Target[] {
    return [...this.#targets.values()];
  }

  /** What this asker wants from now on, in place of what it wanted before; true when one of the pages is new. */
  want(asker: string, urls: readonly string[], until: Instant): boolean {
    this.#wanted.set(asker, { urls, until });
    const fresh = urls.filter((url) => !this.#targets.has(url));
    for (const url of fresh) this.#targets.set(url, { url, history: new TargetHistory(), attempted: false });
    return fresh.length > 0;
  }

  /** Drops what nobody wants any more: the address of a released host may be a stranger's by now. */
  forget(now: Instant): void {
    for (const [asker, { until }] of this.#wanted) if (until < now) this.#wanted.delete(asker);
    const wanted = new Set([...this.#wanted.values()].flatMap(({ urls }) => urls));
    for (const { url } of this.all()) if (!wanted.has(url)) this.#targets.delete(url);
  }
}
