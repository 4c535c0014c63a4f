import type { LeastCosts, Measures } from '../../../controller/simulate/index.ts';
import { costOf } from '../../../controller/simulate/index.ts';

/** What one contender reached on one trace, or on the mean of several. */
export interface Score {
  cost: number;
  hourlyCost: number;
  shortSecondsPerDay: number;
  badPercent: number;
  actionsPerDay: number;
}

const FIELDS = ['cost', 'hourlyCost', 'shortSecondsPerDay', 'badPercent', 'actionsPerDay'] as const;

export const scoreOf = (measures: Measures, least: LeastCosts): Score => ({ ...costOf(measures, least), ...pick(measures) });

const pick = ({ shortSecondsPerDay, badPercent, actionsPerDay }: Measures): Omit<Score, 'cost' | 'hourlyCost'> => ({ shortSecondsPerDay, badPercent, actionsPerDay });

export function meanOf(scores: readonly Score[]): Score {
  const mean = (field: (typeof FIELDS)[number]): number => scores.reduce((sum, score) => sum + score[field], 0) / scores.length;
  return { cost: mean('cost'), hourlyCost: mean('hourlyCost'), shortSecondsPerDay: mean('shortSecondsPerDay'), badPercent: mean('badPercent'), actionsPerDay: mean('actionsPerDay') };
}

/** What a contender whose settings give `curve` would reach at a cost: on the line between the nearest settings. Undefined outside of the curve. */
export function atEqualCost(curve: readonly Score[], cost: number, by: 'cost' | 'hourlyCost'): Score | undefined {
  const sorted = curve.toSorted((one, other) => one[by] - other[by]);
  for (let index = 1; index < sorted.length; index++) {
    const [below, above] = [sorted[index - 1]!, sorted[index]!];
    if (below[by] > cost || above[by] < cost) continue;
    const share = above[by] === below[by] ? 0 : (cost - below[by]) / (above[by] - below[by]);
    return Object.fromEntries(FIELDS.map((field) => [field, below[field] + share * (above[field] - below[field])])) as unknown as Score;
  }
  return undefined;
}

/** What a cost would be at so many seconds short a day: on the line between the nearest settings, seconds by their logarithm. Undefined outside of the curve. */
export function costAtEqualShortage(curve: readonly Score[], shortSecondsPerDay: number, by: 'cost' | 'hourlyCost'): number | undefined {
  const sorted = curve.toSorted((one, other) => one.shortSecondsPerDay - other.shortSecondsPerDay);
  for (let index = 1; index < sorted.length; index++) {
    const [fewer, more] = [sorted[index - 1]!, sorted[index]!];
    if (fewer.shortSecondsPerDay > shortSecondsPerDay || more.shortSecondsPerDay < shortSecondsPerDay) continue;
    const [low, high] = [Math.log(1 + fewer.shortSecondsPerDay), Math.log(1 + more.shortSecondsPerDay)];
    const share = high === low ? 0 : (Math.log(1 + shortSecondsPerDay) - low) / (high - low);
    return fewer[by] + share * (more[by] - fewer[by]);
  }
  return undefined;
}

/** `cost / cost_h / seconds a day short / % bad / actions a day`, as the published tables have it. */
export const cellOf = ({ cost, hourlyCost, shortSecondsPerDay, badPercent, actionsPerDay }: Score): string =>
  [cost.toFixed(2), hourlyCost.toFixed(2), shortSecondsPerDay.toFixed(0), badPercent.toFixed(1), actionsPerDay.toFixed(0)].join(' / ');
