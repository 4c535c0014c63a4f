/** Draws from chance. */
import type { Chance } from '../../../controller/simulate/world/chance.ts';

export interface Draw {
  /** A whole number from one to the other, both included. */
  between(from: number, to: number): number;
  from<T>(values: readonly [T, ...T[]] | readonly T[]): T;
  often(share: number): boolean;
}

export function drawing(chance: Chance): Draw {
  const between = (from: number, to: number): number => from + Math.floor(chance() * (to - from + 1));
  return {
    between,
    from: (values) => values[between(0, values.length - 1)]!,
    often: (share) => chance() < share,
  };
}
