/** Pool and policy as a person would write them: defaults, except where a default would pace or delay the step itself. */
import { stringify } from 'yaml';
import { API_VERSION, type ObjectKey } from '../../../controller/api/index.ts';
import type { Endpoint } from '../../../controller/model/index.ts';
import type { MetricName } from './cases.ts';
import { metricEntry } from './load.ts';

export const POOL: ObjectKey = { namespace: 'default', name: 'web' };
export const KAMAL = { service: 'shop', role: 'web' };
export const BALANCED_SERVICE = 'shop-web';
export const ENTRY_POINT = 'web';
export const BOOT_MILLISECONDS = 3_000;
/** The fixed host, ten more, and one that still leaves. */
const MOST_HOSTS = 12;

export interface Place {
  fixedHost: Endpoint;
  traefikAPI: string;
}

export function documentsFor(metric: MetricName, hosts: number, { fixedHost, traefikAPI }: Place): string {
  const pool = {
    apiVersion: API_VERSION, kind: 'HostPool', metadata: { name: POOL.name },
    spec: {
      kamal: KAMAL,
      maxReplicas: MOST_HOSTS,
      fixedHosts: [{ name: 'web-primary', address: fixedHost.address, ports: fixedHost.ports }],
      placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: BOOT_MILLISECONDS } }],
      loadBalancer: { traefik: { service: BALANCED_SERVICE, apiURLs: [traefikAPI], entryPoint: ENTRY_POINT } },
    },
  };
  const policy = {
    apiVersion: API_VERSION, kind: 'ScalingPolicy', metadata: { name: POOL.name },
    spec: {
      targetRef: { name: POOL.name },
      mode: 'Enforce',
      maxHosts: 1 + hosts,
      // As in most policies there is a second metric, from other pages at other times; the step does not show in it.
      metrics: [metricEntry(metric, hosts), { name: 'cpu', target: 90 }],
      behavior: {
        // The default would add four hosts in the first minute.
        scaleOut: { policies: [{ type: 'Hosts', value: 10, periodSeconds: 5 }] },
        // Only to be ready for the next step soon.
        scaleIn: { stabilizationWindowSeconds: 0, policies: [{ type: 'Hosts', value: 10, periodSeconds: 5 }] },
      },
    },
  };
  return [pool, policy].map((document) => stringify(document)).join('---\n');
}
