import { type ObjectKey, keyText } from '../api/index.ts';
import { type Instant, fromTimestamp, toTimestamp } from '../model/index.ts';

/**
 * `Reserved`: a create call was allowed and may have happened. `Alive`: the provider gave a server. `Retained`: the
 * server stays although nothing manages it any more. `Released`: the provider says that it is gone.
 */
export type LedgerState = 'Reserved' | 'Alive' | 'Retained' | 'Released';

export interface LedgerEntry {
  pool: string;
  provider: string;
  placement: string;
  state: LedgerState;
  reservedAt: string;
  launchedAt?: string;
  releasedAt?: string;
}

/** What is alive and what was released, so that parallel pools cannot overspend together. */
export interface Ledger {
  version: 1;
  /** By host UID. Released entries are dropped a day after their hours were added to `hostHours`. */
  entries: Record<string, LedgerEntry>;
  /** Host-hours of released hosts by `YYYY-MM` and pool. */
  hostHours: Record<string, Record<string, number>>;
}

export const emptyLedger = (): Ledger => ({ version: 1, entries: {}, hostHours: {} });

/** Refuses to guess: an unreadable ledger is an error, not an empty one. */
export function readLedger(value: unknown): Ledger {
  if (value === undefined) return emptyLedger();
  const ledger = value as Partial<Ledger> | null;
  if (ledger?.version !== 1 || typeof ledger.entries !== 'object' || typeof ledger.hostHours !== 'object') {
    throw new Error('the ledger document is not one of version 1: restore it, or delete it to start an empty ledger');
  }
  return ledger as Ledger;
}

/** Entries that are or may be paid for. */
export const living = (ledger: Ledger): [string, LedgerEntry][] =>
  Object.entries(ledger.entries).filter(([, entry]) => entry.state !== 'Released');

export function reserve(ledger: Ledger, hostID: string, pool: ObjectKey, provider: string, placement: string, now: Instant): Ledger {
  const reservedAt = ledger.entries[hostID]?.reservedAt ?? toTimestamp(now);
  return withEntry(ledger, hostID, { pool: keyText(pool), provider, placement, state: 'Reserved', reservedAt });
}

export function markAlive(ledger: Ledger, hostID: string, pool: ObjectKey, server: { provider: string; placement: string; createdAt: Instant }): Ledger {
  const launchedAt = toTimestamp(server.createdAt);
  return withEntry(ledger, hostID, {
    pool: keyText(pool), provider: server.provider, placement: server.placement, state: 'Alive',
    reservedAt: ledger.entries[hostID]?.reservedAt ?? launchedAt, launchedAt,
  });
}

export function markRetained(ledger: Ledger, hostID: string): Ledger {
  const entry = ledger.entries[hostID];
  return entry === undefined ? ledger : withEntry(ledger, hostID, { ...entry, state: 'Retained' });
}

/** Books the host's hours once; a second release changes nothing. */
export function release(ledger: Ledger, hostID: string, now: Instant): Ledger {
  const entry = ledger.entries[hostID];
  if (entry === undefined || entry.state === 'Released') return ledger;
  const released = withEntry(ledger, hostID, { ...entry, state: 'Released', releasedAt: toTimestamp(now) });
  const launched = fromTimestamp(entry.launchedAt);
  if (launched === undefined) return released;
  return { ...released, hostHours: bookHours(ledger.hostHours, entry.pool, launched, now) };
}

/** Drops released entries that are older than a day and months older than a year. */
export function prune(ledger: Ledger, now: Instant): Ledger {
  const day = 24 * 3600 * 1000;
  const entries = Object.fromEntries(Object.entries(ledger.entries).filter(([, entry]) =>
    entry.state !== 'Released' || now - (fromTimestamp(entry.releasedAt) ?? now) < day));
  const oldest = toTimestamp(now - 366 * day).slice(0, 7);
  const hostHours = Object.fromEntries(Object.entries(ledger.hostHours).filter(([month]) => month >= oldest));
  return { version: 1, entries, hostHours };
}

/** Host-hours of one pool within a month (`YYYY-MM`), hosts that still run included. */
export function hostHoursOf(ledger: Ledger, pool: ObjectKey, month: string, now: Instant): number {
  let booked = ledger.hostHours;
  for (const [, entry] of living(ledger)) {
    const launched = fromTimestamp(entry.launchedAt);
    if (entry.pool === keyText(pool) && launched !== undefined) booked = bookHours(booked, entry.pool, launched, now);
  }
  return booked[month]?.[keyText(pool)] ?? 0;
}

function withEntry(ledger: Ledger, hostID: string, entry: LedgerEntry): Ledger {
  return { ...ledger, entries: { ...ledger.entries, [hostID]: entry } };
}

/** Splits the time between calendar months, UTC. */
function bookHours(hours: Ledger['hostHours'], pool: string, from: Instant, to: Instant): Ledger['hostHours'] {
  const booked = { ...hours };
  for (let start = from; start < to;) {
    const month = toTimestamp(start).slice(0, 7);
    const date = new Date(start);
    const end = Math.min(to, Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1));
    booked[month] = { ...booked[month], [pool]: (booked[month]?.[pool] ?? 0) + (end - start) / 3_600_000 };
    start = end;
  }
  return booked;
}
