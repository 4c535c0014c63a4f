/** Four digits are more than any sample is worth, and keep the stored state small. */
export const short = (value: number): number => Math.round(value * 1e4) / 1e4;

/** For sums of which differences are taken. */
export const fine = (value: number): number => Math.round(value * 1e6) / 1e6;
