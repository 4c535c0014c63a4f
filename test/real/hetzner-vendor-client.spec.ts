/** The vendor's own client knows the API better than any test of ours: what it cannot tell from the real one will do. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { locate } from '../../hack/real-parts/locate.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { contractAbsence } from '../support/hetzner-sim/contract.ts';
import { type HetznerSim, startHetznerSim } from '../support/hetzner-sim/index.ts';
import { realSuite } from '../support/real/gate.ts';

const run = promisify(execFile);

interface Report {
  created: { id: number; name: string; status: string; ipv4: string; ipv6: string; privateIP: string; actions: number }[];
  [key: string]: unknown;
}

const startQuickSim = (): Promise<HetznerSim> => startHetznerSim({ clock: systemClock, createMilliseconds: 150, startMilliseconds: 150, attachMilliseconds: 50 });
const environmentOf = (sim: HetznerSim): NodeJS.ProcessEnv => ({ ...process.env, HCLOUD_ENDPOINT: sim.endpoint, HCLOUD_TOKEN: sim.token });

realSuite("Hetzner's own Go client against the simulator", ['hcloud-probe'], function () {
  this.timeout(60_000);
  let sim: HetznerSim;
  beforeEach(async () => { sim = await startQuickSim(); });
  afterEach(() => sim.close());

  async function probe(servers: number): Promise<Report> {
    const { stdout } = await run(await locate('hcloud-probe'), [String(servers)], { env: environmentOf(sim) });
    return JSON.parse(stdout) as Report;
  }

  it('reads prices, looks names up, creates, follows actions, lists, labels, switches and deletes', async () => {
    const { created, ...report } = await probe(3);
    expect(report).to.deep.equal({
      currency: 'EUR', hourlyNet: '0.0120', ipv4Net: '0.0008', architecture: 'x86', available: true, listed: 3, pagesListed: 2, left: 0,
      labels: { app: 'probe', marked: 'true' }, power: ['stop_server', 'start_server', 'reboot_server', 'shutdown_server'],
      refusals: { sameName: 'uniqueness_error', unknownImage: 'not_found', wrongToken: 'unauthorized' },
    });
    expect(created.map(({ name, status, actions }) => [name, status, actions])).to.deep.equal([0, 1, 2].map((number) => [`probe-${number}`, 'running', 3]));
    for (const { ipv4, ipv6, privateIP } of created) {
      expect(ipv4).to.match(/^198\.18\.0\.\d+$/);
      expect(ipv6).to.match(/^2001:db8:.*::\/64$/);
      expect(privateIP).to.match(/^10\.0\.0\.\d+$/);
    }
    expect(sim.project.servers.size).to.equal(0);
    expect(sim.violations).to.deep.equal([]);
  });

  it('follows pages to the last', async () => {
    expect(await probe(5)).to.deep.include({ listed: 5, pagesListed: 3 });
  });

  it('gets over the faults that it repeats calls for', async () => {
    sim.faults.script('GET /servers', { kind: 'Refuse', status: 502, code: 'bad_gateway' });
    sim.faults.script('POST /servers', { kind: 'Refuse', status: 409, code: 'conflict' });
    sim.faults.script('GET /actions', { kind: 'Refuse', status: 504, code: 'timeout' });
    expect(await probe(1)).to.deep.include({ listed: 1, left: 0 });
  });
}, [contractAbsence]);

const HCLOUD = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'hcloud')).find((path) => existsSync(path));

// Nothing brings the command line by itself, so nobody can be asked to have it: where it is not there, the client under it is tried above.
if (HCLOUD === undefined) {
  console.warn("hcloud is not on PATH: Hetzner's command line is not tried against the simulator");
} else {
  const hcloud = HCLOUD;
  realSuite("Hetzner's own command line against the simulator", [], function () {
    this.timeout(60_000);

    it('creates, lists and deletes', async () => {
      const sim = await startQuickSim();
      try {
        const call = async (...words: string[]): Promise<string> => (await run(hcloud, words, { env: { ...environmentOf(sim), HCLOUD_CONFIG: '/dev/null' } })).stdout;
        await call('server', 'create', '--name', 'cli-1', '--type', 'cpx11', '--image', 'docker-ce', '--location', 'nbg1', '--ssh-key', 'ops', '--label', 'app=cli');
        expect(await call('server', 'list', '--selector', 'app=cli', '--output', 'columns=name,status', '--output', 'noheader')).to.match(/^cli-1\s+running/);
        await call('server', 'delete', 'cli-1');
        expect(sim.project.servers.size).to.equal(0);
      } finally {
        await sim.close();
      }
    });
  }, [contractAbsence]);
}
