/** One value at one time, in seconds since the epoch. */
export interface Point {
  time: number;
  value: number;
}

/**
 * A counter's increase over a window as Prometheus's `increase()` computes it: resets count from zero, and the samples'
 * span is stretched to the window's edges as far as is plausible. Undefined with fewer than two points.
 */
export function increase(points: readonly Point[], windowStart: number, windowEnd: number): number | undefined {
  const inside = points.filter((point) => point.time > windowStart && point.time <= windowEnd);
  const [first, last] = [inside[0], inside.at(-1)];
  if (first === undefined || last === undefined || inside.length < 2) return undefined;
  const raw = risen(inside);
  const span = last.time - first.time;
  const typicalGap = span / (inside.length - 1);
  let toStart = first.time - windowStart;
  let toEnd = windowEnd - last.time;
  if (toStart >= typicalGap * 1.1) toStart = typicalGap / 2;
  // A counter cannot have been below zero: stretch back no further than to where it would have been zero.
  if (raw > 0 && first.value >= 0) toStart = Math.min(toStart, span * (first.value / raw));
  if (toEnd >= typicalGap * 1.1) toEnd = typicalGap / 2;
  return raw * ((span + toStart + toEnd) / span);
}

/** Increase per second over the window, as `rate()`. */
export function rate(points: readonly Point[], windowStart: number, windowEnd: number): number | undefined {
  const total = increase(points, windowStart, windowEnd);
  return total === undefined ? undefined : total / (windowEnd - windowStart);
}

/** Increase per second between the last two points of the window, as `irate()`. */
export function latestRate(points: readonly Point[], windowStart: number, windowEnd: number): number | undefined {
  const [before, last] = points.filter((point) => point.time > windowStart && point.time <= windowEnd).slice(-2);
  return before === undefined || last === undefined ? undefined : risen([before, last]) / (last.time - before.time);
}

function risen(points: readonly Point[]): number {
  return points.slice(1).reduce((sum, point, index) => {
    const before = points[index]!.value;
    return sum + (point.value < before ? point.value : point.value - before);
  }, 0);
}
