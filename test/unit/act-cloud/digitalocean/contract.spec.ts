import { cloudContract } from '../../../support/cloud-contract.ts';
import { NEAR, digitalOceanSuite, startWorld } from './world.ts';

digitalOceanSuite('digitalocean provider', () => {
  for (const [title, tagLagMilliseconds] of [['', 0], [', with tags that come late', 20_000]] as const) {
    cloudContract(`digitalocean provider against the simulator${title}`, async () => {
      const world = await startWorld({ dropletLimit: 3, tagLagMilliseconds });
      return {
        provider: world.provider, placement: NEAR, capacity: 3, whenFull: 'Quota', secondCreate: 'SameServer',
        until: world.until, now: () => world.clock.now(),
        async kill({ providerID }) {
          world.sim.account.act(Number(providerID.split(':')[1]), 'power_off');
        },
        [Symbol.asyncDispose]: world.end,
      };
    });
  }
});
