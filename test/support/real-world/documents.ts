/** Pools and policies of real worlds, as a person would write them. */
import { API_VERSION, type HostPool, type ScalingPolicy } from '../../../controller/api/index.ts';
import type { OwnHost } from '../real-hosts/people.ts';
import { PROXY_METRICS_PORT } from '../real-hosts/project.ts';
import { FRESH_IMAGE } from '../real-hosts/rack.ts';

export const NAMESPACE = 'default';
export const LOCATION = 'nbg1';
export const NETWORK = 'private';

/** A rate needs some scrapes, and may not look back for long where minutes are seconds. */
const WINDOW_SECONDS = 5;

export type Written<T extends HostPool | ScalingPolicy> = Pick<T, 'apiVersion' | 'kind' | 'spec'> & { metadata: { name: string; namespace: string } };

export interface Served {
  /** Kamal's service, and the name of its pool. */
  service: string;
  hostname: string;
  ownHosts: readonly OwnHost[];
  /** Where Traefik's API is. */
  apiURL: string;
}

/** The load balancer's name for a pool. */
export const frontOf = (pool: string): string => `front-${pool}`;

/** Own hosts first; the others come from the simulated Hetzner Cloud, are reached at their private addresses and have Docker on their image. */
export function poolDocument({ service, hostname, ownHosts, apiURL }: Served, change: Partial<HostPool['spec']> = {}, name = service): Written<HostPool> {
  return {
    apiVersion: API_VERSION, kind: 'HostPool', metadata: { name, namespace: NAMESPACE },
    spec: {
      kamal: { service, role: 'web' },
      maxReplicas: 8,
      fixedHosts: ownHosts.map((own) => ({ name: own.name, address: own.address, hostKey: own.hostKey })),
      ports: { http: 80, proxyMetrics: PROXY_METRICS_PORT },
      placements: [placement()],
      loadBalancer: { traefik: { service: frontOf(name), apiURLs: [apiURL], strategy: 'wrr', entryPoint: 'web' } },
      health: { path: '/up', hostname, intervalSeconds: 2, timeoutSeconds: 2, unhealthyAfterSeconds: 20 },
      drain: { timeoutSeconds: 20 },
      limits: { startTimeoutSeconds: 180, startBackoffSeconds: 5, maxParallelDeploys: 5 },
      ...change,
    } as HostPool['spec'],
  };
}

/** As the pool of requests, for role `job` of the same service: no load balancer speaks of its hosts. */
export function jobPoolDocument(served: Served, jobHosts: readonly OwnHost[], name: string, change: Partial<HostPool['spec']> = {}): Written<HostPool> {
  const { loadBalancer: _, ...spec } = poolDocument({ ...served, ownHosts: jobHosts }, {}, name).spec;
  return { ...poolDocument(served, {}, name), spec: { ...spec, kamal: { service: served.service, role: 'job' }, roleKind: 'Job', ...change } as HostPool['spec'] };
}

type Placement = HostPool['spec']['placements'][number];

export const placement = (change: Partial<NonNullable<Placement['hetzner']>> = {}, name = LOCATION): Placement => ({
  name, provider: 'Hetzner',
  hetzner: { serverType: 'cpx21', location: LOCATION, image: FRESH_IMAGE, networks: [NETWORK], publicNetwork: 'None', ...change },
}) as Placement;

/** Requests a second for each host; the rest are windows that suit compressed time. */
export function policyDocument(pool: string, change: Partial<ScalingPolicy['spec']> = {}): Written<ScalingPolicy> {
  return {
    apiVersion: API_VERSION, kind: 'ScalingPolicy', metadata: { name: pool, namespace: NAMESPACE },
    spec: {
      targetRef: { name: pool },
      mode: 'Enforce',
      minHosts: 1,
      maxHosts: 6,
      intervalSeconds: 1,
      metrics: [{ name: 'rps', target: 30, windowSeconds: WINDOW_SECONDS }],
      behavior: {
        scaleOut: { policies: [{ type: 'Hosts', value: 6, periodSeconds: 15 }] },
        scaleIn: { stabilizationWindowSeconds: 10, policies: [{ type: 'Hosts', value: 6, periodSeconds: 15 }] },
      },
      ...change,
    } as ScalingPolicy['spec'],
  };
}
