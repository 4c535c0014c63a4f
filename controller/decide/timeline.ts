import type { Instant } from '../model/index.ts';

/** A number of hosts and when it was seen. Short, as thousands of them are stored. */
export type Mark = readonly [at: Instant, hosts: number];

/** Marks by rising time, bounded in number. */
export type Timeline = readonly Mark[];

export const MOST_MARKS = 48;

/**
 * The maxima that a sliding window needs: a mark that a later one equals or exceeds can never be the highest again.
 * Exact, and a few marks instead of one for each evaluation.
 */
export const addHigh = (highs: Timeline, mark: Mark): Timeline =>
  bound([...highs.filter(([, hosts]) => hosts > mark[1]), mark], Math.max);

/** The same for minima. */
export const addLow = (lows: Timeline, mark: Mark): Timeline =>
  bound([...lows.filter(([, hosts]) => hosts < mark[1]), mark], Math.min);

/** For marks that are summed. */
export const addChange = (changes: Timeline, mark: Mark): Timeline =>
  bound([...changes, mark], (earlier, later) => earlier + later);

/** Marks of the last `windowSeconds`, both ends included; what claims to be from the future is not there. */
export const within = (timeline: Timeline, windowSeconds: number, now: Instant): Timeline =>
  timeline.filter(([at]) => at <= now && now - at <= windowSeconds * 1000);

/** Joins the two marks that are closest in time into the later one: a limit then lasts a little longer, never shorter. */
function bound(timeline: Mark[], join: (earlier: number, later: number) => number): Timeline {
  while (timeline.length > MOST_MARKS) {
    let closest = 1;
    for (let index = 2; index < timeline.length; index++) {
      if (gapBefore(timeline, index) < gapBefore(timeline, closest)) closest = index;
    }
    const [, earlier] = timeline[closest - 1]!;
    const [at, later] = timeline[closest]!;
    timeline.splice(closest - 1, 2, [at, join(earlier, later)]);
  }
  return timeline;
}

const gapBefore = (timeline: readonly Mark[], index: number): number => timeline[index]![0] - timeline[index - 1]![0];
