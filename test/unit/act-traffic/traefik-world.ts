import { CONFIG_PATH, DEFAULT_TRAEFIK_SETTINGS, TraefikHTTP } from '../../../controller/act/traffic/index.ts';
import type { LoadBalancerWorld } from '../../support/load-balancer-contract.ts';
import { SERVICE } from '../../support/load-balancer-contract.ts';
import { startAnswering } from '../../support/real/answering.ts';
import { wallClock } from '../demo/wall-clock.ts';
import { routed } from './routed.ts';

export const TOKEN = 'a token of the suite';

/** One load balancer that polls `endpoint` with the token. */
export interface Instance {
  front: string;
  apiURL: string;
  close(): Promise<void>;
}

/** A Leadership that a suite turns on and off. */
export function switchedLeadership(): { isLeader(): boolean; onChange(listener: (leader: boolean) => void): void; set(leader: boolean): void } {
  let leads = true;
  const listeners: ((leader: boolean) => void)[] = [];
  return {
    isLeader: () => leads,
    onChange: (listener) => void listeners.push(listener),
    set: (leader) => {
      leads = leader;
      for (const listener of listeners) listener(leader);
    },
  };
}

/** What the suite needs of Traefiks besides: one that is away, and a service that nobody has. */
export const traefikStrangers = (traefik: NonNullable<LoadBalancerWorld['spec']['traefik']>): Pick<LoadBalancerWorld, 'silence' | 'strange'> => ({
  silence: (port) => ({ spec: { traefik: { ...traefik, apiURLs: [...traefik.apiURLs, `http://127.0.0.1:${port}`] } }, others: 'Answer', end: () => undefined }),
  strange: { spec: { traefik: { ...traefik, service: 'other' } }, lists: 'Nothing' },
});

/** The Traefik adapter with its endpoint and two instances that poll it. */
export async function traefikWorld(start: (endpoint: string) => Promise<Instance>): Promise<LoadBalancerWorld> {
  const leadership = switchedLeadership();
  const polled = new TraefikHTTP(wallClock, leadership, { ...DEFAULT_TRAEFIK_SETTINGS, token: TOKEN });
  const endpoint = await startAnswering((request, response) => {
    const headers = { authorization: request.headers.authorization };
    const answer = polled.respond({ method: request.method ?? '', headers });
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  const instances = await Promise.all([0, 1].map(() => start(endpoint.url + CONFIG_PATH)));
  const traefik = { service: SERVICE, apiURLs: instances.map(({ apiURL }) => apiURL), strategy: 'p2c' as const, entryPoint: 'web' };
  return {
    loadBalancer: routed({ http: polled }, wallClock, leadership), spec: { traefik }, ...traefikStrangers(traefik),
    fronts: instances.map(({ front }) => front),
    setLeader: (leader) => leadership.set(leader),
    close: async () => {
      await Promise.all(instances.map((instance) => instance.close()));
      await endpoint.stop();
    },
  };
}
