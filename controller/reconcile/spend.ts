import { type Instant, fromTimestamp } from '../model/index.ts';
import { type Ledger, living } from './ledger.ts';
import { costWithin, monthBounds, monthOf } from './month.ts';

/** What bought hosts cost in the calendar month of a time (UTC), by currency. */
export interface Spend {
  month: string;
  amounts: Record<string, {
    /** Released hosts, and what runs until now. */
    soFar: number;
    /** The same when what stays runs on to the end of the month. */
    projected: number;
  }>;
  /** Servers that run and whose price nobody has told: they are in neither amount. */
  unpriced: number;
}

export interface SpendOf {
  /** As `namespace/name`; all pools where none is named. */
  pool?: string;
  /** UIDs of hosts that leave: they are not projected. */
  leaving?: ReadonlySet<string>;
}

/** Pure. */
export function spendOf(ledger: Ledger, now: Instant, { pool, leaving = new Set() }: SpendOf = {}): Spend {
  const month = monthOf(now);
  const spend: Spend = { month, amounts: {}, unpriced: 0 };
  const add = (currency: string, soFar: number, projected: number): void => {
    const before = spend.amounts[currency] ?? { soFar: 0, projected: 0 };
    spend.amounts[currency] = { soFar: before.soFar + soFar, projected: before.projected + projected };
  };
  for (const [name, amounts] of Object.entries(ledger.spent?.[month] ?? {})) {
    if (pool === undefined || name === pool) for (const [currency, amount] of Object.entries(amounts)) add(currency, amount, amount);
  }
  for (const [hostID, { pool: name, tariff, launchedAt, reservedAt }] of living(ledger)) {
    if (pool !== undefined && name !== pool) continue;
    if (tariff === undefined) spend.unpriced += 1;
    if (tariff?.kind !== 'Priced') continue;
    const launched = fromTimestamp(launchedAt);
    const soFar = launched === undefined ? 0 : costWithin(month, launched, Math.max(now, launched + 1), tariff);
    const stays = launched ?? fromTimestamp(reservedAt) ?? now;
    add(tariff.price.currency, soFar, leaving.has(hostID) ? soFar : costWithin(month, stays, monthBounds(month).to, tariff));
  }
  return spend;
}

/** Whole cents, as people read them. */
export const money = (amount: number, currency: string): string => `${amount.toFixed(2)} ${currency}`;
