/** Warm-ups of this process, by id: begun once each, and remembered so that they are not begun again. */
export interface WarmUps {
  /** Begins with the first call of an id: one path after the other, for a cold host is not helped by all of them at once. */
  state(id: string, paths: readonly string[], ask: (path: string) => Promise<unknown>): 'Running' | 'Done';
}

const REMEMBERED = 1000;

export function createWarmUps(): WarmUps {
  const states = new Map<string, 'Running' | 'Done'>();

  async function run(id: string, paths: readonly string[], ask: (path: string) => Promise<unknown>): Promise<void> {
    for (const path of paths) {
      // Whatever it answers, or whether it does: the request itself is what warms.
      await ask(path).catch(() => undefined);
    }
    states.set(id, 'Done');
  }

  return {
    state(id, paths, ask) {
      const known = states.get(id);
      if (known !== undefined) return known;
      states.set(id, 'Running');
      void run(id, paths, ask);
      for (const oldest of states.keys()) {
        if (states.size <= REMEMBERED) break;
        states.delete(oldest);
      }
      return 'Running';
    },
  };
}
