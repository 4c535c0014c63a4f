import { ClassifiedError } from '../model/index.ts';
import { type HostQueue, p95Seconds, rateWithin } from './world/queue.ts';

/** What is known of a host; the rest is estimated. */
export interface HostKnowledge {
  workers?: number;
  serviceSeconds?: number;
  /** Measured mean time of a request without waiting. */
  measuredSeconds?: number;
  p95LimitSeconds: number;
  /** Requests a second at which a host is full: what the policy says, else its target and a tenth. */
  limitRate?: number;
}

export interface HostEstimate {
  host: HostQueue;
  /** Requests a second within the P95 limit. */
  hostLimitRate: number;
  /** How each number came about that was not given, as clauses. */
  notes: string[];
}

const MOST_WORKERS = 512;
/** An idle host's P95 is three times its mean service time; this leaves room for waiting. */
const SERVICE_SHARE_OF_LIMIT = 1 / 4;
/** Of a policy's limit that a host must carry; workers are whole, limits are rounded. */
const ENOUGH = 0.995;

/** A host that fits what is known. Throws Invalid when too little is known, or no host can be that fast. */
export function estimateHost({ workers, serviceSeconds, measuredSeconds, p95LimitSeconds, limitRate }: HostKnowledge): HostEstimate {
  const notes: string[] = [];
  const service = serviceSeconds ?? estimateService(measuredSeconds, p95LimitSeconds, notes);
  const idle = p95Seconds({ workers: 1, serviceSeconds: service }, 1e-9);
  if (idle > p95LimitSeconds) {
    throw new ClassifiedError('Invalid', `a service time of ${service} s gives an idle host a P95 of ${idle.toFixed(3)} s, over the limit of ${p95LimitSeconds} s`, { mend: 'raise --p95-limit or lower --service-time' });
  }
  const count = workers ?? estimateWorkers(service, p95LimitSeconds, limitRate);
  if (workers === undefined) notes.push(`${count} workers: the fewest that carry ${limitRate!.toFixed(1)} requests/s within the P95 limit`);
  const host = { workers: count, serviceSeconds: service };
  return { host, hostLimitRate: rateWithin(host, p95LimitSeconds), notes };
}

function estimateService(measured: number | undefined, limit: number, notes: string[]): number {
  const most = limit * SERVICE_SHARE_OF_LIMIT;
  if (measured !== undefined && measured <= most) {
    notes.push(`service time ${milliseconds(measured)}: from the durations in the log`);
    return measured;
  }
  notes.push(measured === undefined
    ? `service time ${milliseconds(most)}: a quarter of the P95 limit, as nothing else is known`
    : `service time ${milliseconds(most)}: a quarter of the P95 limit; the log's ${milliseconds(measured)} would leave no room for waiting`);
  return most;
}

function estimateWorkers(serviceSeconds: number, p95LimitSeconds: number, limitRate: number | undefined): number {
  if (limitRate === undefined) {
    throw new ClassifiedError('Invalid', 'nothing says how many requests a second a host can serve: the policy has no target for rps', { mend: 'write --workers N, the requests that a host works on at a time, or --host-limit RPS' });
  }
  for (let workers = Math.max(1, Math.floor(limitRate * serviceSeconds)); workers <= MOST_WORKERS; workers++) {
    if (rateWithin({ workers, serviceSeconds }, p95LimitSeconds) >= ENOUGH * limitRate) return workers;
  }
  throw new ClassifiedError('Invalid', `${limitRate} requests/s at ${serviceSeconds} s each need more than ${MOST_WORKERS} workers of one host`, { mend: 'check --service-time and --host-limit' });
}

const milliseconds = (seconds: number): string => `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
