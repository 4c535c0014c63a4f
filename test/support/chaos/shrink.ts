/** Makes a failing world smaller: fewer events, then simpler ones, as long as it still fails. */
import type { ChaosEvent, ChaosWorld, Nature } from './events.ts';

export interface Shrunk {
  world: ChaosWorld;
  faults: string[];
  /** Worlds that were run for it. */
  runs: number;
}

const SIMPLEST: Partial<Record<keyof Nature, Nature[keyof Nature]>> = {
  listLagMilliseconds: 0, goneLagMilliseconds: 0, bootMilliseconds: 1000, deployMilliseconds: 2000, names: 'Free', storeClock: 'Own', callMilliseconds: 0, maxSurge: 1, balancers: 1, billing: 'Hour',
};

/** Numbers that hold together with others, which a smaller one may contradict. */
const KEPT: readonly string[] = ['replicas', 'maxReplicas', 'minHosts', 'maxHosts', 'hosts', 'which'];

/**
 * `fails` runs a world and resolves with its faults. Halves, quarters and single events are left out in turn (delta
 * debugging), then the world's nature and the events' numbers are made simpler; again, until nothing more can go.
 */
export async function shrink(world: ChaosWorld, faults: string[], fails: (world: ChaosWorld) => Promise<string[]>, mostRuns: number): Promise<Shrunk> {
  const best: Shrunk = { world, faults, runs: 0 };
  const accepts = async (candidate: ChaosWorld): Promise<boolean> => {
    if (best.runs >= mostRuns) return false;
    best.runs += 1;
    const found = await fails(candidate);
    if (found.length === 0) return false;
    Object.assign(best, { world: candidate, faults: found });
    return true;
  };
  for (let before = -1; before !== best.runs && best.runs < mostRuns;) {
    const size = sizeOf(best.world);
    before = best.runs;
    await withoutParts(best, accepts);
    for (const [key, value] of Object.entries(SIMPLEST)) {
      if (best.world.nature[key as keyof Nature] !== value) await accepts({ ...best.world, nature: { ...best.world.nature, [key]: value } });
    }
    if (best.world.nature.budget !== undefined) {
      const { budget: _, ...nature } = best.world.nature;
      await accepts({ ...best.world, nature });
    }
    await simpler(best, accepts);
    if (sizeOf(best.world) >= size) break;
  }
  return best;
}

const sizeOf = (world: ChaosWorld): number => JSON.stringify(world).length;

async function withoutParts(best: Shrunk, accepts: (world: ChaosWorld) => Promise<boolean>): Promise<void> {
  for (let length = Math.ceil(best.world.events.length / 2); length >= 1; length = length === 1 ? 0 : Math.ceil(length / 2)) {
    for (let from = 0; from < best.world.events.length;) {
      const events = best.world.events.filter((_, index) => index < from || index >= from + length);
      if (!await accepts({ ...best.world, events })) from += length;
    }
  }
}

/** Smaller numbers, and rounder times. */
async function simpler(best: Shrunk, accepts: (world: ChaosWorld) => Promise<boolean>): Promise<void> {
  for (let index = 0; index < best.world.events.length; index += 1) {
    const event = best.world.events[index]!;
    for (const [key, value] of Object.entries(event)) {
      if (typeof value !== 'number' || KEPT.includes(key)) continue;
      const rounder = key === 'at' ? Math.floor(value / 10_000) * 10_000 : Math.trunc(value / 2);
      if (rounder === value) continue;
      const changed = best.world.events.map((one, place): ChaosEvent => (place === index ? { ...one, [key]: rounder } : one));
      await accepts({ ...best.world, events: changed.toSorted((a, b) => a.at - b.at) });
    }
  }
}
