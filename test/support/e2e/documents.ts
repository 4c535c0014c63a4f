/** Pool and policy of the end-to-end worlds, as a person would write them. */
import { API_VERSION, type HostPool, type ScalingPolicy } from '../../../controller/api/index.ts';
import type { Endpoint } from '../../../controller/model/index.ts';
import { SERVICE } from './front.ts';

export const NAME = 'web';
export const NAMESPACE = 'default';
export const FIXED_HOST = 'web-primary';
export const KAMAL = { service: 'shop', role: 'web' };

/** A rate needs some scrapes, and may not look back for long where minutes are seconds. */
const WINDOW_SECONDS = 5;

export type Written<T extends HostPool | ScalingPolicy> = Pick<T, 'apiVersion' | 'kind' | 'spec'> & { metadata: { name: string; namespace: string } };

/** One fixed host; the others are processes that take 1.5 s to boot. */
export function poolDocument(fixedHost: Endpoint, apiURL: string, change: Partial<HostPool['spec']> = {}): Written<HostPool> {
  return {
    apiVersion: API_VERSION, kind: 'HostPool', metadata: { name: NAME, namespace: NAMESPACE },
    spec: {
      kamal: KAMAL,
      maxReplicas: 8,
      fixedHosts: [{ name: FIXED_HOST, address: fixedHost.address, ports: fixedHost.ports }],
      placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 1_500 } }],
      loadBalancer: { traefik: { service: SERVICE, apiURLs: [apiURL], strategy: 'wrr', entryPoint: 'web' } },
      health: { intervalSeconds: 1, timeoutSeconds: 1, unhealthyAfterSeconds: 10 },
      drain: { timeoutSeconds: 20 },
      ...change,
    } as HostPool['spec'],
  };
}

/** The four metrics that work out of the box, each in two lines and a window that suits compressed time. */
export function policyDocument(change: Partial<ScalingPolicy['spec']> = {}): Written<ScalingPolicy> {
  return {
    apiVersion: API_VERSION, kind: 'ScalingPolicy', metadata: { name: NAME, namespace: NAMESPACE },
    spec: {
      targetRef: { name: NAME },
      mode: 'Enforce',
      minHosts: 1,
      maxHosts: 6,
      intervalSeconds: 1,
      metrics: [
        { name: 'rps', target: 45, windowSeconds: WINDOW_SECONDS },
        { name: 'p95', target: 0.5, windowSeconds: WINDOW_SECONDS },
        { name: 'cpu', target: 80, windowSeconds: WINDOW_SECONDS },
        { name: 'dbPool', target: 90 },
      ],
      behavior: {
        scaleOut: { policies: [{ type: 'Hosts', value: 6, periodSeconds: 15 }] },
        scaleIn: { stabilizationWindowSeconds: 10, policies: [{ type: 'Hosts', value: 6, periodSeconds: 15 }] },
      },
      ...change,
    } as ScalingPolicy['spec'],
  };
}
