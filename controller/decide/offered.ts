import type { Instant, Observation } from '../model/index.ts';
import type { MetricRule } from './rules.ts';

/** A host this close to its limit may be working off a queue. */
const BUSY = 0.8;
const BUSY_CPU_PERCENT = 90;
/** No queue is taken to hide more than half of the requests: a stuck backend must not buy the maximum. */
const MOST_HIDDEN = 2;

/** Requests in the system when last seen; what they have grown by since then came in and is not finished. */
export interface InFlight {
  at: Instant;
  requests: number;
}

/** Requests per second that users send, not those that hosts finish. */
export interface Offered {
  /** Over the window of the rate, usually a minute. */
  steady: number;
  /** Since the previous scrape; undefined where the source does not say. */
  latest: number | undefined;
}

export interface Busyness {
  inService: number;
  /** Mean over hosts, where the policy measures it. */
  cpuPercent: number | undefined;
}

/**
 * Little's law: what came in is what was finished plus what the requests in flight grew by. It counts only where hosts
 * are busy, as seen in their rate or their CPU: connections that stay open (WebSockets) grow without any work behind them.
 */
export function offeredRequests(
  rule: MetricRule, { value, latest, inFlight, asOf }: Extract<Observation, { kind: 'Value' }>, before: InFlight | undefined, { inService, cpuPercent }: Busyness,
): Offered {
  const seconds = before === undefined ? 0 : (asOf - before.at) / 1000;
  const finished = latest ?? value;
  const busy = finished >= BUSY * rule.limit * inService || (cpuPercent ?? 0) >= BUSY_CPU_PERCENT;
  const growth = before === undefined || inFlight === undefined || seconds <= 0 || seconds > 120 ? 0 : (inFlight - before.requests) / seconds;
  const hidden = busy && growth > 0 ? growth : 0;
  const offered = (rate: number): number => Math.min(rate + hidden, MOST_HIDDEN * rate);
  return { steady: offered(Math.max(0, value)), latest: latest === undefined ? undefined : offered(Math.max(0, latest)) };
}
