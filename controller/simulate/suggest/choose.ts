import type { Settings } from './settings.ts';

/** What settings reached on a part of a load. */
export interface Tried {
  settings: Settings;
  /** The bill over the least possible. */
  cost: number;
  shortSecondsPerDay: number;
  badPercent: number;
  actionsPerDay: number;
}

/** Costs closer than this are the same: then fewer changes a day decide. */
const SAME_COST = 0.005;

/** The cheapest that keeps within the limit; where none does, the one that is short the least. */
export function choose(tried: readonly Tried[], limitSecondsPerDay: number): { best: Tried; within: boolean } {
  const [first] = tried;
  if (first === undefined) throw new RangeError('nothing was tried');
  const good = tried.filter(({ shortSecondsPerDay }) => shortSecondsPerDay <= limitSecondsPerDay);
  if (good.length === 0) return { best: tried.reduce((best, one) => (one.shortSecondsPerDay < best.shortSecondsPerDay ? one : best), first), within: false };
  const cheapest = Math.min(...good.map(({ cost }) => cost));
  const [best] = good.filter(({ cost }) => cost <= cheapest + SAME_COST).toSorted((one, other) => one.actionsPerDay - other.actionsPerDay || one.cost - other.cost);
  return { best: best!, within: true };
}

/** Those that no other beats in both cost and shortage, from thrifty to safe. */
export function tradeOff(tried: readonly Tried[]): Tried[] {
  const sorted = tried.toSorted((one, other) => one.cost - other.cost || one.shortSecondsPerDay - other.shortSecondsPerDay);
  const curve: Tried[] = [];
  for (const one of sorted) {
    const last = curve.at(-1);
    if (last === undefined || one.shortSecondsPerDay < last.shortSecondsPerDay - 0.5) curve.push(one);
  }
  return curve;
}
