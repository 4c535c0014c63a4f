/** Waiting for real processes: by looking again and again with a deadline, never by a fixed sleep. */
import { setTimeout as delay } from 'node:timers/promises';

export interface Patience {
  /** Milliseconds after which waiting is given up; 20 s when absent. */
  deadlineMs?: number;
  /** Milliseconds between two looks; 100 when absent. */
  everyMs?: number;
  /** Ends the waiting at once with this signal's reason. */
  signal?: AbortSignal;
}

/**
 * Looks until `look` answers something other than undefined or false, and answers that.
 * A look that throws counts as "not yet". Throws at the deadline with `what` was awaited and the last answer.
 */
export async function until<T>(what: string, look: () => Promise<T | undefined | false> | T | undefined | false, patience: Patience = {}): Promise<T> {
  const deadlineMs = patience.deadlineMs ?? 20_000;
  const started = performance.now();
  let last: unknown = 'nothing';
  while (performance.now() - started < deadlineMs) {
    patience.signal?.throwIfAborted();
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      last = seen;
    } catch (error) {
      last = error;
    }
    await delay(patience.everyMs ?? 100);
  }
  patience.signal?.throwIfAborted();
  throw new Error(`${what}: not within ${deadlineMs} ms; last seen: ${last instanceof Error ? last.message : String(last)}`, { cause: last });
}
