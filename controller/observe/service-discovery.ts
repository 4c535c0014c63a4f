import type { Endpoint, Phase, Ports } from '../model/index.ts';

/** Which exporter of a host a Prometheus job scrapes. */
export const DISCOVERY_TARGETS = ['kamal-proxy', 'node', 'app'] as const;
export type DiscoveryTarget = (typeof DISCOVERY_TARGETS)[number];

/** A host as Prometheus should know it. */
export interface DiscoveredHost {
  namespace: string;
  pool: string;
  /** Role of the Kamal configuration. */
  role: string;
  /** Name of the fixed host or KamalHost. */
  host: string;
  /** Where it comes from; fixed hosts have neither provider nor placement of their own. */
  origin: { kind: 'Bought'; provider: string; placement: string; phase: Phase } | { kind: 'Fixed' };
  endpoint: Endpoint;
  /** Version that it runs, where known. */
  version?: string;
}

/** One group of Prometheus's HTTP service discovery. */
export interface TargetGroup {
  targets: string[];
  labels: Record<string, string>;
}

/** From the deployment on there is something to scrape, and an early first sample makes the first rate right. */
const SCRAPED: readonly Phase[] = ['Deploying', 'Joining', 'InService', 'Draining'];

const PORT: Record<DiscoveryTarget, keyof Ports> = { 'kamal-proxy': 'proxyMetrics', node: 'nodeMetrics', app: 'appMetrics' };

/**
 * The document for `http_sd_configs`, ordered by namespace, pool and host so that it changes only when hosts do. What
 * changes during a host's life is a `__meta_` label: on the series it would split them at every change.
 */
export function discoveryDocument(target: DiscoveryTarget, hosts: readonly DiscoveredHost[]): TargetGroup[] {
  return hosts
    .filter(({ origin }) => origin.kind === 'Fixed' || SCRAPED.includes(origin.phase))
    .toSorted((a, b) => compare(a.namespace, b.namespace) || compare(a.pool, b.pool) || compare(a.host, b.host))
    .flatMap((host) => {
      const port = host.endpoint.ports[PORT[target]];
      return port === undefined ? [] : [{ targets: [hostAndPort(host.endpoint.metricsAddress ?? host.endpoint.address, port)], labels: labelsOf(host) }];
    });
}

export const isDiscoveryTarget = (text: string): text is DiscoveryTarget => (DISCOVERY_TARGETS as readonly string[]).includes(text);

function labelsOf({ namespace, pool, role, host, origin, version }: DiscoveredHost): Record<string, string> {
  const bought = origin.kind === 'Bought';
  return {
    namespace,
    pool,
    role,
    host,
    provider: bought ? origin.provider : 'Fixed',
    placement: bought ? origin.placement : 'Fixed',
    __meta_kamal_autoscaler_phase: bought ? origin.phase : 'InService',
    ...(version !== undefined && { __meta_kamal_autoscaler_version: version }),
  };
}

const hostAndPort = (address: string, port: number): string => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);

/** By code points: a locale must not reorder the document. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
