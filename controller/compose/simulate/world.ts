import type { HostPool, ScalingPolicy } from '../../api/index.ts';
import type { WorldRequest } from '../../cli/index.ts';
import { ClassifiedError } from '../../model/index.ts';
import { REFERENCE_WORLD, type Scenario, type WorldParameters, estimateHost, lengthSeconds, peakIn, scaled } from '../../simulate/index.ts';
import type { ReadLoad } from './load.ts';

/** What is simulated, and what each policy is told of it. */
export interface PreparedWorld {
  scenario: Scenario;
  /** Targets at which baselines aim, so that they stand for what people would set. */
  targets: { requests: number; cpu: number };
  notes: string[];
}

const HOUR = 3600;
/** A Monday at midnight, for loads without a date. */
const NO_DATE = Date.UTC(2026, 0, 5);
/** Without a limit of its own a policy's target is taken to be a tenth below what a host can carry. */
const TARGET_SHARE_OF_LIMIT = 0.9;
const P95_LIMIT_SECONDS = 0.5;
const CPU_TARGET = 70;
/** Of a short history, the share with which runs begin and which is not counted. */
const MOST_WARM_UP_SHARE = 1 / 8;

/** Puts a load, a policy and what was asked for together. Throws Invalid when the load is too short or too little is known of a host. */
export function prepareWorld({ recording, measuredSeconds, source }: ReadLoad, policy: ScalingPolicy, pool: HostPool | undefined, asked: WorldRequest): PreparedWorld {
  const rps = targetOf(policy, 'rps');
  const p95LimitSeconds = asked.p95LimitSeconds ?? targetOf(policy, 'p95')?.target ?? P95_LIMIT_SECONDS;
  const limitRate = asked.hostLimitRate ?? (rps === undefined ? undefined : rps.limit ?? rps.target / TARGET_SHARE_OF_LIMIT);
  const { host, hostLimitRate, notes } = estimateHost({
    p95LimitSeconds,
    ...(asked.workers !== undefined && { workers: asked.workers }),
    ...(asked.serviceSeconds !== undefined && { serviceSeconds: asked.serviceSeconds }),
    ...(measuredSeconds !== undefined && { measuredSeconds }),
    ...(limitRate !== undefined && { limitRate }),
  });
  const bootSeconds = asked.bootSeconds ?? REFERENCE_WORLD.boot.medianSeconds;
  const parameters: WorldParameters = {
    ...REFERENCE_WORLD,
    host, hostLimitRate, p95LimitSeconds,
    minHosts: policy.spec.minHosts,
    maxHosts: policy.spec.maxHosts,
    boot: { medianSeconds: bootSeconds, sigma: REFERENCE_WORLD.boot.sigma, leastSeconds: bootSeconds / 2, mostSeconds: bootSeconds * 2 },
    drainSeconds: asked.drainSeconds ?? Math.min(pool?.spec.drain.timeoutSeconds ?? REFERENCE_WORLD.drainSeconds, REFERENCE_WORLD.drainSeconds),
    scrape: { ...REFERENCE_WORLD.scrape, everySeconds: asked.scrapeSeconds ?? REFERENCE_WORLD.scrape.everySeconds, windowSeconds: Math.max(60, 4 * (asked.scrapeSeconds ?? 15)) },
    billing: asked.billing ?? REFERENCE_WORLD.billing,
  };
  const length = lengthSeconds(recording.trace);
  if (length < 2 * HOUR) {
    throw new ClassifiedError('Invalid', `${source} is ${(length / 60).toFixed(0)} minutes long`, { mend: 'give two hours of history at least; a week shows what weekdays do' });
  }
  const warmUpSeconds = Math.floor(Math.min(REFERENCE_WORLD.warmUpSeconds, length * MOST_WARM_UP_SHARE) / 60) * 60;
  const evaluated = { from: warmUpSeconds, to: Math.floor(length / 60) * 60 };
  const peak = peakIn(recording.trace, evaluated, parameters.tickSeconds);
  if (peak === 0) throw new ClassifiedError('Invalid', `${source} has no requests`, { mend: 'check the file or the query' });
  return {
    scenario: {
      trace: asked.peakRate === undefined ? recording.trace : scaled(recording.trace, asked.peakRate / peak),
      evaluated,
      parameters: { ...parameters, warmUpSeconds },
      seed: 1,
      epoch: recording.begin ?? NO_DATE,
    },
    targets: { requests: rps?.target ?? hostLimitRate * TARGET_SHARE_OF_LIMIT, cpu: targetOf(policy, 'cpu')?.target ?? CPU_TARGET },
    notes,
  };
}

interface Target {
  target: number;
  limit?: number;
}

const targetOf = ({ spec }: ScalingPolicy, signal: 'rps' | 'cpu' | 'p95'): Target | undefined =>
  spec.metrics.find(({ name, query, promql }) => (query ?? name) === signal && (promql === undefined || signal === 'rps'));
