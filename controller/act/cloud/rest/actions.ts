import { type ErrorClass, type Instant, type ServerOwner, isClass, seconds } from '../../../model/index.ts';
import type { Clock } from '../../../ports/index.ts';

/** What a cloud does after it has answered. */
export interface Action {
  id: number;
  status: 'Running' | 'Success' | Trouble;
}

export interface Trouble {
  class: ErrorClass;
  message: string;
}

/** How a cloud is asked for its actions. */
export interface ActionSource {
  /** Those of these ids that the cloud still knows. */
  ask: (ids: readonly number[]) => Promise<Action[]>;
  /** So many a call. */
  idsACall: number;
  /** Least seconds between two rounds over so many actions, so that following does not use up the request budget. */
  roundSeconds: (actions: number) => number;
}

/**
 * Follows what the API has begun to its end, all servers together. What it learns is a hint that makes things quicker;
 * without it, as after a restart, the start deadline decides.
 */
export interface ActionFollower {
  follow(actions: readonly Action[], of: { server: number; owner: ServerOwner }): void;
  /** What went wrong while the server was made. */
  troubleOf(server: number): Trouble | undefined;
  forget(server: number): void;
  /** Tells those who listen that something about a server changed which no action tells of. */
  tell(owner: ServerOwner): void;
  /** Calls back when an action of one's server ended, either way. */
  onEnd(listener: (owner: ServerOwner) => void): { close(): void };
  close(): void;
}

const FIRST_WAIT_SECONDS = 1;
const LONGEST_WAIT_SECONDS = 5;
const GIVEN_UP_AFTER_SECONDS = 900;
const REMEMBERED_TROUBLES = 500;

interface Followed {
  server: number;
  owner: ServerOwner;
  since: Instant;
}

export function createActionFollower({ ask, idsACall, roundSeconds }: ActionSource, clock: Clock): ActionFollower {
  const open = new Map<number, Followed>();
  const troubles = new Map<number, Trouble>();
  const listeners = new Set<(owner: ServerOwner) => void>();
  const ended = new AbortController();
  let runs = false;

  function tell(owner: ServerOwner): void {
    for (const listener of listeners) listener(owner);
  }

  function note(action: Action, followed: Followed): void {
    if (action.status === 'Running') {
      open.set(action.id, followed);
      return;
    }
    open.delete(action.id);
    if (action.status !== 'Success') troubles.set(followed.server, action.status);
    const [oldest] = troubles.keys();
    if (troubles.size > REMEMBERED_TROUBLES && oldest !== undefined) troubles.delete(oldest);
    tell(followed.owner);
  }

  async function look(): Promise<void> {
    const ids = [...open.keys()];
    for (let start = 0; start < ids.length; start += idsACall) {
      const batch = ids.slice(start, start + idsACall);
      const known = new Map((await ask(batch)).map((action) => [action.id, action]));
      for (const id of batch) {
        const followed = open.get(id);
        const action = known.get(id);
        if (followed === undefined) continue;
        // An action that the API knows no more has ended; how, the server itself tells.
        if (action === undefined) note({ id, status: 'Success' }, followed);
        else note(action, followed);
      }
    }
    const now = clock.now();
    for (const [id, { since }] of open) if (now - since > seconds(GIVEN_UP_AFTER_SECONDS)) open.delete(id);
  }

  async function run(): Promise<void> {
    let wait = FIRST_WAIT_SECONDS;
    while (open.size > 0 && !ended.signal.aborted) {
      await clock.sleep(seconds(Math.max(wait, roundSeconds(open.size))), ended.signal);
      if (ended.signal.aborted) break;
      try {
        await look();
        wait = Math.min(LONGEST_WAIT_SECONDS, wait * 1.5);
      } catch (error) {
        // Lists show the servers themselves; the next look may work again.
        wait = isClass(error, 'RateLimited') ? Math.max(wait, error.retryAfterSeconds ?? wait) : LONGEST_WAIT_SECONDS;
      }
    }
    runs = false;
  }

  return {
    follow(actions, { server, owner }) {
      for (const action of actions) note(action, { server, owner, since: clock.now() });
      if (open.size === 0 || runs) return;
      runs = true;
      void run();
    },
    troubleOf: (server) => troubles.get(server),
    forget: (server) => void troubles.delete(server),
    tell,
    onEnd(listener) {
      listeners.add(listener);
      return { close: () => void listeners.delete(listener) };
    },
    close: () => ended.abort(),
  };
}
