import { HOST_FINALIZER, POOL_LABEL, SESSION_FINALIZER } from '../../controller/api/index.ts';
import type { HostPoolSpec, KamalHostSpec, ScalingPolicySpec } from '../../controller/api/index.ts';
import type { Draft } from '../../controller/ports/index.ts';

/** Drafts as a person or a reconciler would write them: only what has no default. */

export function poolDraft(namespace: string, name = 'web', spec: Partial<HostPoolSpec> = {}): Draft<'HostPool'> {
  const written = {
    kamal: { service: 'shop', role: 'web' },
    maxReplicas: 10,
    placements: [{ name: 'here', provider: 'Local' }],
    loadBalancer: { traefik: { service: name, apiURLs: ['http://127.0.0.1:8080'] } },
    ...spec,
  };
  // What is left out has a default, which the generated types take for given.
  return { apiVersion: 'kamal-autoscaler.dev/v1alpha1', kind: 'HostPool', metadata: { namespace, name }, spec: written as HostPoolSpec };
}

export function policyDraft(namespace: string, name = 'web', spec: Record<string, unknown> = {}): Draft<'ScalingPolicy'> {
  const written = { targetRef: { name: 'web' }, maxHosts: 5, metrics: [{ name: 'cpu', target: 60 }], ...spec };
  return { apiVersion: 'kamal-autoscaler.dev/v1alpha1', kind: 'ScalingPolicy', metadata: { namespace, name }, spec: written as unknown as ScalingPolicySpec };
}

export function hostDraft(namespace: string, name = 'web-1', spec: Partial<KamalHostSpec> = {}): Draft<'KamalHost'> {
  return {
    apiVersion: 'kamal-autoscaler.dev/v1alpha1',
    kind: 'KamalHost',
    metadata: { namespace, name, labels: { [POOL_LABEL]: 'web' }, finalizers: [HOST_FINALIZER] },
    spec: { poolRef: { name: 'web' }, hostID: `${name}-a1b2c3d4`, slot: 1, intent: 'Serve', ...spec },
  };
}

export function sessionDraft(namespace: string, name = 'shop'): Draft<'DeploySession'> {
  return {
    apiVersion: 'kamal-autoscaler.dev/v1alpha1', kind: 'DeploySession', metadata: { namespace, name, finalizers: [SESSION_FINALIZER] },
    spec: { service: 'shop', operationID: 'main/a1b2c3d4', deadline: '2026-01-01T00:02:00Z' },
  };
}
