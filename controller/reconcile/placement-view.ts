import { type Instant, type ProviderName, messageOf, seconds } from '../model/index.ts';
import type { Clock, CloudProvider, Placement } from '../ports/index.ts';
import { notSetUp } from './choose-placement.ts';

/** What is known against a placement. */
export type PlacementFact =
  | { kind: 'Usable' }
  /** A person must mend the pool, the project at the provider, or the installation's settings. */
  | { kind: 'Unusable'; why: string }
  /** The provider was not asked yet, or could not be. */
  | { kind: 'Unknown'; why: string };

/** Whether the placements of pools could be bought from, as their providers say. Never waits for a provider. */
export interface PlacementView {
  /** What was last heard; `heard` is called when something new is. */
  factOf(placement: Placement, heard: () => void): PlacementFact;
}

const ASK_AGAIN_SECONDS = { Usable: 600, Unusable: 30, Unknown: 30 };

/** A fallback that could never be bought from shows here, and not in the night in which it is needed. */
export function createPlacementView(providers: Partial<Record<ProviderName, CloudProvider>>, clock: Clock): PlacementView {
  const known = new Map<string, { fact: PlacementFact; at: Instant; asking: boolean }>();

  async function ask(provider: CloudProvider, placement: Placement): Promise<PlacementFact> {
    try {
      const why = await provider.problemOf?.(placement);
      return why === undefined ? { kind: 'Usable' } : { kind: 'Unusable', why: `placement ${placement.name}: ${why}` };
    } catch (error) {
      return { kind: 'Unknown', why: `placement ${placement.name} could not be checked: ${messageOf(error)}` };
    }
  }

  return {
    factOf(placement, heard) {
      const provider = providers[placement.provider];
      if (provider === undefined) return { kind: 'Unusable', why: notSetUp(placement) };
      if (provider.problemOf === undefined) return { kind: 'Usable' };
      const key = JSON.stringify(placement);
      const before = known.get(key);
      const fact: PlacementFact = before?.fact ?? { kind: 'Unknown', why: `placement ${placement.name} was not checked yet` };
      if (before?.asking === true || (before !== undefined && clock.now() - before.at < seconds(ASK_AGAIN_SECONDS[before.fact.kind]))) return fact;
      known.set(key, { fact, at: clock.now(), asking: true });
      void ask(provider, placement).then((answer) => {
        known.set(key, { fact: answer, at: clock.now(), asking: false });
        if (JSON.stringify(answer) !== JSON.stringify(fact)) heard();
      });
      return fact;
    },
  };
}
