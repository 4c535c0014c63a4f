import type { HostSettings } from './settings.ts';

/** The threads of an application server: so many requests at once, the others in a queue, first in, first out. */
export interface Workers {
  /** Holds a worker for the time, then calls back. False when the queue is full: the request is not taken. */
  run(milliseconds: number, done: () => void): boolean;
  busy(): number;
  queued(): number;
}

/** Calls back after so many milliseconds. */
export type After = (done: () => void, milliseconds: number) => void;

export function createWorkers({ workers, queueLimit }: Pick<HostSettings, 'workers' | 'queueLimit'>, after: After = setTimeout): Workers {
  const queue: { milliseconds: number; done: () => void }[] = [];
  let busy = 0;

  function occupy(milliseconds: number, done: () => void): void {
    busy += 1;
    after(() => {
      busy -= 1;
      done();
      const next = queue.shift();
      if (next !== undefined) occupy(next.milliseconds, next.done);
    }, milliseconds);
  }

  return {
    busy: () => busy,
    queued: () => queue.length,
    run(milliseconds, done) {
      if (busy < workers) occupy(milliseconds, done);
      else if (queue.length < queueLimit) queue.push({ milliseconds, done });
      else return false;
      return true;
    },
  };
}

/** One service time. `random` is evenly spread over [0, 1). */
export function drawServiceTime({ serviceMilliseconds, serviceTime }: Pick<HostSettings, 'serviceMilliseconds' | 'serviceTime'>, random: () => number): number {
  switch (serviceTime) {
    case 'Fixed': return serviceMilliseconds;
    case 'Exponential': return -serviceMilliseconds * Math.log(1 - random());
  }
}
