import { type ObjectKey, keyText } from '../api/index.ts';
import { type Instant, type Tariff, fromTimestamp, seconds, toTimestamp } from '../model/index.ts';
import { type Limits, pruneLimits, withoutCapacityPauses } from './learned-limits.ts';
import { costWithin, monthBounds, monthOf, monthsBetween } from './month.ts';

/**
 * `Reserved`: a create call was allowed and may have happened. `Alive`: the provider gave a server. `Retained`: the
 * server stays although nothing manages it any more. `Released`: the provider says that it is gone.
 */
export type LedgerState = 'Reserved' | 'Alive' | 'Retained' | 'Released';

/** A tariff as it is kept; absent where the provider did not tell. */
export type KnownTariff = Exclude<Tariff, { kind: 'Unknown' }>;

export interface LedgerEntry {
  pool: string;
  provider: string;
  placement: string;
  state: LedgerState;
  reservedAt: string;
  launchedAt?: string;
  releasedAt?: string;
  /** As of the purchase: what runs is billed by it. */
  tariff?: KnownTariff;
}

/** Amounts by month, pool and currency. */
export type Amounts = Record<string, Record<string, Record<string, number>>>;

/** What is alive and what was released, so that parallel pools cannot overspend together. */
export interface Ledger {
  version: 1;
  /** By host UID. Released entries are dropped a day after their hours were added to `hostHours`. */
  entries: Record<string, LedgerEntry>;
  /** Host-hours of released hosts by `YYYY-MM` and pool. */
  hostHours: Record<string, Record<string, number>>;
  /** What released hosts have cost. Absent in ledgers from before prices were known. */
  spent?: Amounts;
  /** What providers refused, and for how long that is taken for granted. */
  limits?: Limits;
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

export function reserve(ledger: Ledger, hostID: string, pool: ObjectKey, provider: string, placement: string, tariff: Tariff, now: Instant): Ledger {
  const reservedAt = ledger.entries[hostID]?.reservedAt ?? toTimestamp(now);
  return withEntry(ledger, hostID, { pool: keyText(pool), provider, placement, state: 'Reserved', reservedAt, ...kept(tariff) });
}

export function markAlive(ledger: Ledger, hostID: string, pool: ObjectKey, server: { provider: string; placement: string; createdAt: Instant }): Ledger {
  const launchedAt = toTimestamp(server.createdAt);
  const before = ledger.entries[hostID];
  return withEntry(ledger, hostID, {
    pool: keyText(pool), provider: server.provider, placement: server.placement, state: 'Alive', reservedAt: before?.reservedAt ?? launchedAt, launchedAt,
    ...(before?.tariff === undefined || before.placement !== server.placement ? {} : { tariff: before.tariff }),
  });
}

/** Fills in the price of a server that was bought or adopted while nobody could tell it. */
export function noteTariff(ledger: Ledger, hostID: string, tariff: KnownTariff): Ledger {
  const entry = ledger.entries[hostID];
  return entry === undefined || entry.tariff !== undefined || entry.state === 'Released' ? ledger : withEntry(ledger, hostID, { ...entry, tariff });
}

export function markRetained(ledger: Ledger, hostID: string): Ledger {
  const entry = ledger.entries[hostID];
  return entry === undefined ? ledger : withEntry(ledger, hostID, { ...entry, state: 'Retained' });
}

/** Books the host's hours and what they cost, once; a second release changes nothing. */
export function release(ledger: Ledger, hostID: string, now: Instant): Ledger {
  const entry = ledger.entries[hostID];
  if (entry === undefined || entry.state === 'Released') return ledger;
  // People's own machines are there again at once; in a cloud others want the place too.
  const limits = ledger.limits === undefined || entry.tariff?.kind !== 'Free' ? {} : { limits: withoutCapacityPauses(ledger.limits, entry.provider) };
  const released = { ...withEntry(ledger, hostID, { ...entry, state: 'Released', releasedAt: toTimestamp(now) }), ...limits };
  const launched = fromTimestamp(entry.launchedAt);
  if (launched === undefined) return released;
  return { ...released, hostHours: bookHours(ledger.hostHours, entry.pool, launched, now), ...bookCost(ledger.spent, entry, launched, now) };
}

/** Drops released entries that are older than a day, months older than a year, and months to come, which a clock booked that was ahead. */
export function prune(ledger: Ledger, now: Instant): Ledger {
  const day = seconds(24 * 3600);
  const entries = Object.fromEntries(Object.entries(ledger.entries).filter(([, entry]) =>
    entry.state !== 'Released' || now - (fromTimestamp(entry.releasedAt) ?? now) < day));
  const oldest = toTimestamp(now - 366 * day).slice(0, 7);
  const young = <T>(byMonth: Record<string, T>): Record<string, T> => Object.fromEntries(Object.entries(byMonth).filter(([month]) => month >= oldest && month <= monthOf(now)));
  return {
    ...ledger, entries, hostHours: young(ledger.hostHours),
    ...(ledger.spent === undefined ? {} : { spent: young(ledger.spent) }), ...(ledger.limits === undefined ? {} : { limits: pruneLimits(ledger.limits, now) }),
  };
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

const kept = (tariff: Tariff): { tariff?: KnownTariff } => (tariff.kind === 'Unknown' ? {} : { tariff });

function withEntry(ledger: Ledger, hostID: string, entry: LedgerEntry): Ledger {
  return { ...ledger, entries: { ...ledger.entries, [hostID]: entry } };
}

/** Splits the time between calendar months, UTC. */
function bookHours(hours: Ledger['hostHours'], pool: string, from: Instant, to: Instant): Ledger['hostHours'] {
  const booked = { ...hours };
  for (const month of monthsBetween(from, to)) {
    const bounds = monthBounds(month);
    const within = (Math.min(to, bounds.to) - Math.max(from, bounds.from)) / seconds(3600);
    booked[month] = { ...booked[month], [pool]: (booked[month]?.[pool] ?? 0) + within };
  }
  return booked;
}

/** A server that is gone in the second in which it came has cost its first hour nevertheless. */
function bookCost(spent: Amounts = {}, { pool, tariff }: LedgerEntry, from: Instant, to: Instant): { spent?: Amounts } {
  if (tariff?.kind !== 'Priced') return {};
  const { currency } = tariff.price;
  const until = Math.max(to, from + 1);
  const booked = { ...spent };
  for (const month of monthsBetween(from, until)) {
    const ofPool = booked[month]?.[pool] ?? {};
    booked[month] = { ...booked[month], [pool]: { ...ofPool, [currency]: (ofPool[currency] ?? 0) + costWithin(month, from, until, tariff) } };
  }
  return { spent: booked };
}

