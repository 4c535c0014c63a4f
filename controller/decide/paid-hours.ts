import type { Billing, Instant } from '../model/index.ts';
import * as reasons from './reasons.ts';
import type { Verdict } from './verdict.ts';

const HOUR_MS = 3_600_000;
/** Evaluations are a little late at times, and what is late by a second costs an hour. */
const SLACK_SECONDS = 2;

export interface Paid {
  billing: Billing;
  /** Of hosts in service that are charged. */
  launchedAt: readonly Instant[];
  drainSeconds: number;
  booting: number;
  intervalSeconds: number;
}

/**
 * Where started hours are charged, a host is let go at the last evaluation before its paid hour ends, as until then it
 * costs nothing to keep; and a boot is never broken off, for its hour is paid. Elsewhere nothing is kept.
 */
export function keepPaid(verdict: Verdict, current: number, { billing, launchedAt, drainSeconds, booting, intervalSeconds }: Paid, now: Instant): Verdict {
  if (billing !== 'Hour' || launchedAt.length === 0 || verdict.hosts >= current) return verdict;
  if (booting > 0) return { hosts: current, reasons: [...verdict.reasons, reasons.bootIsPaid(current)], heldBy: 'PaidHour' };
  const ending = launchedAt.filter((at) => paidMs(at, now + drainSeconds * 1000) <= (intervalSeconds + SLACK_SECONDS) * 1000).length;
  const hosts = Math.max(verdict.hosts, current - ending);
  return hosts === verdict.hosts ? verdict : { hosts, reasons: [...verdict.reasons, reasons.hourIsPaid(hosts, ending)], heldBy: 'PaidHour' };
}

/** Milliseconds from `at` to the end of the hour that is then paid for. */
const paidMs = (launchedAt: Instant, at: Instant): number => HOUR_MS - ((((at - launchedAt) % HOUR_MS) + HOUR_MS) % HOUR_MS);
