import { stringify } from 'yaml';
import { API_VERSION, type ObjectKey } from '../api/index.ts';
import type { Ports } from '../model/index.ts';
import type { Script } from './script.ts';

export const POOL: ObjectKey = { namespace: 'default', name: 'web' };
export const FIXED_HOST = 'web-primary';
/** Name of the load balancer's service. */
export const BALANCED_SERVICE = 'shop-web';
export const ENTRY_POINT = 'web';
export const KAMAL = { service: 'shop', role: 'web' };

/** Where the parts of the world answer. */
export interface Place {
  fixedHost: { address: string; ports: Ports };
  balancer: { apiURL: string; metricsURL: string };
}

/** With a sample a second, five of them make a rate. */
const WINDOW_SECONDS = 5;

/** Pool and policy as a person would write them, in YAML. */
export function documentsOf(script: Script, { fixedHost, balancer }: Place): string {
  const pool = {
    apiVersion: API_VERSION, kind: 'HostPool', metadata: { name: POOL.name },
    spec: {
      kamal: KAMAL,
      // Room for hosts that still drain while others are bought.
      maxReplicas: script.mostHosts + 2,
      fixedHosts: [{ name: FIXED_HOST, ...fixedHost }],
      placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: script.bootMilliseconds } }],
      loadBalancer: { traefik: { service: BALANCED_SERVICE, apiURLs: [balancer.apiURL], metricsURLs: [balancer.metricsURL], entryPoint: ENTRY_POINT } },
      // All parts share one machine: where it stalls for a moment, no host is down.
      health: { intervalSeconds: 1, timeoutSeconds: 4 },
      drain: { timeoutSeconds: 20 },
    },
  };
  const policy = {
    apiVersion: API_VERSION, kind: 'ScalingPolicy', metadata: { name: POOL.name },
    spec: {
      targetRef: { name: POOL.name },
      mode: 'Enforce',
      minHosts: script.leastHosts,
      maxHosts: script.mostHosts,
      intervalSeconds: 1,
      metrics: [
        { name: 'rps', target: script.hostRate, windowSeconds: WINDOW_SECONDS },
        { name: 'p95', target: 0.5, windowSeconds: WINDOW_SECONDS },
        { name: 'cpu', target: 70, windowSeconds: WINDOW_SECONDS },
        { name: 'dbPool', target: 95 },
      ],
      behavior: {
        scaleOut: { policies: [{ type: 'Hosts', value: script.mostHosts, periodSeconds: 15 }] },
        scaleIn: {
          stabilizationWindowSeconds: script.scaleInWindowSeconds,
          policies: [{ type: 'Hosts', value: script.mostHosts, periodSeconds: 15 }],
        },
      },
    },
  };
  return [pool, policy].map((document) => stringify(document)).join('---\n');
}
