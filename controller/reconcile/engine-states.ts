import { type ObjectKey, keyText } from '../api/index.ts';
import { type EngineState, type Instant, isClass, seconds } from '../model/index.ts';
import type { Clock, Documents } from '../ports/index.ts';

/**
 * Engine states of all policies: kept in memory, written when the number changed and else once a minute, so that
 * thousands of policies do not mean thousands of writes each round. A crash loses at most that minute, and a state that
 * is older only makes the engine more careful about scaling in.
 */
export interface EngineStates {
  load(policy: ObjectKey): Promise<unknown>;
  save(policy: ObjectKey, state: EngineState, changed: boolean): Promise<void>;
  /** Reads again at the next load; a new leader must not decide on what it saw when it last led. */
  forget(): void;
}

interface Known {
  state: EngineState | undefined;
  version: string | undefined;
  writtenAt: Instant;
}

export function createEngineStates(documents: Documents, clock: Clock): EngineStates {
  const known = new Map<string, Known>();
  const name = (policy: ObjectKey) => `engine.${policy.namespace}.${policy.name}`;

  return {
    async load(policy) {
      const text = keyText(policy);
      let entry = known.get(text);
      if (entry === undefined) {
        const stored = await documents.load(name(policy));
        entry = { state: stored?.value as EngineState | undefined, version: stored?.version, writtenAt: clock.now() };
        known.set(text, entry);
      }
      return entry.state;
    },
    async save(policy, state, changed) {
      const text = keyText(policy);
      const entry = known.get(text) ?? { state: undefined, version: undefined, writtenAt: 0 };
      entry.state = state;
      known.set(text, entry);
      if (!changed && entry.version !== undefined && clock.now() - entry.writtenAt < seconds(60)) return;
      try {
        entry.version = await documents.save(name(policy), state, entry.version);
        entry.writtenAt = clock.now();
      } catch (error) {
        // Another instance wrote: what it knows is newer than what this one remembers.
        if (isClass(error, 'Conflict', 'AlreadyExists')) known.delete(text);
        throw error;
      }
    },
    forget: () => known.clear(),
  };
}
