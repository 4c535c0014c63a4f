import { expect } from 'chai';
import { createHetznerProvider } from '../../../controller/act/cloud/hetzner/provider.ts';
import { poolDraft } from '../../support/drafts.ts';
import { startHetznerSim } from '../../support/hetzner-sim/index.ts';
import { hetznerSuite } from '../act-cloud/hetzner/world.ts';
import { createBench } from './bench.ts';

/** Looks at Hetzner while so many hosts are bought, boot and wait for somebody who logs in; and the orders. */
async function callsFor(hosts: number): Promise<{ lists: number; orders: number; prices: number; names: number }> {
  const bench = createBench();
  const { clock } = bench;
  const sim = await startHetznerSim({ clock });
  const provider = createHetznerProvider({ endpoint: sim.endpoint, token: { kind: 'Value', value: sim.token }, clock, userData: () => '#cloud-config\n' });
  try {
    bench.context.providers.Hetzner = provider;
    const placements = [{ name: 'near', provider: 'Hetzner', hetzner: { serverType: 'cpx11', location: 'nbg1', image: 'docker-ce', networks: ['private'] } }];
    await bench.put('HostPool', poolDraft('default', 'web', { replicas: hosts, maxReplicas: 40, roleKind: 'Job', loadBalancer: undefined, placements } as never));
    await bench.drive('all servers', async () => (await bench.hosts()).filter(({ status }) => status?.phase === 'Bootstrapping').length === hosts);
    const before = sim.calls.length;
    let rounds = 120;
    await bench.drive('one more minute', async () => (rounds -= 1) < 0);
    const steady = sim.calls.slice(before).filter(({ method, template }) => method === 'GET' && template === '/servers');
    const count = (method: string, template: string): number => sim.calls.filter((call) => call.method === method && call.template === template).length;
    return { lists: steady.length, orders: count('POST', '/servers'), prices: count('GET', '/pricing'), names: count('GET', '/networks') + count('GET', '/images') + count('GET', '/server_types') };
  } finally {
    provider.close();
    await sim.close();
  }
}

hetznerSuite('calls to Hetzner', function () {
  this.timeout(60_000);

  it('a minute are as many for twenty hosts as for one', async () => {
    const [one, twenty] = [await callsFor(1), await callsFor(20)];
    expect(one).to.deep.equal({ lists: 5, orders: 1, prices: 1, names: 3 });
    expect(twenty).to.deep.equal({ ...one, orders: 20 });
  });
});
