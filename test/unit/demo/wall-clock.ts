import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../controller/ports/index.ts';

/** Real time, for suites with real sockets. */
export const wallClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  sleep: (milliseconds, signal) => delay(milliseconds, undefined, signal && { signal }).catch(() => undefined),
};

/** A small generator with a seed, so that a suite's chance is the same each time. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Real time, so many times as fast: for suites with real sockets in which much has to be waited for. */
export const fastClock = (times: number): Clock => ({ now: () => performance.timeOrigin + performance.now() * times, sleep: (milliseconds, signal) => wallClock.sleep(milliseconds / times, signal) });
