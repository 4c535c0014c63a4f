import type { Instant, LoadHistory } from '../model/index.ts';
import { changeBefore, SEASONS } from './season.ts';
import { short } from './short.ts';
import { followed, lineOf } from './trend.ts';
import type { Trend } from './trend.ts';
import type { Mechanism } from './without.ts';

/** Memory of the two trends in seconds: one sees a turn at once, the other is not fooled by noise. */
export const TREND_SECONDS: readonly number[] = [12, 50];
/** Two trends, then the seasons. */
export const PREDICTORS = TREND_SECONDS.length + SEASONS.length;

/** How much a predictor has missed by lately; null before its first forecast was judged. */
export type Misses = readonly (number | null)[];
/** One load for each predictor, in hosts; null where it has nothing to go by. */
export type Predictions = readonly (number | null)[];

export interface Prediction {
  /** Load now, in hosts. */
  level: number;
  /** Load at the forecast's time, by the trends. */
  expected: number;
  each: Predictions;
}

/**
 * What each predictor expects at `aheadSeconds` after the newest sample, and the trends together: the better one was lately
 * at this distance, the more it counts, so that the best nearly decides alone.
 */
export function predict(trends: readonly Trend[], misses: Misses, history: LoadHistory | undefined, at: Instant, aheadSeconds: number, without?: Mechanism): Prediction {
  const lines = trends.map(lineOf);
  const trusted = lines.map((_, index) => (LEFT_OUT[index] === without && without !== undefined ? 0 : trust(misses[index])));
  const level = mean(lines.map((line) => line.level), trusted) ?? 0;
  const each = [
    ...lines.map((line) => Math.max(0, line.level + (without === 'Trend' ? 0 : line.slope) * followed(aheadSeconds))),
    ...SEASONS.map((season) => {
      const change = changeBefore(history, season, at, aheadSeconds * 1000);
      return change === undefined ? null : level * change;
    }),
  ];
  return { level, expected: mean(each.slice(0, lines.length), trusted) ?? level, each };
}

/** The trend that a study leaves out. */
const LEFT_OUT: readonly Mechanism[] = ['QuickTrend', 'CalmTrend'];

/** The half-life of a miss. */
const FORGET_SECONDS = 3600;
/** In hosts; of less than a quarter of one, no share is taken. */
const LEAST_LOAD = 0.25;

/** Takes in how far each prediction was from what came, in root hosts: many hosts may miss by more. */
export function judge(misses: Misses, predictions: Predictions, actual: number, elapsedSeconds: number): Misses {
  const kept = 0.5 ** (elapsedSeconds / FORGET_SECONDS);
  return predictions.map((prediction, index) => {
    const before = misses[index] ?? null;
    if (prediction === null) return before;
    const miss = Math.abs(actual - prediction) / Math.sqrt(Math.max(actual, prediction, LEAST_LOAD));
    return short(before === null ? miss : kept * before + (1 - kept) * miss);
  });
}

/** Whether the season is believed rather than the trends: it was closer lately. */
export const isCloser = (misses: Misses, season: number): boolean => {
  const own = misses[TREND_SECONDS.length + season] ?? null;
  return own !== null && TREND_SECONDS.every((_, index) => own < (misses[index] ?? Infinity));
};

const SHARPNESS = 16;
const LEAST_MISS = 1e-4;

const trust = (miss: number | null | undefined): number => Math.max(LEAST_MISS, miss ?? 1) ** -SHARPNESS;

function mean(values: Predictions, weights: readonly number[]): number | undefined {
  let total = 0;
  let weight = 0;
  values.forEach((value, index) => {
    if (value === null) return;
    total += weights[index]! * value;
    weight += weights[index]!;
  });
  return weight > 0 ? total / weight : undefined;
}
