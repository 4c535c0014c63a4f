import type { Membership } from '../../model/index.ts';
import type { Clock, Leadership } from '../../ports/index.ts';
import { type IsWanted, type Upkeep, createUpkeep, patiently } from './upkeep.ts';

/** The newest membership of this term of leadership, and everything elsewhere that is brought to it again and again. */
export interface KeptMembership {
  /**
   * Resolves when each thing had its try, or patience is over. The same or an older generation brings things to what
   * was wanted before, so that what was lost comes back. Does nothing while this process does not lead.
   */
  apply(membership: Membership): Promise<void>;
  /** Why the thing of this key is not as it should be, as far as is known; undefined where it is, or where nothing is wanted of it. */
  behind(key: string): string | undefined;
}

export interface KeptMembershipParts<W> {
  clock: Clock;
  leadership: Leadership;
  /** What a membership wants of each thing, by key. Throws `Invalid` for one that must not be served: the one before it stays. */
  wantedIn: (membership: Membership) => Map<string, W>;
  put: (wanted: W, isWanted: IsWanted) => Promise<void>;
  /** What was read before may have changed: before each round, and after each attempt, for who asked while it was on its way may have been told what was before. */
  touched: () => void;
}

export function keepMembership<W>({ clock, leadership, wantedIn, put, touched }: KeptMembershipParts<W>): KeptMembership {
  let generation: number | undefined;
  let kept = new Map<string, Upkeep<W>>();
  // What another leader has done since is newer, and a store may have been restored since.
  leadership.onChange(() => {
    generation = undefined;
    kept = new Map();
  });

  /** All of it is thought through before one thing is changed; an attempt that is under way is waited for by the next one at the same thing. */
  function keptFor(membership: Membership): Map<string, Upkeep<W>> {
    return new Map([...wantedIn(membership)].map(([key, wanted]) => {
      const upkeep: Upkeep<W> = kept.get(key) ?? createUpkeep(wanted, {
        // One of an earlier term may still be at work when this process leads again.
        leadership, put: (one, isWanted) => put(one, () => isWanted() && kept.get(key) === upkeep), tried: touched,
      });
      upkeep.want(wanted);
      return [key, upkeep];
    }));
  }

  return {
    async apply(membership) {
      if (!leadership.isLeader()) return;
      if (generation === undefined || membership.generation > generation) {
        kept = keptFor(membership);
        generation = membership.generation;
      }
      touched();
      await patiently(clock, [...kept.values()].map((upkeep) => upkeep.ensure()));
    },
    behind: (key) => kept.get(key)?.behind(),
  };
}
