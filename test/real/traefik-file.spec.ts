import { expect } from 'chai';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type SSH, createSSH } from '../../controller/act/ssh/index.ts';
import type { TraefikFiles } from '../../controller/act/traffic/index.ts';
import { type Load, type LoadReport, startLoad } from '../../controller/demo/load.ts';
import type { Membership, TraefikFile } from '../../controller/model/index.ts';
import type { LoadBalancerSpec } from '../../controller/ports/index.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { SERVICE, type TestHost, loadBalancerContract, membershipOf, seen, startTestHost } from '../support/load-balancer-contract.ts';
import { HOST_PARTS } from '../support/real-hosts/machine-parts.ts';
import { FRESH_IMAGE, type Rack, startRack } from '../support/real-hosts/rack.ts';
import { type KeyPair, makeKeyPair } from '../support/real-hosts/keys.ts';
import { type Site, startSite } from '../support/real-hosts/site.ts';
import { realSuite, rootOnLinux } from '../support/real/gate.ts';
import { type Traefik, startTraefik } from '../support/real/traefik.ts';
import { until } from '../support/real/until.ts';
import { clientKeyOf } from '../support/ssh-targets.ts';
import { type FileInstance, fileAdapter, localFile, traefikFileWorld } from '../unit/act-traffic/traefik-file-world.ts';
import { seeded, wallClock } from '../unit/demo/wall-clock.ts';

/** On a disk of its own, which this process reaches too. */
const INSIDE = '/usr/local/traefik';
const ROUTERS = { http: { routers: { web: { rule: 'PathPrefix(`/`)', service: 'web@file' } } } };

/** A machine with an sshd, and a Traefik that watches a folder of it. */
interface Edge extends FileInstance {
  id: number;
  /** The folder, as this process reaches it. */
  folder: string;
  traefik: Traefik;
}

/** Written under a name that Traefik does not read, then renamed: it never sees half a file. */
async function writeRouters(folder: string): Promise<void> {
  await writeFile(join(folder, 'routers.partial'), stringify(ROUTERS));
  await rename(join(folder, 'routers.partial'), join(folder, 'routers.yml'));
}

function constantLoad(url: string): { load: Load; report(): Promise<LoadReport> } {
  const ending = new AbortController();
  const load = startLoad({
    url, spacing: 'Poisson', chance: seeded(3), clock: wallClock, signal: ending.signal, phases: [], maxRequests: 100_000, maxInFlight: 1_000,
    profile: [{ atSeconds: 0, requestsPerSecond: 100 }, { atSeconds: 120, requestsPerSecond: 100 }],
    kinds: [{ name: 'page', share: 1, path: '/', timeoutMilliseconds: 10_000 }],
  });
  return { load, async report() {
    ending.abort();
    return await load.done;
  } };
}

async function moreLoad({ load }: { load: Load }, count = 150): Promise<void> {
  const target = load.soFar(1).answered + count;
  await until(`${count} more answers`, () => load.soFar(1).answered >= target);
}

realSuite('real Traefiks that read files, over a real sshd', ['traefik', ...HOST_PARTS], function () {
  this.timeout(120_000);
  let site: Site;
  let rack: Rack;
  let login: KeyPair;
  let ssh: SSH;
  let next = 1;

  before(async () => {
    [site, login] = await Promise.all([startSite(), makeKeyPair('controller')]);
    rack = await startRack(site);
    ssh = createSSH({ installation: 'shop', clientKey: await clientKeyOf(login.privateKey), clock: systemClock });
  });
  after(async () => {
    await ssh?.close();
    await site?.stop();
  });

  async function startEdge(): Promise<Edge> {
    const id = next;
    next += 1;
    const own = await makeKeyPair(`edge-${id}`);
    const { privateAddress: address } = await rack.boot({
      id, name: `edge-${id}`, image: FRESH_IMAGE, serverType: 'own', location: 'here', authorizedKeys: [login.publicKey], publicNet: 'None',
      userData: `#cloud-config\n${stringify({ ssh_keys: { ed25519_private: own.privateKey, ed25519_public: own.publicKey } })}`,
    });
    const hostKey = own.publicKey.split(' ').slice(0, 2).join(' ');
    const file = { name: `edge-${id}`, path: `${INSIDE}/kamal-autoscaler.yml`, ssh: { address, user: 'root', port: 22, hostKey } };
    await until(`sshd of edge-${id}`, async () => await ssh.contact({ host: { namespace: 'x', name: file.name }, endpoint: { address, ports: { http: 80 } }, role: { service: 'x', role: 'x' }, ssh: file.ssh, identity: { kind: 'Fixed', hostKey } }, 'Own').then(() => true), { deadlineMs: 60_000 });
    await rack.host(id).run('mkdir', ['-p', INSIDE]);
    const folder = site.fileInside(join(site.folder, `disk-${id}`, 'local', 'traefik'));
    await writeRouters(folder);
    const traefik = await startTraefik({ fileFolder: folder, providersThrottleDuration: '0.1s' });
    return { id, folder, traefik, file, front: traefik.url, apiURL: traefik.apiUrl, close: async () => {
      await traefik.stop();
      await rack.destroy(id);
    } };
  }

  loadBalancerContract('Traefik files over a real sshd', async () => traefikFileWorld(await Promise.all([startEdge(), startEdge()]), ssh));

  describe('three of them under constant load', () => {
    let edges: Edge[];
    let hosts: TestHost[];
    let adapter: TraefikFiles;
    const files = (): TraefikFile[] => edges.map(({ file }) => file);
    const spec = (): LoadBalancerSpec => ({ traefik: { service: SERVICE, apiURLs: edges.map(({ apiURL }) => apiURL), strategy: 'p2c', entryPoint: 'web', files: files() } } as unknown as LoadBalancerSpec);
    const membership = (generation: number, members: readonly TestHost[]): Membership => {
      const { pools } = membershipOf(generation, members);
      return { generation, pools: pools.map((pool) => ({ ...pool, files: files() })) };
    };
    const listed = async (): Promise<unknown[]> => seen(await adapter.confirm(spec()), hosts);
    const everywhere = (expected: (Record<string, string> | string)[]): Promise<unknown> => until(JSON.stringify(expected), async () => {
      const got = (await listed()).map(sorted);
      expect(got).to.deep.equal(expected.map(sorted));
      return true;
    });

    before(async () => {
      edges = [await startEdge(), await startEdge(), await startEdge()];
      hosts = await Promise.all(['a', 'b', 'c'].map((name) => startTestHost(name)));
      adapter = fileAdapter(ssh).adapter;
    });
    after(async () => {
      await Promise.all((edges ?? []).map((edge) => edge.close()));
      await Promise.all((hosts ?? []).map((host) => host.close()));
    });

    it('members come and go without a failed request, and nothing is left beside the file', async () => {
      const [a, b, c] = hosts as [TestHost, TestHost, TestHost];
      await adapter.apply(membership(1, [a, b]));
      await everywhere([{ a: 'Up', b: 'Up' }, { a: 'Up', b: 'Up' }, { a: 'Up', b: 'Up' }]);
      const running = edges.map(({ front }) => constantLoad(front));
      await adapter.apply(membership(2, [a, b, c]));
      await everywhere(edges.map(() => ({ a: 'Up', b: 'Up', c: 'Up' })));
      await Promise.all(running.map((one) => moreLoad(one)));
      await adapter.apply(membership(3, [b, c]));
      await everywhere(edges.map(() => ({ b: 'Up', c: 'Up' })));
      await Promise.all(running.map((one) => moreLoad(one)));
      for (const one of running) {
        const report = await one.report();
        expect(report.failed, JSON.stringify(report.summaries)).to.equal(0);
      }
      for (const { folder } of edges) expect((await readdir(folder)).toSorted()).to.deep.equal(['kamal-autoscaler.yml', 'routers.yml']);
    });

    it('a Traefik that restarts while nobody writes comes up with the last members', async () => {
      const [first] = edges as [Edge, Edge, Edge];
      await first.traefik.process.halt();
      await first.traefik.process.start();
      await until('it answers', async () => (await fetch(first.front)).ok);
      const another = fileAdapter(ssh).adapter;
      expect(seen(await another.confirm({ traefik: { ...spec().traefik!, apiURLs: [first.apiURL], files: [first.file] } } as LoadBalancerSpec), hosts)).to.deep.equal([{ b: 'Up', c: 'Up' }]);
    });

    it('one whose machine cannot be reached keeps its members and goes on serving, the others change, and it follows when it is back', async () => {
      const [a, b] = hosts as [TestHost, TestHost, TestHost];
      const third = edges[2]!;
      await rack.host(third.id).cutNetwork();
      const running = constantLoad(third.front);
      await adapter.apply(membership(4, [a, b]));
      await everywhere([{ a: 'Up', b: 'Up' }, { a: 'Up', b: 'Up' }, { b: 'Up', c: 'Up' }, 'Unwritten']);
      await moreLoad(running);
      await rack.host(third.id).mendNetwork();
      await until('it has the newest', async () => {
        await adapter.apply(membership(4, [a, b]));
        expect((await listed()).map(sorted)).to.deep.equal(edges.map(() => sorted({ a: 'Up', b: 'Up' })));
        return true;
      }, { deadlineMs: 60_000 });
      const report = await running.report();
      expect(report.failed, JSON.stringify(report.summaries)).to.equal(0);
    });

    it('one that was away and comes up with an old file lists what left, until it was told', async () => {
      const [a, b] = hosts as [TestHost, TestHost, TestHost];
      const [first] = edges as [Edge, Edge, Edge];
      await first.traefik.process.halt();
      await rack.host(first.id).cutNetwork();
      await adapter.apply(membership(5, [b]));
      expect((await listed())[0]).to.equal('Unknown');
      await first.traefik.process.start();
      await everywhere([{ a: 'Up', b: 'Up' }, { b: 'Up' }, { b: 'Up' }, 'Unwritten']);
      await rack.host(first.id).mendNetwork();
      await until('it has the newest', async () => {
        await adapter.apply(membership(5, [b]));
        expect(await listed()).to.deep.equal([{ b: 'Up' }, { b: 'Up' }, { b: 'Up' }]);
        return true;
      }, { deadlineMs: 60_000 });
      expect(a.waiting).to.equal(0);
    });
  });

  it('a path that looks like a template is taken as it is written', async () => {
    const place = await localFile('here');
    await mkdir(place.folder, { recursive: true });
    const host = await startTestHost('a');
    const traefik = await startTraefik({ fileFolder: place.folder, providersThrottleDuration: '0.1s' });
    try {
      await writeRouters(place.folder);
      const { pools } = membershipOf(1, [host]);
      const path = '/{{printf`%s`(env`HOME`)}}';
      await fileAdapter(undefined).adapter.apply({ generation: 1, pools: pools.map((pool) => ({ ...pool, healthCheck: { ...pool.healthCheck, path }, files: [place.file] })) });
      const service = await until('the service', async () => await traefik.service('web@file'));
      expect(service.loadBalancer).to.have.nested.property('healthCheck.path', path);
      expect(await readFile(place.file.path, 'utf8')).to.not.include('{{');
    } finally {
      await traefik.stop();
      await host.close();
      await rm(place.folder, { recursive: true });
    }
  });
}, [rootOnLinux]);

const sorted = (value: unknown): unknown => (typeof value === 'object' && value !== null ? Object.entries(value).toSorted(([a], [b]) => a.localeCompare(b)) : value);
