import { startBalancer } from '../../../controller/demo/balancer.ts';
import { loadBalancerContract } from '../../support/load-balancer-contract.ts';
import { seeded, wallClock } from '../demo/wall-clock.ts';
import { TOKEN, traefikWorld } from './traefik-world.ts';

loadBalancerContract('Traefik adapter over the demo balancer', () =>
  traefikWorld(async (endpoint) => {
    const balancer = await startBalancer({
      endpoint, token: TOKEN, service: 'web', entryPoint: 'web', pollMilliseconds: 50, clock: wallClock, chance: seeded(7),
    });
    return { front: balancer.url, apiURL: balancer.apiURL, close: () => balancer.close() };
  }),
);
