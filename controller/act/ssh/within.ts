import type { Clock } from '../../ports/index.ts';

/** Work that ends, or is given up with `late` as its error once the time is over; `signal` aborts then. What it still does afterwards is nobody's concern. */
export function within<T>(clock: Clock, seconds: number, work: (signal: AbortSignal) => Promise<T>, late: () => Error): Promise<T> {
  const over = new AbortController();
  const ended = new AbortController();
  return new Promise((resolve, reject) => {
    void clock.sleep(seconds * 1_000, ended.signal).then(() => {
      if (ended.signal.aborted) return;
      reject(late());
      over.abort();
    });
    void work(over.signal).then(resolve, reject).finally(() => ended.abort());
  });
}

/** Lets so many pieces of work run at the same time; the others wait in order. */
export function createGate(places: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = places;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => { waiting.push(resolve); });
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // The place goes from hand to hand, so that nobody who comes in between takes it.
      if (next === undefined) free += 1;
      else next();
    }
  };
}
