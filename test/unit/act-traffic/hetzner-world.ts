/** The adapter for Hetzner's load balancers over the simulator, whose load balancer sends requests to its targets. */
import { request as httpRequest } from 'node:http';
import { HetznerBalancers } from '../../../controller/act/traffic/index.ts';
import { HETZNER } from '../../../controller/act/cloud/hetzner/vendor.ts';
import { openCloudAPI } from '../../../controller/act/cloud/rest/http.ts';
import { SERVER_LABELS } from '../../../controller/api/index.ts';
import type { Membership } from '../../../controller/model/index.ts';
import type { Clock } from '../../../controller/ports/index.ts';
import type { Order } from '../../support/hetzner-sim/project.ts';
import { type HetznerSim, startHetznerSim } from '../../support/hetzner-sim/index.ts';
import { type LoadBalancerWorld, startTestHost } from '../../support/load-balancer-contract.ts';
import { startAnswering } from '../../support/real/answering.ts';
import { freePort } from '../../support/real/free-port.ts';
import { wallClock } from '../demo/wall-clock.ts';
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

export function hetznerAdapter(sim: HetznerSim, clock: Clock): { adapter: HetznerBalancers; leadership: ReturnType<typeof switchedLeadership> } {
  const leadership = switchedLeadership();
  const http = openCloudAPI(HETZNER, { endpoint: sim.endpoint, token: { kind: 'Value', value: sim.token }, clock });
  return { adapter: new HetznerBalancers({ clock, leadership, installation: 'shop', http }), leadership };
}

export const given = ({ generation, pools }: Membership): Membership => ({ generation, pools: pools.map((pool) => ({ ...pool, pool: POOL, hetzner: { name: BALANCER } })) });

/** Members must share the port that the load balancer sends to, so each has an address of its own on the loopback. */
export async function hetznerWorld(): Promise<LoadBalancerWorld> {
  const sim = await startHetznerSim({ clock: wallClock, createMilliseconds: 0, startMilliseconds: 0 });
  const port = await freePort();
  const balancer = sim.project.balancers.make(BALANCER, port);
  const { adapter, leadership } = hetznerAdapter(sim, wallClock);
  let next = 1;
  let turn = 0;
  const front = await startAnswering((request, response) => {
    const places = sim.project.balancers.places(balancer).filter(({ health }) => health === 'healthy');
    const place = places[turn += 1, turn % Math.max(1, places.length)];
    if (place === undefined) return void response.writeHead(503).end('no available server');
    const onward = httpRequest({ host: place.address, port, path: request.url, method: request.method, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502);
      answer.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end()).end();
  });
  const checking = setInterval(() => {
    for (const { address } of sim.project.balancers.places(balancer)) {
      void fetch(`http://${address}:${port}/up`).then(({ ok }) => sim.project.balancers.health.set(address, ok ? 'healthy' : 'unhealthy'), () => sim.project.balancers.health.set(address, 'unhealthy'));
    }
  }, 100);
  const spec = { hetzner: { name: BALANCER } };
  return {
    loadBalancer: { apply: (membership) => adapter.apply(given(membership)), confirm: (one) => adapter.confirm(one) },
    spec, fronts: [front.url],
    strange: { spec: { hetzner: { name: 'other' } }, lists: 'Unknown' },
    silence() {
      sim.faults.script('GET /load_balancers', { kind: 'Refuse', status: 503, code: 'unavailable' }, 1_000);
      return { spec, others: 'None', end: () => sim.faults.clear() };
    },
    async host(name) {
      const id = orderServer(sim, name, { installation: 'shop' });
      const address = `127.0.77.${next += 1}`;
      sim.project.servers.get(id)!.publicIPv4 = address;
      return await startTestHost(name, address, port);
    },
    setLeader: (leader) => leadership.set(leader),
    async close() {
      clearInterval(checking);
      await front.stop();
      await sim.close();
    },
  };
}
