import { type HostPool, type ScalingPolicy, keyOf } from '../../api/index.ts';
import type { Io, LoadSource } from '../../cli/index.ts';
import { ClassifiedError } from '../../model/index.ts';
import { PrometheusRange, requestsHistoryQuery, withWindow } from '../../observe/index.ts';
import { readMetrics } from '../../runtime/settings.ts';
import { PointCollector, type Recording } from '../../simulate/index.ts';
import type { LineOptions } from './lines.ts';

const STEP_SECONDS = 15;
const WINDOW_SECONDS = 60;
const DAY_MS = 86_400_000;

export interface PrometheusLoad {
  recording: Recording;
  query: string;
}

/** Reads the days before now, a day at a time. Rejects with a ClassifiedError that names query or setting, and the mend. */
export async function readPrometheus(
  { url, query: given, days }: Extract<LoadSource, { kind: 'Prometheus' }>, written: { policy: ScalingPolicy; pool?: HostPool }, io: Io, { signal, progress }: LineOptions,
): Promise<PrometheusLoad> {
  const query = given ?? queryOf(written);
  const settings = readMetrics({ prometheus: url }, io.env);
  if (settings.kind !== 'Prometheus') throw new ClassifiedError('Defect', 'a URL was given and no Prometheus came of it');
  const range = new PrometheusRange(settings);
  const end = Math.floor(io.now() / (STEP_SECONDS * 1000)) * STEP_SECONDS * 1000;
  const points = new PointCollector(query, STEP_SECONDS);
  try {
    for (let day = 0; day < days; day++) {
      const from = end - (days - day) * DAY_MS;
      // The next day begins with the point that would be the last of this one.
      const read = await range.read({ query, from, to: from + DAY_MS - STEP_SECONDS * 1000, stepSeconds: STEP_SECONDS }, signal);
      for (const { second, value } of read) points.add(second, Math.max(0, value), query);
      progress?.((day + 1) / days);
    }
  } finally {
    range.close();
  }
  const { trace, firstSecond, holes } = points.finish();
  return { recording: { trace, holes, begin: firstSecond * 1000 }, query };
}

/** The query behind the policy's requests. Throws Invalid when it has none, or none that is known without its pool. */
function queryOf({ policy, pool }: { policy: ScalingPolicy; pool?: HostPool }): string {
  const mend = 'write --query PROMQL, such as sum(rate(http_requests_total[1m]))';
  const rps = policy.spec.metrics.find(({ name, query }) => (query ?? name) === 'rps');
  if (rps === undefined) throw new ClassifiedError('Invalid', `policy ${policy.metadata.name} has no metric rps to take the load from`, { mend });
  if (rps.promql !== undefined) return withWindow(rps.promql, rps.windowSeconds ?? WINDOW_SECONDS);
  if (pool === undefined) throw new ClassifiedError('Invalid', `the file of policy ${policy.metadata.name} has no HostPool ${policy.spec.targetRef.name}, whose names the ready-made query needs`, { mend: `put the pool into the same file, or ${mend}` });
  return requestsHistoryQuery({ pool: keyOf(pool), spec: pool.spec }, rps.windowSeconds ?? WINDOW_SECONDS);
}
