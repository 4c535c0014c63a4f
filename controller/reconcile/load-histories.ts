import { type ObjectKey, keyText } from '../api/index.ts';
import { type LoadRecorder, type StoredLoads, createLoadRecorder } from '../decide/index.ts';
import { type Instant, type LoadHistory, isClass, seconds } from '../model/index.ts';
import type { Clock, Documents } from '../ports/index.ts';

/** What a policy's load was like in the last week, for its season: 8 KB a policy, beside the engine state and not in it. */
export interface LoadHistories {
  /** Takes in the load of this evaluation and gives what was before. `past` asks the metrics source, once. */
  record(policy: ObjectKey, load: number | undefined, past: () => Promise<LoadHistory | undefined>): Promise<LoadHistory>;
  /** Reads again at the next record; a new leader must not go by what it saw when it last led. */
  forget(): void;
}

interface Known {
  recorder: LoadRecorder & { store(): StoredLoads };
  version: string | undefined;
  writtenAt: Instant;
  /** When the metrics source is asked next, after it gave nothing. */
  askAt: Instant;
}

/** So much is lost by a crash at most, and thousands of policies are a few writes a second. */
const WRITE_SECONDS = 900;
const ASK_AGAIN_SECONDS = 600;

/** Histories of all policies: from the metrics source where it keeps a past, else from what was recorded and stored here. */
export function createLoadHistories(documents: Documents, clock: Clock): LoadHistories {
  const known = new Map<string, Known>();
  const name = (policy: ObjectKey): string => `load.${policy.namespace}.${policy.name}`;

  async function knownOf(policy: ObjectKey): Promise<Known> {
    const text = keyText(policy);
    let entry = known.get(text);
    if (entry === undefined) {
      const stored = await documents.load(name(policy));
      entry = { recorder: createLoadRecorder(stored?.value), version: stored?.version, writtenAt: clock.now(), askAt: clock.now() };
      known.set(text, entry);
    }
    return entry;
  }

  return {
    async record(policy, load, past) {
      const entry = await knownOf(policy);
      if (clock.now() >= entry.askAt) {
        const history = await past();
        entry.askAt = history === undefined ? clock.now() + seconds(ASK_AGAIN_SECONDS) : Infinity;
        if (history !== undefined) entry.recorder.fill(history);
      }
      if (load !== undefined) entry.recorder.add(clock.now(), load);
      if (clock.now() - entry.writtenAt >= seconds(WRITE_SECONDS)) {
        entry.writtenAt = clock.now();
        try {
          entry.version = await documents.save(name(policy), entry.recorder.store(), entry.version);
        } catch (error) {
          // Another instance wrote: what it knows is newer than what this one remembers.
          if (isClass(error, 'Conflict', 'AlreadyExists')) known.delete(keyText(policy));
          throw error;
        }
      }
      return entry.recorder.history();
    },
    forget: () => known.clear(),
  };
}
