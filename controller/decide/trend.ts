/**
 * A straight line through recent samples, old ones counting less and less: discounted sums of weight, time, time squared,
 * value and time times value, with time in seconds before the newest sample.
 */
export type Trend = readonly [weight: number, time: number, square: number, value: number, product: number];

export const NO_TREND: Trend = [0, 0, 0, 0, 0];

/** Where the line ends at the newest sample, and how it goes on for each second. */
export interface Line {
  level: number;
  slope: number;
}

/** Adds a sample that is `elapsed` seconds newer than the last; what is `memorySeconds` old counts by a third. */
export function extend([weight, time, square, value, product]: Trend, elapsed: number, memorySeconds: number, sample: number): Trend {
  const kept = Math.exp(-elapsed / memorySeconds);
  return [
    weight * kept + 1,
    (time - elapsed * weight) * kept,
    (square - 2 * elapsed * time + elapsed * elapsed * weight) * kept,
    value * kept + sample,
    (product - elapsed * value) * kept,
  ];
}

export function lineOf([weight, time, square, value, product]: Trend): Line {
  const spread = weight * square - time * time;
  if (!(spread > 1e-6)) return { level: weight > 0 ? Math.max(0, value / weight) : 0, slope: 0 };
  return { level: Math.max(0, (square * value - time * product) / spread), slope: (weight * product - time * value) / spread };
}

/** A slope fades: in four minutes two thirds of it are gone. */
const FADING_SECONDS = 240;

/** How far a line is followed into the future, in seconds of its present slope. */
export const followed = (seconds: number): number => FADING_SECONDS * (1 - Math.exp(-seconds / FADING_SECONDS));
