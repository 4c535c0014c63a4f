import type { ChaosEvent, ChaosWorld } from './events.ts';

/** What befalls a store that is a file or another process: each of it once, beside what was drawn. */
const STORE_EVENTS: readonly ChaosEvent[] = [
  { at: 45_000, kind: 'Freeze', afterCalls: 10, forSeconds: 20 },
  { at: 80_000, kind: 'Crash', afterCalls: 10, mode: 'After', downSeconds: 3 },
  { at: 110_000, kind: 'RestoreStore', ageSeconds: 40, downSeconds: 5 },
  { at: 150_000, kind: 'LoseStore', downSeconds: 5 },
];

export const withStoreEvents = (world: ChaosWorld): ChaosWorld =>
  ({ ...world, events: [...world.events, ...STORE_EVENTS].sort((a, b) => a.at - b.at) });
