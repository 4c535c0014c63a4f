/** The vendor's own client knows the API better than any test of ours: what it cannot tell from the real one will do. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { locate } from '../../hack/real-parts/locate.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { contractAbsence } from '../support/digitalocean-sim/contract.ts';
import { type DigitalOceanSim, startDigitalOceanSim } from '../support/digitalocean-sim/index.ts';
import { realSuite } from '../support/real/gate.ts';

const run = promisify(execFile);

interface Report {
  created: { name: string; status: string; publicIPv4: string; privateIPv4: string; publicIPv6: string; action: string }[];
  [key: string]: unknown;
}

realSuite("DigitalOcean's own Go client against the simulator", ['godo-probe'], function () {
  this.timeout(60_000);
  let sim: DigitalOceanSim;
  beforeEach(async () => {
    sim = await startDigitalOceanSim({ clock: systemClock, bootMilliseconds: 150, dropletLimit: 25, balancerMilliseconds: { change: 400, tag: 0 } });
    sim.balancers.make('front', 80);
    sim.balancers.make('by-tag', 8080, { tag: 'probe:all' });
  });
  afterEach(() => sim.close());

  async function probe(droplets: number): Promise<Report> {
    const environment = { ...process.env, DIGITALOCEAN_API_URL: sim.endpoint, DIGITALOCEAN_ACCESS_TOKEN: sim.token };
    const { stdout } = await run(await locate('godo-probe'), [String(droplets)], { env: environment });
    return JSON.parse(stdout) as Report;
  }

  it('reads account and prices, creates, follows actions, lists by tag and by name, tags, switches and deletes, and changes load balancers', async () => {
    const { created, ...report } = await probe(3);
    expect(report).to.deep.equal({
      dropletLimit: 25, rateLimit: 5000, hourly: 0.03571, monthly: 24, regions: ['fra1', 'ams3', 'nyc3'], imageRegions: 3, listed: 3, pagesListed: 2, named: 1, left: 0,
      tags: ['probe:all', 'probe:kept'], power: ['power_off completed', 'power_on completed', 'reboot completed', 'shutdown completed'],
      balancers: [{ name: 'front', tag: '', targetPort: 80, checkPath: '/up', droplets: [0, 3, 2] }, { name: 'by-tag', tag: 'probe:all', targetPort: 8080, checkPath: '/up', droplets: [3] }],
      refusals: {
        busyBalancer: "403 Load Balancer can't be updated while it processes previous actions", namedBesideTag: '422 Droplets cannot be assigned to a load balancer that has a tag', unknownBalancer: '404 The resource you were accessing could not be found.',
        unknownImage: '422 You specified an invalid image for Droplet creation.', unknownSize: '422 You specified an invalid size for Droplet creation.',
        unknownDroplet: '404 The resource you were accessing could not be found.', wrongToken: '401 the token you provided is invalid',
      },
    });
    expect(created.map(({ name, status, action }) => [name, status, action])).to.deep.equal([0, 1, 2].map((number) => [`probe-${number}`, 'active', 'create completed']));
    for (const { publicIPv4, privateIPv4, publicIPv6 } of created) {
      expect(publicIPv4).to.match(/^198\.19\.0\.\d+$/);
      expect(privateIPv4).to.match(/^10\.110\.0\.\d+$/);
      expect(publicIPv6).to.match(/^2001:db8:/);
    }
    expect(sim.account.droplets.size).to.equal(0);
    expect(sim.violations).to.deep.equal([]);
  });

  it('follows pages to the last', async () => {
    expect(await probe(5)).to.deep.include({ listed: 5, pagesListed: 3 });
  });

  it('gets over the faults that it repeats calls for', async () => {
    sim.faults.script('GET /v2/droplets', { kind: 'Refuse', status: 503, code: 'service_unavailable' });
    sim.faults.script('GET /v2/actions/{action_id}', { kind: 'Refuse', status: 500, code: 'server_error' });
    sim.faults.script('GET /v2/sizes', { kind: 'Refuse', status: 429, code: 'too_many_requests', headers: { 'retry-after': '1' } });
    expect(await probe(1)).to.deep.include({ listed: 1, left: 0 });
  });
}, [contractAbsence]);
