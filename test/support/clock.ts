import type { Instant } from '../../controller/model/index.ts';
import type { Clock } from '../../controller/ports/index.ts';

/** A clock that stands still until it is advanced. */
export interface SimulatedClock extends Clock {
  /**
   * Moves time on; sleeps that come due end in order of their time, each followed by everything it sets off, before
   * the next one ends.
   */
  advance(milliseconds: number): Promise<void>;
  /** Lets work that waits for no time run to its next wait. */
  settle(): Promise<void>;
  /** When the next sleep ends; undefined while nobody sleeps. */
  nextWake(): Instant | undefined;
}

interface Sleeper {
  due: Instant;
  order: number;
  wake: () => void;
}

/** `outside`: resolves when work that real time takes, such as a call to another process, has ended; no simulated time passes before. */
export function createSimulatedClock(start: Instant, outside?: () => Promise<void>): SimulatedClock {
  let now = start;
  let order = 0;
  const sleepers = new Set<Sleeper>();

  const next = (): Sleeper | undefined =>
    [...sleepers].reduce<Sleeper | undefined>((first, sleeper) =>
      first === undefined || sleeper.due < first.due || (sleeper.due === first.due && sleeper.order < first.order) ? sleeper : first, undefined);

  // Every microtask has run by the time an immediate is called.
  const immediate = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });
  const settle = outside === undefined ? immediate : async () => {
    await immediate();
    await outside();
  };

  return {
    now: () => now,
    settle,
    nextWake: () => next()?.due,
    sleep(milliseconds, signal) {
      if (signal?.aborted === true) return Promise.resolve();
      return new Promise((resolve) => {
        const sleeper: Sleeper = {
          due: now + Math.max(0, milliseconds),
          order: order += 1,
          wake: () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', sleeper.wake);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake);
      });
    },
    async advance(milliseconds) {
      const target = now + milliseconds;
      await settle();
      for (let sleeper = next(); sleeper !== undefined && sleeper.due <= target; sleeper = next()) {
        now = Math.max(now, sleeper.due);
        sleeper.wake();
        await settle();
      }
      now = target;
    },
  };
}
