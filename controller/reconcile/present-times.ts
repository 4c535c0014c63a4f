import type { HostPool, HostPoolStatus, KamalHost, KamalHostStatus } from '../api/index.ts';
import { type Instant, fromTimestamp, seconds, toTimestamp } from '../model/index.ts';

/** Clocks that are kept differ by less, also those of two leaders in a row. */
const TOLERANCE_SECONDS = 60;
/** No pause that is stored is longer. */
const LONGEST_PAUSE_SECONDS = 3600;

const HOST_SINCE = ['phaseSince', 'lastCreateIntentAt', 'lastCreateEndedAt', 'joiningSince', 'listedUpSince', 'inServiceAt', 'bootedAt', 'unhealthySince', 'unlistedSince'] as const satisfies readonly (keyof KamalHostStatus)[];
const POOL_SINCE = ['lastStartFailureAt', 'lastBootAt', 'stateSince'] as const satisfies readonly (keyof HostPoolStatus)[];

/**
 * The status of a host without times that lie in the future, as a clock leaves them that was set back: what has lasted
 * since then lasts since now, and what waits until then waits no more. Else a host that was made or drained while the
 * clock was a year ahead would wait for that year. Undefined where nothing is to be changed. Pure.
 */
export function presentHostTimes({ status }: KamalHost, now: Instant): KamalHostStatus | undefined {
  if (status === undefined) return undefined;
  const next = { ...status, ...sinceNow(status, HOST_SINCE, now) };
  if (isFuture(status.operation?.startedAt, now)) next.operation = { ...status.operation!, startedAt: toTimestamp(now) };
  if (isFuture(status.lockClaim?.since, now)) next.lockClaim = { ...status.lockClaim!, since: toTimestamp(now) };
  if (isFuture(status.evidence?.since, now)) next.evidence = { ...status.evidence!, since: toTimestamp(now) };
  if (isFuture(status.failure?.at, now)) next.failure = { ...status.failure!, at: toTimestamp(now) };
  // A drain that began in the future has its whole time from now.
  if (isFuture(status.phaseSince, now)) delete next.drainDeadline;
  if (isFuture(status.nextAttemptAt, now, LONGEST_PAUSE_SECONDS)) delete next.nextAttemptAt;
  if (status.leftServiceAt?.some((at) => isFuture(at, now)) === true) next.leftServiceAt = status.leftServiceAt.filter((at) => !isFuture(at, now));
  return JSON.stringify(next) === JSON.stringify(status) ? undefined : next;
}

/** The same of a pool: a pause after failed starts, a hold on joins, and what was learned last. */
export function presentPoolTimes({ status }: HostPool, now: Instant): HostPoolStatus | undefined {
  if (status === undefined) return undefined;
  const next = { ...status, ...sinceNow(status, POOL_SINCE, now) };
  if (isFuture(status.startBackoffUntil, now, LONGEST_PAUSE_SECONDS)) delete next.startBackoffUntil;
  if (isFuture(status.joinHold?.until, now, LONGEST_PAUSE_SECONDS)) delete next.joinHold;
  return JSON.stringify(next) === JSON.stringify(status) ? undefined : next;
}

/** Whether a stored time cannot be one of a clock that is right. */
export const isFuture = (time: string | undefined, now: Instant, atMostSeconds = 0): boolean => (fromTimestamp(time) ?? 0) > now + seconds(atMostSeconds + TOLERANCE_SECONDS);

function sinceNow<Status extends object, Field extends keyof Status>(status: Status, fields: readonly Field[], now: Instant): Partial<Record<Field, string>> {
  const future = fields.filter((field) => isFuture(status[field] as string | undefined, now));
  return Object.fromEntries(future.map((field) => [field, toTimestamp(now)])) as Partial<Record<Field, string>>;
}
