import { type ErrorClass, type Instant, fromTimestamp, seconds, toTimestamp } from '../model/index.ts';
import type { Placement } from '../ports/index.ts';

/** Why a placement, or a whole provider, is not asked for a while. */
export interface Pause {
  class: ErrorClass;
  message: string;
  until: string;
  /** In a row. */
  failures: number;
}

/** What providers refused: learned by one host, held for all of them, and forgotten after a while. */
export interface Limits {
  /** By provider: it refused to hold more servers than these. */
  quotas: Record<string, { servers: number; message: string; until: string }>;
  /** By what a placement asks for. */
  pauses: Record<string, Pause>;
}

const QUOTA_SECONDS = 900;
const FIRST_PAUSE_SECONDS = 30;
const LONGEST_PAUSE_SECONDS = 600;
/** A clock that was set back leaves pauses that would last until its time has come again: they are over. */
const TOLERANCE_SECONDS = 60;
/** A person may have mended it by then. */
const FAULT_PAUSE_SECONDS = 60;

const NONE: Limits = { quotas: {}, pauses: {} };

/** Two pools that ask a cloud for the same thing learn from each other, whatever their placements are called. */
export function askedFor({ provider, name, hetzner, digitalocean, static: spare }: Placement, pool: string): string {
  if (hetzner !== undefined) return [provider, hetzner.serverType, hetzner.location, ...(hetzner.placementGroup === undefined ? [] : [hetzner.placementGroup])].join(' ');
  if (digitalocean !== undefined) return [provider, digitalocean.size, digitalocean.region].join(' ');
  return [provider, pool, name, ...(spare?.machines ?? []).map((machine) => machine.name)].join(' ');
}

/** Tries of one host after which an API that takes no orders is taken for out of order, although it answers looks. */
const TRIES = 3;

/** Whether the same call to the same place would fail again, by the tries of one host: what it asks for, who asks or the cloud itself is the matter, not this host. */
export function pausesPlacement(errorClass: ErrorClass, attempts: number): boolean {
  switch (errorClass) {
    case 'Capacity':
    case 'Invalid':
    case 'Forbidden':
    case 'Unauthorized': return true;
    case 'Unavailable':
    case 'OutcomeUnknown': return attempts >= TRIES;
    default: return false;
  }
}

export function withPause(limits: Limits = NONE, asked: string, errorClass: ErrorClass, message: string, now: Instant): Limits {
  const failures = errorClass === 'Capacity' ? (limits.pauses[asked]?.failures ?? 0) + 1 : 1;
  const pause = errorClass === 'Capacity' ? Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** Math.min(10, failures - 1)) : FAULT_PAUSE_SECONDS;
  return { ...limits, pauses: { ...limits.pauses, [asked]: { class: errorClass, message, failures, until: toTimestamp(now + seconds(pause)) } } };
}

export function withoutPause(limits: Limits, asked: string): Limits {
  const { [asked]: _over, ...pauses } = limits.pauses;
  return { ...limits, pauses };
}

/** A machine that is given back is capacity. */
export function withoutCapacityPauses(limits: Limits, provider: string): Limits {
  const pauses = Object.fromEntries(Object.entries(limits.pauses).filter(([asked, pause]) => pause.class !== 'Capacity' || !asked.startsWith(`${provider} `)));
  return { ...limits, pauses };
}

export const withQuota = (limits: Limits = NONE, provider: string, servers: number, message: string, now: Instant): Limits =>
  ({ ...limits, quotas: { ...limits.quotas, [provider]: { servers, message, until: toTimestamp(now + seconds(QUOTA_SECONDS)) } } });

export function pauseOf(limits: Limits | undefined, asked: string, now: Instant): (Pause & { untilAt: Instant }) | undefined {
  const pause = limits?.pauses[asked];
  const untilAt = fromTimestamp(pause?.until) ?? 0;
  return pause === undefined || untilAt <= now || untilAt - now > seconds(LONGEST_PAUSE_SECONDS + TOLERANCE_SECONDS) ? undefined : { ...pause, untilAt };
}

export function quotaOf(limits: Limits | undefined, provider: string, now: Instant): { servers: number; message: string; untilAt: Instant } | undefined {
  const quota = limits?.quotas[provider];
  const untilAt = fromTimestamp(quota?.until) ?? 0;
  return quota === undefined || untilAt <= now || untilAt - now > seconds(QUOTA_SECONDS + TOLERANCE_SECONDS) ? undefined : { servers: quota.servers, message: quota.message, untilAt };
}

/** Forgets what is long over; a row of failures is remembered for an hour, so that it grows. */
export function pruneLimits({ quotas, pauses }: Limits, now: Instant): Limits {
  const young = <T extends { until: string }>(all: Record<string, T>, longer: number): Record<string, T> =>
    Object.fromEntries(Object.entries(all).filter(([, { until }]) => (fromTimestamp(until) ?? 0) + seconds(longer) > now));
  return { quotas: young(quotas, 0), pauses: young(pauses, 3600) };
}
