import { type Instant, isYoung, seconds } from '../model/index.ts';
import type { Clock } from '../ports/index.ts';

/** When each host in service was last asked itself; what serves is asked at a calm pace, for each look may be a login. */
export interface Inspections {
  isDue(hostID: string): boolean;
  note(hostID: string): void;
}

const CALM_SECONDS = 30;

export function createInspections(clock: Clock): Inspections {
  const last = new Map<string, Instant>();
  return {
    isDue: (hostID) => !isYoung(last.get(hostID) ?? -Infinity, seconds(CALM_SECONDS) - 1, clock.now()),
    note(hostID) {
      last.set(hostID, clock.now());
      for (const [id, at] of last) if (clock.now() - at > seconds(2 * CALM_SECONDS)) last.delete(id);
    },
  };
}
