import { ClassifiedError, type OperationFact } from '../../model/index.ts';
import type { Operation } from '../../ports/index.ts';

/** Slow work that this process has started, by operation id. */
export interface OperationTable {
  /** Runs the work unless the id is known; its end is noted, then `ended` is called. */
  start(id: string, work: () => Promise<OperationEnd>, ended: () => void): void;
  observe(id: string): OperationFact;
}

export type OperationEnd = Extract<OperationFact, { kind: 'Succeeded' | 'Failed' }>;

/** Remembers every operation under way, and the last ones that ended: the oldest of those are forgotten first. */
export function createOperationTable(endedKept: number): OperationTable {
  const running = new Set<string>();
  const ends = new Map<string, OperationEnd>();

  function note(id: string, end: OperationEnd): void {
    running.delete(id);
    ends.set(id, end);
    for (const oldest of ends.keys()) {
      if (ends.size <= endedKept) return;
      ends.delete(oldest);
    }
  }

  return {
    start(id, work, ended) {
      if (running.has(id) || ends.has(id)) return;
      running.add(id);
      void work().then((end) => {
        note(id, end);
        ended();
      });
    },
    observe(id) {
      if (running.has(id)) return { kind: 'Running' };
      return ends.get(id) ?? { kind: 'Lost' };
    },
  };
}

/** Does the work unless who asked for it has lost the right to it since, as a process that stood still has. Errors: `NotLeader`, and those of the work. */
export async function unlessLate<T>({ id, mayBegin }: Operation, work: () => Promise<T>): Promise<T> {
  if (mayBegin?.() === false) throw new ClassifiedError('NotLeader', `${id} was not begun, for another process may lead by now`);
  return work();
}
