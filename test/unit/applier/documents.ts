/** A HostPool `web` as a person writes it, with more lines of spec and more members of metadata. */
export const pool = (spec = '', metadata = ''): string => `apiVersion: kamal-autoscaler.dev/v1alpha1
kind: HostPool
metadata: {name: web${metadata}}
spec:
  kamal: {service: shop, role: web}
  maxReplicas: 9
  placements: [{name: here, provider: Local}]
  loadBalancer: {traefik: {service: web, apiURLs: ["http://127.0.0.1:8080"]}}
${spec}`;
/** A ScalingPolicy of that pool. */
export const policy = (spec = '', name = 'web'): string => `apiVersion: kamal-autoscaler.dev/v1alpha1
kind: ScalingPolicy
metadata: {name: ${name}}
spec:
  targetRef: {name: web}
  maxHosts: 4
  metrics: [{name: cpu, target: 60}]
${spec}`;
