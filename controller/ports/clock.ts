import type { Instant } from '../model/index.ts';

/** Time as an argument: the only way in which anything here learns what time it is or waits. */
export interface Clock {
  now(): Instant;
  /** Resolves after the time or, early and without error, when the signal aborts. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}
