import type { Instant, LoadHistory } from '../model/index.ts';

const DAY = 86_400_000;
/** How far back the load is looked up: the same time yesterday, and on the same day of the week. */
export const SEASONS: readonly number[] = [DAY, 7 * DAY];

/** A load that was this many times as high or low a season ago is no season any more. */
const MOST_CHANGE = 2;

/**
 * By how much the load changed a season ago between this time of the day and `aheadMs` later, as a factor; undefined where
 * the history has a hole or does not reach.
 */
export function changeBefore(history: LoadHistory | undefined, season: number, now: Instant, aheadMs: number): number | undefined {
  if (history === undefined) return undefined;
  const then = loadAt(history, now - season);
  const later = loadAt(history, now - season + aheadMs);
  if (then === undefined || later === undefined || then <= 0) return undefined;
  return Math.min(MOST_CHANGE, Math.max(1 / MOST_CHANGE, later / then));
}

/** The highest of those changes on the way to `aheadMs`. */
export function highestChangeBefore(history: LoadHistory | undefined, season: number, now: Instant, aheadMs: number): number | undefined {
  const changes = [0.25, 0.5, 0.75, 1].flatMap((share) => changeBefore(history, season, now, share * aheadMs) ?? []);
  return changes.length === 0 ? undefined : Math.max(...changes);
}

/** Between the middles of two steps on a straight line; nothing is made up for a hole. */
function loadAt({ startAt, stepSeconds, loads }: LoadHistory, at: Instant): number | undefined {
  const place = (at - startAt) / (stepSeconds * 1000) - 0.5;
  const step = Math.floor(place);
  const [before, after] = [loads[step], loads[step + 1]];
  if (before === undefined || after === undefined) return undefined;
  const load = before + (after - before) * (place - step);
  return Number.isFinite(load) ? Math.max(0, load) : undefined;
}
