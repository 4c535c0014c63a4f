/**
 * How wrong forecasts of one kind of situation have come out: counts of errors by size, in units of the spread that was
 * expected. Positive errors are load that was not foreseen.
 */
export type Errors = readonly number[];

const BINS = 128;
/** Error sizes grow like a hyperbolic sine from bin to bin: fine around zero, and up to 20 spreads at the ends. */
const RANGE = Math.asinh(40);
const WIDTH = (2 * RANGE) / BINS;
const sizeAt = (bin: number): number => Math.sinh(-RANGE + bin * WIDTH) / 2;

/** Empty until the first error, as most situations never come. */
export const NO_ERRORS: Errors = [];
const EMPTY: Errors = Array.from({ length: BINS }, () => 0);

/** Below, an error is one of rounding, whose sign may change while a constant load goes on; its bin must not. In spreads. */
const ROUNDING = 0.01;

/** Newer errors count more: all counts are halved when there are so many. */
const MOST_ERRORS = 2048;

/** What one situation can learn from all others together, as a number of errors. */
const SHARED = 20;
/** What is taken for known before anything was learned: errors of a normal distribution, as a number of errors. */
const ASSUMED = 10;
const NORMAL: Errors = normalised(EMPTY.map((_, bin) => {
  const middle = sizeAt(bin + 0.5);
  return Math.exp(-0.5 * middle * middle) * (sizeAt(bin + 1) - sizeAt(bin));
}));

const USUAL = NORMAL.map((share) => ASSUMED * share);

/** Counts that were added up before: they never change, and each evaluation needs the totals of all. */
const TOTALS = new WeakMap<Errors, number>();

export function addError(errors: Errors, size: number): Errors {
  const told = Math.abs(size) < ROUNDING ? 0 : size;
  const bin = Math.max(0, Math.min(BINS - 1, Math.floor((Math.asinh(2 * told) + RANGE) / WIDTH)));
  const next = errors.length === 0 ? EMPTY.slice() : errors.slice();
  next[bin] = next[bin]! + 1;
  const total = totalOf(errors) + 1;
  if (total >= MOST_ERRORS) return next.map((count) => count >> 1);
  TOTALS.set(next, total);
  return next;
}

/**
 * The error that is exceeded with a chance of `risk` in this situation, in spreads. The fewer errors of its own it has,
 * the more it goes by those of all situations, and of those by what is usual.
 */
export function errorAt(risk: number, own: Errors, all: readonly Errors[]): number {
  let pooled = ASSUMED;
  for (const errors of all) pooled += totalOf(errors);
  const share = SHARED / pooled;
  const mostAbove = risk * (totalOf(own) + SHARED);
  let above = 0;
  // From the top, where a small risk is found after a few bins.
  for (let bin = BINS - 1; bin > 0; bin--) {
    above += (own[bin] ?? 0) + share * pooledAt(bin, all);
    // The end of the bin, not a place in it: while a constant load goes on counts change, and the answer must not.
    if (above > mostAbove) return sizeAt(bin + 1);
  }
  return sizeAt(1);
}

function pooledAt(bin: number, all: readonly Errors[]): number {
  let count = USUAL[bin]!;
  for (const errors of all) if (errors.length > 0) count += errors[bin]!;
  return count;
}

/** Errors as they were stored; undefined for anything else. */
export const readErrors = (value: unknown): Errors | undefined =>
  Array.isArray(value) && (value.length === BINS || value.length === 0) && value.every((count) => Number.isInteger(count) && count >= 0 && count <= MOST_ERRORS) ? value : undefined;

function totalOf(errors: Errors): number {
  const known = TOTALS.get(errors);
  if (known !== undefined) return known;
  const total = sum(errors);
  TOTALS.set(errors, total);
  return total;
}

function normalised(weights: Errors): Errors {
  const total = sum(weights);
  return weights.map((weight) => weight / total);
}

function sum(counts: Errors): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
