/** Four digits are more than any sample is worth, and keep the stored state small. No negative zero: JSON has none. */
export const short = (value: number): number => Math.round(value * 1e4) / 1e4 + 0;

/** For sums of which differences are taken. */
export const fine = (value: number): number => Math.round(value * 1e6) / 1e6 + 0;
