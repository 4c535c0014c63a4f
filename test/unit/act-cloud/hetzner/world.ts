/** The Hetzner adapter against the simulator, under a simulated clock. */
import { type HetznerProvider, createHetznerProvider } from '../../../../controller/act/cloud/hetzner/provider.ts';
import type { HetznerOptions } from '../../../../controller/act/cloud/hetzner/settings.ts';
import type { ServerOwner } from '../../../../controller/model/index.ts';
import type { CreateRequest, Placement } from '../../../../controller/ports/index.ts';
import { type SimulatedClock, createSimulatedClock } from '../../../support/clock.ts';
import { judgedSuite, passing } from '../../../support/cloud-sim/suite.ts';
import { contractAbsence } from '../../../support/hetzner-sim/contract.ts';
import { type HetznerSim, type HetznerSimOptions, startHetznerSim } from '../../../support/hetzner-sim/index.ts';
import { POOL_NEEDS } from '../../../support/pool-needs.ts';

export const NEAR: Placement = { name: 'near', provider: 'Hetzner', hetzner: { serverType: 'cpx21', location: 'nbg1', image: 'docker-ce', publicNetwork: 'Both' } };

export const ownerOf = (hostID: string, installation = 'home'): ServerOwner => ({ installation, pool: { namespace: 'default', name: 'web' }, hostID });

export const requestOf = (hostID: string, placement = NEAR, pool = POOL_NEEDS): CreateRequest => ({ name: `web-${hostID}`, owner: ownerOf(hostID), placement, pool });

export interface HetznerWorld {
  clock: SimulatedClock;
  sim: HetznerSim;
  provider: HetznerProvider;
  /** Another process on the same project. */
  another(options?: Partial<HetznerOptions>): HetznerProvider;
  /** Lets simulated time pass, with what it sets off, until the condition holds; at most ten simulated minutes. */
  until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T>;
  end(): Promise<void>;
}

export async function startWorld(options: Partial<HetznerSimOptions> = {}, own: Partial<HetznerOptions> = {}): Promise<HetznerWorld> {
  const clock = createSimulatedClock(Date.UTC(2026, 0, 1));
  const sim = await startHetznerSim({ clock, ...options });
  const providers: HetznerProvider[] = [];
  const another = (more: Partial<HetznerOptions> = {}): HetznerProvider => {
    const provider = createHetznerProvider({ endpoint: sim.endpoint, token: { kind: 'Value', value: sim.token }, clock, userData: ({ name }) => `#cloud-config\nhostname: ${name}\n`, ...own, ...more });
    providers.push(provider);
    return provider;
  };
  return {
    clock, sim, another, provider: another(),
    until: (what, look) => passing(clock, what, look),
    async end() {
      for (const provider of providers) provider.close();
      await sim.close();
    },
  };
}

export const hetznerSuite = (title: string, suite: (this: Mocha.Suite) => void): void => judgedSuite(contractAbsence(), title, suite);
