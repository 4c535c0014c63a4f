/** The load balancers of memory worlds, on which crashes and random worlds are tried, behave as the real ones do. */
import { httpURL } from '../../../controller/model/index.ts';
import { type LoadBalancerWorld, SERVICE, loadBalancerContract, startTestHost } from '../../support/load-balancer-contract.ts';
import { createMemoryLoadBalancer } from '../../support/memory-load-balancer.ts';
import { wallClock } from '../demo/wall-clock.ts';
import { startSimulatedFront } from './simulated-front.ts';
import { switchedLeadership, traefikStrangers } from './traefik-world.ts';

async function memoryWorld(): Promise<LoadBalancerWorld> {
  const leadership = switchedLeadership();
  const silentInstances = new Set<string>();
  const failing = new Map<string, number>();
  const urls = new Set<string>();
  const balancer = createMemoryLoadBalancer({
    clock: wallClock, leadership, pollMilliseconds: 20, healthIntervalMilliseconds: 50, silentInstances, note: () => undefined,
    answers: (url) => !failing.has(url), failingSince: (url) => failing.get(url),
  });
  const report = (url: string, healthy: boolean): void => {
    if (healthy) failing.delete(url);
    else if (!failing.has(url)) failing.set(url, wallClock.now());
  };
  const fronts = await Promise.all([0, 1].map(() => startSimulatedFront(() => [...urls].filter((url) => balancer.lists(url)), report)));
  const traefik = { service: SERVICE, apiURLs: ['http://lb1', 'http://lb2'], strategy: 'p2c' as const, entryPoint: 'web' };
  const strangers = traefikStrangers(traefik);
  return {
    loadBalancer: balancer.port, spec: { traefik }, fronts: fronts.map(({ url }) => url), strange: strangers.strange,
    silence(port) {
      const silent = strangers.silence(port);
      silentInstances.add(silent.spec.traefik!.apiURLs.at(-1)!);
      return silent;
    },
    async host(name) {
      const host = await startTestHost(name);
      urls.add(httpURL(host.member.address, host.member.port));
      return host;
    },
    setLeader: (leader) => leadership.set(leader),
    close: async () => {
      await Promise.all(fronts.map((front) => front.stop()));
    },
  };
}

loadBalancerContract('load balancers of memory worlds', memoryWorld);
