import { type HostPool, type KamalHost, type ScalingPolicy, keyOf } from '../api/index.ts';
import { type Instant, SIGNALS, type SignalName } from '../model/index.ts';
import type { MetricHost, MetricQuery } from '../ports/index.ts';
import { isWarming } from './assemble-fleet.ts';
import { fixedEndpoints, hostEndpoint } from './host-endpoint.ts';

/** What a policy asks its metrics source for: one query a metric, over fixed hosts and hosts in service. Pure. */
export function metricQueries(policy: ScalingPolicy, pool: HostPool, hosts: readonly KamalHost[], now: Instant): MetricQuery[] {
  const serving = hosts.filter(({ status }) => status?.phase === 'InService');
  const metricHosts: MetricHost[] = [
    ...fixedEndpoints(pool).map(({ name, endpoint }) => ({ name, endpoint, warming: false })),
    ...serving.flatMap((host) => {
      const endpoint = hostEndpoint(host, pool);
      return endpoint === undefined ? [] : [{ name: host.metadata.name, endpoint, warming: isWarming(host, now) }];
    }),
  ];
  return policy.spec.metrics.map(({ name, query, promql, windowSeconds, target }): MetricQuery => ({
    metric: name,
    source: promql === undefined ? { kind: 'Signal', signal: query ?? signalNamed(name) } : { kind: 'PromQL', query: promql },
    target,
    pool: keyOf(pool),
    spec: pool.spec,
    hosts: metricHosts,
    ...(windowSeconds === undefined ? {} : { windowSeconds }),
  }));
}

function signalNamed(name: string): SignalName {
  if (name in SIGNALS) return name as SignalName;
  throw new Error(`metric ${name} has neither query nor promql and is no ready-made query`);
}
