import { adviceOf } from '../../model/index.ts';
import type { Clock, Leadership } from '../../ports/index.ts';

/** One thing elsewhere that should be in a state, and is brought to it again and again. */
export interface Upkeep<W> {
  /** What it should be from now on. */
  want(wanted: W): void;
  /** Brings it there. One attempt at a time; one that is under way goes on with what is wanted by then. Never rejects. */
  ensure(): Promise<void>;
  /** Why it is not there, as far as is known; undefined when it is. */
  behind(): string | undefined;
}

export type IsWanted = () => boolean;

export interface UpkeepParts<W> {
  /** What takes several changes asks `isWanted` before each: a newer wish may have come meanwhile, or another may lead. */
  put: (wanted: W, isWanted: IsWanted) => Promise<void>;
  leadership: Leadership;
  /** After every attempt. */
  tried: () => void;
}

export function createUpkeep<W>(first: W, { put, leadership, tried }: UpkeepParts<W>): Upkeep<W> {
  let wanted = first;
  let reached: { wanted: W } | undefined;
  let trouble: string | undefined;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    for (let attempted: { wanted: W } | undefined; attempted?.wanted !== wanted && leadership.isLeader();) {
      const mine = wanted;
      attempted = { wanted: mine };
      try {
        await put(mine, () => leadership.isLeader() && mine === wanted);
        reached = attempted;
        trouble = undefined;
      } catch (error) {
        reached = undefined;
        trouble = adviceOf(error);
      }
      tried();
    }
  }

  return {
    want(next) {
      if (JSON.stringify(next) !== JSON.stringify(wanted)) wanted = next;
    },
    ensure() {
      running ??= run().finally(() => {
        running = undefined;
      });
      return running;
    },
    behind: () => (reached?.wanted === wanted ? undefined : trouble ?? 'it was not told yet'),
  };
}

/** An apply waits so long for what is slow or away; it goes on behind it, so that it does not hold up the others. */
const PATIENCE_MILLISECONDS = 3_000;

/** Resolves when all of them had their try, or patience is over. */
export async function patiently(clock: Clock, work: readonly Promise<void>[]): Promise<void> {
  const late = new AbortController();
  await Promise.race([Promise.all(work), clock.sleep(PATIENCE_MILLISECONDS, late.signal)]);
  late.abort();
}
