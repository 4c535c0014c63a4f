import type { Clock } from '../../../controller/ports/index.ts';

interface Sleeper {
  at: number;
  wake: () => void;
}

/** A clock that stands still until the test moves it. */
export class HandClock implements Clock {
  #now: number;
  #sleepers: Sleeper[] = [];

  constructor(now = Date.parse('2026-01-01T00:00:00Z')) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  get sleepers(): number {
    return this.#sleepers.length;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper: Sleeper = { at: this.#now + milliseconds, wake: () => this.#wake(sleeper, resolve) };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', sleeper.wake, { once: true });
    });
  }

  /** Moves on, waking each sleeper at its own time and letting what it does come to rest. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await this.settle();
    for (;;) {
      const next = this.#next();
      if (next === undefined || next.at > end) break;
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      await this.settle();
    }
    this.#now = end;
    await this.settle();
  }

  /** Moves to the next wake-up, and says how far that was. */
  async toNextWake(): Promise<number> {
    const next = this.#next();
    if (next === undefined) throw new Error('nobody sleeps');
    const passed = next.at - this.#now;
    await this.advance(passed);
    return passed;
  }

  /** Time passes while nobody runs, as for a process that is stopped: nothing wakes before `settle`. */
  jump(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /** Lets every promise that is already decided run its course. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  #next(): Sleeper | undefined {
    return this.#sleepers.toSorted((a, b) => a.at - b.at)[0];
  }

  #wake(sleeper: Sleeper, resolve: () => void): void {
    this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
    resolve();
  }
}
