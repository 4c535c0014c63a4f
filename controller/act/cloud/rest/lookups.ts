import { type Instant, seconds } from '../../../model/index.ts';
import type { Clock } from '../../../ports/index.ts';

/** Answers that are remembered for a while, so that ten hosts do not ask ten times for what an account has. */
export interface Lookups {
  /** The answer under this key: the remembered one, the one that is under way, or a new one. Failures are not remembered. */
  once: <T>(key: string, ask: () => Promise<T>) => Promise<T>;
  /** Asks anew next time: what was remembered led to a refusal. */
  forget: () => void;
}

const REMEMBERED_SECONDS = 600;

export function createLookups(clock: Clock): Lookups {
  const remembered = new Map<string, { at: Instant; answer: Promise<unknown> }>();
  return {
    once<T>(key: string, ask: () => Promise<T>): Promise<T> {
      const known = remembered.get(key);
      if (known !== undefined && clock.now() - known.at < seconds(REMEMBERED_SECONDS)) return known.answer as Promise<T>;
      const answer = ask();
      remembered.set(key, { at: clock.now(), answer });
      answer.catch(() => {
        if (remembered.get(key)?.answer === answer) remembered.delete(key);
      });
      return answer;
    },
    forget: () => remembered.clear(),
  };
}
