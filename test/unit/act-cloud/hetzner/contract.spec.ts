import { cloudContract } from '../../../support/cloud-contract.ts';
import { hetznerSuite, NEAR, startWorld } from './world.ts';

hetznerSuite('hetzner provider', () => {
  cloudContract('hetzner provider against the simulator', async () => {
    const world = await startWorld({ maxServers: 3 });
    return {
      provider: world.provider, placement: NEAR, capacity: 3, whenFull: 'Quota', secondCreate: 'SameServer',
      until: world.until, now: () => world.clock.now(),
      async kill({ providerID }) {
        world.sim.project.power(Number(providerID.split(':')[1]), 'stop_server');
      },
      [Symbol.asyncDispose]: world.end,
    };
  });
});
