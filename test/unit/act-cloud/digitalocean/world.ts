/** The DigitalOcean adapter against the simulator, under a simulated clock. */
import { type DigitalOceanOptions, type DigitalOceanProvider, createDigitalOceanProvider } from '../../../../controller/act/cloud/digitalocean/provider.ts';
import type { ServerOwner } from '../../../../controller/model/index.ts';
import type { CreateRequest, Placement } from '../../../../controller/ports/index.ts';
import { type SimulatedClock, createSimulatedClock } from '../../../support/clock.ts';
import { ended, judgedSuite, passing } from '../../../support/cloud-sim/suite.ts';
import { contractAbsence } from '../../../support/digitalocean-sim/contract.ts';
import { type DigitalOceanSim, type DigitalOceanSimOptions, startDigitalOceanSim } from '../../../support/digitalocean-sim/index.ts';
import { POOL_NEEDS } from '../../../support/pool-needs.ts';

export const NEAR: Placement = { name: 'near', provider: 'DigitalOcean', digitalocean: { size: 's-2vcpu-4gb', region: 'fra1', image: 'docker-20-04', publicNetwork: 'IPv4' } };

export const placed = (change: Partial<NonNullable<Placement['digitalocean']>>): Placement => ({ ...NEAR, digitalocean: { ...NEAR.digitalocean!, ...change } });

export const ownerOf = (hostID: string, installation = 'home'): ServerOwner => ({ installation, pool: { namespace: 'default', name: 'web' }, hostID });

export const requestOf = (hostID: string, placement = NEAR, pool = POOL_NEEDS): CreateRequest => ({ name: `web-${hostID}`, owner: ownerOf(hostID), placement, pool });

export interface DigitalOceanWorld {
  clock: SimulatedClock;
  sim: DigitalOceanSim;
  provider: DigitalOceanProvider;
  /** Another process on the same account. */
  another(options?: Partial<DigitalOceanOptions>): DigitalOceanProvider;
  /** Lets simulated time pass, with what it sets off, until the condition holds; at most ten simulated minutes. */
  until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T>;
  /** The end of a call for which simulated time must pass. */
  ended<T>(call: Promise<T>): Promise<T>;
  end(): Promise<void>;
}

export async function startWorld(options: Partial<DigitalOceanSimOptions> = {}, own: Partial<DigitalOceanOptions> = {}): Promise<DigitalOceanWorld> {
  const clock = createSimulatedClock(Date.UTC(2026, 0, 1));
  const sim = await startDigitalOceanSim({ clock, ...options });
  const providers: DigitalOceanProvider[] = [];
  const another = (more: Partial<DigitalOceanOptions> = {}): DigitalOceanProvider => {
    const provider = createDigitalOceanProvider({ endpoint: sim.endpoint, token: { kind: 'Value', value: sim.token }, clock, userData: ({ name }) => `#cloud-config\nhostname: ${name}\n`, ...own, ...more });
    providers.push(provider);
    return provider;
  };
  return {
    clock, sim, another, provider: another(),
    until: (what, look) => passing(clock, what, look),
    ended: (call) => ended(clock, call),
    async end() {
      for (const provider of providers) provider.close();
      await sim.close();
    },
  };
}

export const digitalOceanSuite = (title: string, suite: (this: Mocha.Suite) => void): void => judgedSuite(contractAbsence(), title, suite);
