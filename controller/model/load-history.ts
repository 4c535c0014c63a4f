import type { Instant } from './time.ts';

/** What one metric of a policy was like before, in equal steps. */
export interface LoadHistory {
  /** Start of the first step. */
  startAt: Instant;
  stepSeconds: number;
  /** Mean load of each step, in any unit; NaN where nothing was seen. */
  loads: ArrayLike<number>;
}
