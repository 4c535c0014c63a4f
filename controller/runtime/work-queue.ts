import type { Instant } from '../model/index.ts';
import type { Clock } from '../ports/index.ts';

export interface WorkQueueOptions<K> {
  clock: Clock;
  /** Unique text of a key; equal texts are the same key. */
  textOf: (key: K) => string;
  /** One pass. Resolves to the milliseconds after which the key is due again, or undefined for not by itself. Must not throw. */
  run: (key: K) => Promise<number | undefined>;
  /** Passes at the same time, over different keys. */
  concurrency: number;
  onDepth?: (depth: number) => void;
}

/** Keys that wait for a pass: one pass a key at a time, the earliest due time wins, a key added while it runs runs again. */
export interface WorkQueue<K> {
  add(key: K, afterMilliseconds?: number): void;
  /** Takes no more keys and resolves when the passes under way have ended. */
  stop(): Promise<void>;
}

interface Waiting<K> { key: K; due: Instant }

export function createWorkQueue<K>(options: WorkQueueOptions<K>): WorkQueue<K> {
  const { clock, textOf, run, concurrency, onDepth } = options;
  const waiting = new Map<string, Waiting<K>>();
  const running = new Map<string, Promise<void>>();
  let stopped = false;
  let wake = new AbortController();

  let seen = clock.now();

  /** A clock that is stepped back by an hour must not keep every key waiting for that hour. */
  function followClock(): void {
    const back = seen - clock.now();
    seen = clock.now();
    if (back > 0) for (const entry of waiting.values()) entry.due -= back;
  }

  function add(key: K, afterMilliseconds = 0): void {
    if (stopped) return;
    followClock();
    const text = textOf(key);
    const due = clock.now() + Math.max(0, afterMilliseconds);
    const known = waiting.get(text);
    if (known !== undefined && known.due <= due) return;
    waiting.set(text, { key, due });
    onDepth?.(waiting.size);
    wake.abort();
  }

  function nextReady(): [string, Waiting<K>] | undefined {
    let best: [string, Waiting<K>] | undefined;
    for (const entry of waiting) {
      if (running.has(entry[0])) continue;
      if (best === undefined || entry[1].due < best[1].due) best = entry;
    }
    return best;
  }

  function start(text: string, key: K): void {
    waiting.delete(text);
    onDepth?.(waiting.size);
    const pass = run(key).then((again) => {
      running.delete(text);
      if (again !== undefined) add(key, again);
      wake.abort();
    });
    running.set(text, pass);
  }

  async function loop(): Promise<void> {
    while (!stopped) {
      followClock();
      if (wake.signal.aborted) wake = new AbortController();
      const next = running.size < concurrency ? nextReady() : undefined;
      const wait = next === undefined ? Infinity : next[1].due - clock.now();
      if (next !== undefined && wait <= 0) start(next[0], next[1].key);
      else await clock.sleep(Math.min(wait, 60_000), wake.signal);
    }
  }

  const ended = loop();
  return {
    add,
    async stop() {
      stopped = true;
      wake.abort();
      await ended;
      await Promise.all(running.values());
    },
  };
}
