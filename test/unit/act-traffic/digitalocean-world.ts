/** The adapter for DigitalOcean's load balancers over the simulator, whose load balancer sends requests to its Droplets. */
import { CloudBalancers, createDigitalOceanBalancers } from '../../../controller/act/traffic/index.ts';
import { DIGITALOCEAN } from '../../../controller/act/cloud/digitalocean/vendor.ts';
import { tagsFor } from '../../../controller/act/cloud/digitalocean/tags.ts';
import { openCloudAPI } from '../../../controller/act/cloud/rest/http.ts';
import type { Clock, LoadBalancer } from '../../../controller/ports/index.ts';
import type { Buyer, CloudBalancerWorld } from '../../support/cloud-balancer-contract.ts';
import { type DigitalOceanSim, startDigitalOceanSim } from '../../support/digitalocean-sim/index.ts';
import { type TestHost, startTestHost } from '../../support/load-balancer-contract.ts';
import { freePort } from '../../support/real/free-port.ts';
import { fastClock } from '../demo/wall-clock.ts';
import { startSimulatedFront } from './simulated-front.ts';
import { switchedLeadership } from './traefik-world.ts';

export const BALANCER = 'front';
export const POOL = { namespace: 'shop', name: 'web' };

const OWNERS: Record<Buyer, { installation: string; pool: string } | undefined> = {
  ThisPool: { installation: 'shop', pool: POOL.name }, AnotherPool: { installation: 'shop', pool: 'api' }, AnotherInstallation: { installation: 'other', pool: POOL.name }, Nobody: undefined,
};

/** A Droplet that this installation, or somebody else, bought; on the loopback, for it is asked for its health. */
export function orderDroplet(sim: DigitalOceanSim, name: string, buyer: Buyer, tags: readonly string[] = []): number {
  const owner = OWNERS[buyer];
  const marking = owner === undefined ? {} : { installation: owner.installation, namespace: POOL.namespace, pool: owner.pool, hostID: name };
  const { droplet } = sim.account.create({ name, size: 's-2vcpu-4gb', image: 'docker-20-04', region: 'fra1', tags: [...tagsFor(marking), ...tags] })[0]!;
  Object.assign(droplet, { privateIPv4: `127.0.78.${droplet.id % 250}`, publicIPv4: `127.0.79.${droplet.id % 250}` });
  return droplet.id;
}

export function digitalOceanAdapter(sim: DigitalOceanSim, clock: Clock, access: 'Token' | 'NoToken' = 'Token'): { adapter: LoadBalancer; leadership: ReturnType<typeof switchedLeadership> } {
  const leadership = switchedLeadership();
  const http = access === 'NoToken' ? undefined : openCloudAPI(DIGITALOCEAN, { endpoint: sim.endpoint, token: { kind: 'Value', value: sim.token }, clock, timeoutSeconds: 200 });
  return { adapter: new CloudBalancers(clock, leadership, createDigitalOceanBalancers({ clock, installation: 'shop', http })), leadership };
}

/** Members must share the port that the load balancer sends to, so each has an address of its own on the loopback. With a tag the load balancer finds its Droplets by it. */
export async function digitalOceanWorld(tag?: string): Promise<CloudBalancerWorld> {
  const clock = fastClock(20);
  const sim = await startDigitalOceanSim({ clock, bootMilliseconds: 0 });
  const port = await freePort();
  const balancer = sim.balancers.make(BALANCER, port, { ...(tag === undefined ? {} : { tag }), check: { check_interval_seconds: 1, healthy_threshold: 1 } });
  const { adapter, leadership } = digitalOceanAdapter(sim, clock);
  const front = await startSimulatedFront(() => sim.balancers.places(balancer).map(({ privateIPv4 }) => `http://${privateIPv4}:${port}`), () => undefined);
  const digitalocean = { name: BALANCER, ...(tag === undefined ? {} : { tag }) };
  const spec = { digitalocean };
  const idOf = ({ member }: TestHost): number => [...sim.account.droplets.values()].find(({ privateIPv4 }) => privateIPv4 === member.address)!.id;
  async function hostOf(name: string, buyer: Buyer): Promise<TestHost> {
    return await startTestHost(name, sim.account.droplets.get(orderDroplet(sim, name, buyer))!.privateIPv4, port);
  }
  return {
    loadBalancer: { apply: ({ generation, pools }) => adapter.apply({ generation, pools: pools.map((pool) => ({ ...pool, pool: POOL, digitalocean })) }), confirm: (one) => adapter.confirm(one) },
    spec, fronts: [front.url],
    strange: { spec: { digitalocean: { ...digitalocean, name: 'other' } }, lists: 'Unknown' },
    silence() {
      for (const call of ['GET /v2/load_balancers', 'GET /v2/load_balancers/{lb_id}']) sim.faults.script(call, { kind: 'Refuse', status: 503, code: 'service_unavailable' }, 1_000);
      return { spec, others: 'None', end: () => sim.faults.clear() };
    },
    host: (name) => hostOf(name, 'ThisPool'),
    hostOf,
    byHand(host, change) {
      const id = idOf(host);
      if (tag === undefined) {
        if (change === 'Add') balancer.named.add(id);
        else balancer.named.delete(id);
        return;
      }
      sim.account.addTag(tag);
      sim.account.tag(tag, [id], change);
    },
    loseReply: () => sim.faults.script(tag === undefined ? 'POST /v2/load_balancers/{lb_id}/droplets' : 'POST /v2/tags/{tag_id}/resources', { kind: 'LoseReply' }),
    changes: () => sim.calls.filter(({ method }) => method !== 'GET').length,
    deleteBalancer: () => sim.balancers.remove(balancer.id),
    setLeader: (leader) => leadership.set(leader),
    async close() {
      await front.stop();
      await sim.close();
    },
  };
}
