import { ClassifiedError, type Instant } from '../../model/index.ts';
import type { Clock } from '../../ports/index.ts';
import { type Connection, type Dial, openConnection, type SSHLimits } from './connection.ts';
import type { ClientKey } from './client-key.ts';
import { type Hop, placeOf } from './failure.ts';
import type { TrustedKey } from './trust.ts';

/** A target and, if need be, the host on the way to it. */
export interface Route {
  /** Who the target is. Its address is no part of it: the next machine there is another one. */
  identity: string;
  hop: Hop;
  jump?: Hop;
}

/** Connections that are kept while they are used. */
export interface Connections {
  /** Runs the work on a connection whose host key is one of the route's. */
  use<T>(route: Route, work: (connection: Connection) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

interface Entry {
  connection: Connection;
  openedAt: Instant;
  users: number;
  /** Ends the wait of an idle one. */
  idle?: AbortController;
}

/**
 * An older connection is not used for anything new. A login has the groups that its user had then, so on a host that is
 * still being made, it would not see the user join the group of Docker.
 */
const MAX_AGE_MILLISECONDS: Record<TrustedKey['kind'], number> = { Delivered: 5_000, Own: 600_000, Pinned: 600_000 };

export interface ConnectionsSettings {
  clientKey: Pick<ClientKey, 'privateKey'>;
  clock: Clock;
  limits: SSHLimits;
  dial: Dial;
}

export function createConnections(settings: ConnectionsSettings): Connections {
  const { clock, limits } = settings;
  const kept = new Map<string, Entry>();
  const opening = new Map<string, Promise<Entry>>();
  const all = new Set<Entry>();
  const ends = new AbortController();

  async function use<T>(route: Route, work: (connection: Connection) => Promise<T>): Promise<T> {
    const entry = await entryFor(route);
    try {
      return await work(entry.connection);
    } finally {
      release(entry);
    }
  }

  /** One that is there, one that somebody else opens just now for the same keys, or a new one; counted as used. */
  async function entryFor(route: Route): Promise<Entry> {
    const place = placeKey(route);
    const there = kept.get(place);
    if (there !== undefined && isFresh(there) && route.hop.trusted.some(({ key }) => key === there.connection.answered.key)) return hold(there);
    const trusting = JSON.stringify([place, route.hop.trusted.map(({ key }) => key)]);
    const begun = opening.get(trusting) ?? open(route, place).finally(() => opening.delete(trusting));
    opening.set(trusting, begun);
    return hold(await begun);
  }

  async function open({ hop, jump }: Route, place: string): Promise<Entry> {
    refuseWhenEnding(hop);
    const through = jump === undefined ? undefined : await entryFor({ identity: 'jump host', hop: jump });
    let connection: Connection;
    try {
      connection = await openConnection(hop, through?.connection.dial ?? settings.dial, ends.signal, settings);
    } catch (error) {
      if (through !== undefined) release(through);
      throw error;
    }
    const entry: Entry = { connection, openedAt: clock.now(), users: 0 };
    all.add(entry);
    void connection.closed.then(() => {
      all.delete(entry);
      if (kept.get(place) === entry) kept.delete(place);
      if (through !== undefined) release(through);
    });
    if (ends.signal.aborted) connection.close();
    refuseWhenEnding(hop);
    const before = kept.get(place);
    kept.set(place, entry);
    if (before !== undefined && before.users === 0) before.connection.close();
    return entry;
  }

  const isFresh = ({ connection, openedAt }: Entry): boolean =>
    connection.usable() && clock.now() - openedAt < MAX_AGE_MILLISECONDS[connection.answered.kind];

  function hold(entry: Entry): Entry {
    entry.users += 1;
    entry.idle?.abort();
    return entry;
  }

  function release(entry: Entry): void {
    entry.users -= 1;
    if (entry.users > 0) return;
    const retired = ![...kept.values()].includes(entry);
    if (retired || ends.signal.aborted || !isFresh(entry)) {
      entry.connection.close();
      return;
    }
    const idle = new AbortController();
    entry.idle = idle;
    void clock.sleep(limits.idleSeconds * 1_000, idle.signal).then(() => {
      if (!idle.signal.aborted) entry.connection.close();
    });
  }

  function refuseWhenEnding(hop: Hop): void {
    if (ends.signal.aborted) throw new ClassifiedError('Unavailable', `no connection to ${placeOf(hop)}: this process ends`);
  }

  return {
    use,
    async close() {
      ends.abort();
      for (const { connection, idle } of all) {
        idle?.abort();
        connection.close();
      }
      await Promise.allSettled([...all].map(({ connection }) => connection.closed));
      await Promise.allSettled(opening.values());
    },
  };
}

const placeKey = ({ identity, hop: { address, port, user }, jump }: Route): string =>
  JSON.stringify([identity, address, port, user, ...(jump === undefined ? [] : [jump.address, jump.port, jump.user, jump.trusted.map(({ key }) => key)])]);
