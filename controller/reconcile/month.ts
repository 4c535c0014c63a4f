import { type Instant, type Tariff, seconds, toTimestamp } from '../model/index.ts';

const HOUR = seconds(3600);

/** The calendar month of a time, UTC, as `YYYY-MM`. */
export const monthOf = (time: Instant): string => toTimestamp(time).slice(0, 7);

export function monthBounds(month: string): { from: Instant; to: Instant } {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return { from: Date.UTC(year, number - 1, 1), to: Date.UTC(year, number, 1) };
}

/** The months that a stretch of time touches, oldest first. */
export function monthsBetween(from: Instant, to: Instant): string[] {
  const months: string[] = [];
  for (let at = from; at < to; at = monthBounds(monthOf(at)).to) months.push(monthOf(at));
  return months;
}

/**
 * What a server that is there from `from` to `to` costs in one calendar month. Where hours are billed each started one
 * counts whole, in the month in which it starts; a month never costs more than its cap.
 */
export function costWithin(month: string, from: Instant, to: Instant, { price, billing }: Tariff & { kind: 'Priced' }): number {
  const bounds = monthBounds(month);
  const end = Math.min(bounds.to, to);
  if (end <= from || end <= bounds.from) return 0;
  const hours = billing === 'Second' ? (end - Math.max(from, bounds.from)) / HOUR : startsBefore(end, from) - startsBefore(bounds.from, from);
  return Math.min(hours * price.hour, price.monthCap ?? Infinity);
}

/** How many of the hours that are counted from `from` have started before `time`. */
const startsBefore = (time: Instant, from: Instant): number => Math.max(0, Math.ceil((time - from) / HOUR));
