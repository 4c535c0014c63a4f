/** The adapter for Hetzner's load balancers over the simulator, whose load balancer sends requests to its targets. */
import { CloudBalancers, createHetznerBalancers } from '../../../controller/act/traffic/index.ts';
import { HETZNER } from '../../../controller/act/cloud/hetzner/vendor.ts';
import { openCloudAPI } from '../../../controller/act/cloud/rest/http.ts';
import { SERVER_LABELS } from '../../../controller/api/index.ts';
import { type PoolMembership, oneAtATime } from '../../../controller/model/index.ts';
import type { Clock, LoadBalancer } from '../../../controller/ports/index.ts';
import type { Buyer, CloudBalancerWorld } from '../../support/cloud-balancer-contract.ts';
import type { Order } from '../../support/hetzner-sim/project.ts';
import { type HetznerSim, startHetznerSim } from '../../support/hetzner-sim/index.ts';
import { type TestHost, startTestHost } from '../../support/load-balancer-contract.ts';
import { freePort } from '../../support/real/free-port.ts';
import { fastClock } from '../demo/wall-clock.ts';
import { startSimulatedFront } from './simulated-front.ts';
import { switchedLeadership } from './traefik-world.ts';

export const BALANCER = 'front';
export const POOL = { namespace: 'shop', name: 'web' };

/** A server that this installation, or nobody here, bought. */
export function orderServer(sim: HetznerSim, name: string, owner: { installation: string; pool?: string } | 'Foreign', more: Partial<Order> = {}): number {
  const labels: Record<string, string> = owner === 'Foreign' ? {} : {
    [SERVER_LABELS.installation]: owner.installation, [SERVER_LABELS.namespace]: POOL.namespace, [SERVER_LABELS.pool]: owner.pool ?? POOL.name, [SERVER_LABELS.hostID]: name,
  };
  return sim.project.create({ name, server_type: 'cpx21', image: 'docker-ce', location: 'nbg1', labels, public_net: { enable_ipv4: true, enable_ipv6: false }, ...more }, undefined).server.id;
}

type Label = NonNullable<PoolMembership['hetzner']>['label'];

export function hetznerAdapter(sim: HetznerSim, clock: Clock, labelsInTurn = oneAtATime()): { adapter: LoadBalancer; leadership: ReturnType<typeof switchedLeadership> } {
  const leadership = switchedLeadership();
  const http = openCloudAPI(HETZNER, { endpoint: sim.endpoint, token: { kind: 'Value', value: sim.token }, clock, timeoutSeconds: 200 });
  return { adapter: new CloudBalancers(clock, leadership, createHetznerBalancers({ clock, installation: 'shop', http, labelsInTurn })), leadership };
}

const OWNERS: Record<Buyer, Parameters<typeof orderServer>[2]> = {
  ThisPool: { installation: 'shop' }, AnotherPool: { installation: 'shop', pool: 'api' }, AnotherInstallation: { installation: 'other' }, Nobody: 'Foreign',
};

/** Members must share the port that the load balancer sends to, so each has an address of its own on the loopback. With a label the load balancer selects its targets by it. */
export async function hetznerWorld(label?: NonNullable<Label>): Promise<CloudBalancerWorld> {
  const clock = fastClock(20);
  const sim = await startHetznerSim({ clock, createMilliseconds: 0, startMilliseconds: 0 });
  const port = await freePort();
  const { balancers } = sim.project;
  const balancer = balancers.make(BALANCER, port, label === undefined ? [] : [{ type: 'label_selector', label_selector: { selector: `${label.key}=${label.value}` } }]);
  const { adapter, leadership } = hetznerAdapter(sim, clock);
  let next = 1;
  const front = await startSimulatedFront(() => balancers.places(balancer).map(({ address }) => `http://${address}:${port}`), (url, healthy) => balancers.health.set(new URL(url).hostname, healthy ? 'healthy' : 'unhealthy'));
  const hetzner = { name: BALANCER, ...(label === undefined ? {} : { label }) };
  const spec = { hetzner };
  const idOf = ({ member }: TestHost): number => [...sim.project.servers.values()].find(({ publicIPv4 }) => publicIPv4 === member.address)!.id;
  async function hostOf(name: string, buyer: Buyer): Promise<TestHost> {
    const id = orderServer(sim, name, OWNERS[buyer]);
    const address = `127.0.77.${next += 1}`;
    sim.project.servers.get(id)!.publicIPv4 = address;
    return await startTestHost(name, address, port);
  }
  return {
    loadBalancer: { apply: ({ generation, pools }) => adapter.apply({ generation, pools: pools.map((pool) => ({ ...pool, pool: POOL, hetzner })) }), confirm: (one) => adapter.confirm(one) },
    spec, fronts: [front.url],
    strange: { spec: { hetzner: { name: 'other' } }, lists: 'Unknown' },
    silence() {
      sim.faults.script('GET /load_balancers', { kind: 'Refuse', status: 503, code: 'unavailable' }, 1_000);
      return { spec, others: 'None', end: () => sim.faults.clear() };
    },
    host: (name) => hostOf(name, 'ThisPool'),
    hostOf,
    byHand(host, change) {
      const id = idOf(host);
      if (label !== undefined) {
        const { [label.key]: _had, ...rest } = sim.project.servers.get(id)!.labels;
        sim.project.update(id, { labels: change === 'Add' ? { ...rest, [label.key]: label.value } : rest });
      } else if (change === 'Add') {
        balancer.targets.push({ target: { type: 'server', server: { id } }, from: 0, until: Infinity });
      } else {
        for (const entry of balancer.targets) if (entry.target.type === 'server' && entry.target.server.id === id) entry.until = 0;
      }
    },
    loseReply: () => sim.faults.script(label === undefined ? 'POST /load_balancers/{id}/actions/add_target' : 'PUT /servers/{id}', { kind: 'LoseReply' }),
    changes: () => sim.calls.filter(({ method }) => method !== 'GET').length,
    deleteBalancer: () => balancers.remove(balancer.id),
    setLeader: (leader) => leadership.set(leader),
    async close() {
      await front.stop();
      await sim.close();
    },
  };
}
