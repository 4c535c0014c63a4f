import { type Instant, seconds } from '../model/index.ts';
import type { HostView } from './host-view.ts';

/** Tries after which a deploy, and a stop past its deadline, is given up. */
export const OPERATION_TRIES = 3;
const STOP_TRIES = 5;

/** A host that came back from a drain booted long ago: its second start is counted from the phase it came back to. */
export function startDeadline({ createdAt, phaseSince, joiningSince, drainOrigin, startTimeoutSeconds }: HostView): Instant {
  const cameBack = drainOrigin !== undefined || (joiningSince !== undefined && joiningSince < phaseSince);
  return (cameBack ? phaseSince : createdAt) + seconds(startTimeoutSeconds);
}

export const startExpired = (host: HostView, now: Instant): boolean => now >= startDeadline(host);

/** End of the wait for requests in flight. They came in until no load balancer listed the host any more: from then on they get the whole time. */
export function drainDeadline({ drainDeadline: stored, phaseSince, drainSeconds, unlistedSince }: HostView): Instant {
  const planned = stored ?? phaseSince + seconds(drainSeconds);
  return unlistedSince === undefined ? planned : Math.max(planned, unlistedSince + seconds(drainSeconds));
}

export const stopGivenUp = (host: HostView, now: Instant): boolean => host.operationFailures >= STOP_TRIES && now >= drainDeadline(host);

/** When a failed or fruitless operation may be started again: 15, 30, 60, then 120 seconds after it began. */
export const retryAt = (startedAt: Instant, failures: number): Instant => startedAt + seconds(Math.min(120, 15 * 2 ** Math.min(failures, 5)));

/** Settled attempts after the second are spaced out further, so that a provider without capacity is not asked each second. */
export function nextCreateAt(lastIntentAt: Instant, settleSeconds: number, attempts: number): Instant {
  const extra = attempts < 2 ? 0 : Math.min(60, 5 * 2 ** Math.min(attempts - 2, 5));
  return lastIntentAt + seconds(settleSeconds + extra);
}
