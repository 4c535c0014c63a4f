import type { Tick } from '../world/run.ts';

/**
 * Why hosts were missing, tick by tick:
 * - `Ceiling`: the load needs more than the most that the policy allows
 * - `Booting`: enough were ordered; they were still booting
 * - `NotOrdered`: too few were there or ordered
 */
export type ShortageCause = 'Ceiling' | 'Booting' | 'NotOrdered';

export type SecondsByCause = Record<ShortageCause, number>;

export const noSeconds = (): SecondsByCause => ({ Ceiling: 0, Booting: 0, NotOrdered: 0 });

export function causeOf({ needed, ready, booting }: Tick, maxHosts: number): ShortageCause | undefined {
  if (ready >= needed) return undefined;
  if (needed > maxHosts && ready + booting >= maxHosts) return 'Ceiling';
  return ready + booting >= needed ? 'Booting' : 'NotOrdered';
}
