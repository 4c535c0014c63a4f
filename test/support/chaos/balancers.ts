/** The load balancers of a random world: they keep what they took last, whoever serves them, and take nothing while no way leads to them. */
import type { InstanceListing, Membership } from '../../../controller/model/index.ts';
import type { LoadBalancer } from '../../../controller/ports/index.ts';
import { API_URLS } from './names.ts';
import type { Surroundings } from './surroundings.ts';

export interface ChaosBalancers {
  /** As one process serves them; only the process that leads answers them. What it was given last it forgets with its end. */
  servedBy(leads: () => boolean): LoadBalancer;
  /** Those of these numbers neither answer nor take anything, for so long. */
  silence(which: 0 | 1 | 'All', milliseconds: number): void;
  /** All are reached again. */
  reach(): Promise<void>;
}

export function createBalancers(worldOf: () => Surroundings): ChaosBalancers {
  let taken = 0;
  /** Given while none of them was reached. */
  let waiting: Membership | undefined;

  const all = (): string[] => API_URLS.slice(0, worldOf().nature.balancers);
  const isReached = (): boolean => all().some((url) => !worldOf().memory.silentInstances.has(url));

  async function give(membership: Membership): Promise<void> {
    waiting = membership;
    await letThrough();
  }
  async function letThrough(): Promise<void> {
    if (waiting === undefined || !isReached()) return;
    const next = waiting;
    waiting = undefined;
    await worldOf().memory.loadBalancer.apply({ ...next, generation: taken += 1 });
  }

  return {
    servedBy(leads) {
      let latest = -1;
      return {
        async apply(membership) {
          if (membership.generation <= latest || !leads()) return;
          latest = membership.generation;
          await give(membership);
        },
        confirm: async (spec) => edited(worldOf(), await worldOf().memory.loadBalancer.confirm(spec)),
      };
    },
    silence(which, milliseconds) {
      const { memory: { silentInstances }, clock } = worldOf();
      const silent = which === 'All' ? all() : [all()[which % all().length]!];
      for (const url of silent) silentInstances.add(url);
      void clock.sleep(milliseconds).then(() => {
        for (const url of silent) silentInstances.delete(url);
        return letThrough();
      });
    },
    async reach() {
      worldOf().memory.silentInstances.clear();
      await letThrough();
    },
  };
}

function edited({ clock, listEdits, forgetfulUntil }: Surroundings, listings: InstanceListing[]): InstanceListing[] {
  const now = clock.now();
  const standing = listEdits.filter(({ until }) => now < until);
  return listings.map((listing) => {
    if (listing.kind !== 'Listing') return listing;
    if (now < forgetfulUntil) return { ...listing, servers: [] };
    const kept = listing.servers.filter(({ url }) => standing.every((edit) => edit.url !== url || edit.change !== 'Unlisted'));
    const added = standing.filter(({ url, change }) => change === 'Listed' && kept.every((server) => server.url !== url));
    return { ...listing, servers: [...kept, ...added.map(({ url }) => ({ url, state: 'Up' as const }))] };
  });
}
