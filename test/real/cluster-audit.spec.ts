import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createDigitalOceanProvider } from '../../controller/act/cloud/digitalocean/provider.ts';
import { createHetznerProvider } from '../../controller/act/cloud/hetzner/provider.ts';
import { KINDS } from '../../controller/api/index.ts';
import { startInCluster } from '../../controller/compose/cluster.ts';
import type { RunningController } from '../../controller/compose/standalone.ts';
import { type Balancer, startBalancer } from '../../controller/demo/balancer.ts';
import type { Audit, Endpoint, Evidence } from '../../controller/model/index.ts';
import { evidenceDocument } from '../../controller/reconcile/evidence-document.ts';
import { loadInventory } from '../../controller/reconcile/inventory.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { ConfigMapDocuments } from '../../controller/runtime/cluster/index.ts';
import { readSettings } from '../../controller/runtime/settings.ts';
import { CONTROL_PLANE_PARTS, type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { type DigitalOceanSim, startDigitalOceanSim } from '../support/digitalocean-sim/index.ts';
import { contractAbsence } from '../support/hetzner-sim/contract.ts';
import { type HetznerSim, startHetznerSim } from '../support/hetzner-sim/index.ts';
import { policyDraft, poolDraft } from '../support/drafts.ts';
import { type LocalWorld, startLocalWorld } from '../support/local-world.ts';
import { planted } from '../support/planted.ts';
import { freePort } from '../support/real/free-port.ts';
import { realSuite } from '../support/real/gate.ts';
import { until } from '../support/real/until.ts';
import { call } from '../unit/bad-input/installation.ts';
import { requestOf as dropletOf } from '../unit/act-cloud/digitalocean/world.ts';
import { NEAR, requestOf } from '../unit/act-cloud/hetzner/world.ts';

const OWN_NAMESPACE = 'kamal-autoscaler';
const PATIENT = { everyMs: 100, deadlineMs: 60_000 };
const INSTALLATION = 'home';
const machine = (name: string, { address, ports }: Endpoint) => ({ name, address, ports });

realSuite('audit of an installation in a cluster', CONTROL_PLANE_PARTS, function () {
  this.timeout(120_000);
  let plane: ControlPlane;
  let world: LocalWorld;
  let balancer: Balancer;
  let sim: HetznerSim;
  let droplets: DigitalOceanSim;
  let running: RunningController | undefined;
  let folder: string;
  let person: string;
  let spare: Endpoint;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cluster-audit-'));
    const cloud = { clock: systemClock, createMilliseconds: 10, readOnlyToken: planted('read-only-token'), ...(contractAbsence() === undefined ? {} : { contract: 'Unchecked' as const }) };
    [plane, world, sim, droplets] = await Promise.all([
      startControlPlane(), startLocalWorld({ fixedHosts: 1, serving: { service: 'app-web', version: 'v7' } }), startHetznerSim(cloud), startDigitalOceanSim(cloud),
    ]);
    spare = await world.addHost('spare-1');
    await plane.kubectl(['create', 'namespace', 'shop']);
    for (const name of ['person', 'neighbour', 'stranger']) await plane.kubectl(['create', 'serviceaccount', name, '-n', 'shop']);
    await plane.kubectl(['create', 'clusterrolebinding', 'person', '--clusterrole=kamal-autoscaler-viewer', '--serviceaccount=shop:person']);
    await plane.kubectl(['create', 'rolebinding', 'neighbour', '-n', 'shop', '--clusterrole=kamal-autoscaler-viewer', '--serviceaccount=shop:neighbour']);
    for (const name of ['person', 'neighbour']) await plane.kubectl(['create', 'rolebinding', name, '-n', OWN_NAMESPACE, '--role=kamal-autoscaler-documents', `--serviceaccount=shop:${name}`]);
    person = await plane.server.serviceAccountKubeconfig('shop', 'person');

    const port = await freePort();
    balancer = await startBalancer({
      endpoint: `http://127.0.0.1:${port}/traefik/config`, service: 'web', entryPoint: 'websecure', pollMilliseconds: 100, clock: systemClock, chance: () => 0.5,
    });
    const settings = readSettings({
      cluster: true, kubeconfig: plane.server.adminKubeconfig, namespace: OWN_NAMESPACE, installation: INSTALLATION, state: join(folder, 'state'), listen: `127.0.0.1:${port}`,
    }, { HCLOUD_ENDPOINT: sim.endpoint, HCLOUD_TOKEN: sim.token });
    if (settings.mode.kind !== 'Cluster') throw new Error('cluster expected');
    running = await startInCluster({ ...settings, mode: settings.mode }, { clock: systemClock, log: { log: () => undefined } });
    const store = plane.store();
    await store.create('HostPool', poolDraft('shop', 'web', {
      kamal: { service: 'app', role: 'web' }, maxReplicas: 2, replicas: 2, fixedHosts: [machine('primary', world.fixedHosts[0]!)],
      placements: [{ name: 'spare', provider: 'Static', static: { machines: [machine('spare-1', spare)] } }],
      loadBalancer: { traefik: { service: 'web', apiURLs: [balancer.apiURL] } }, health: { intervalSeconds: 1, timeoutSeconds: 1 }, drain: { timeoutSeconds: 2 },
    } as never));
    await store.create('ScalingPolicy', policyDraft('shop', 'web', { mode: 'Recommend' }));
    await until('the spare machine serves, and is in the inventory', async () => {
      const [host] = await store.list('KamalHost');
      const { inventory } = await loadInventory(new ConfigMapDocuments(plane.api(), OWN_NAMESPACE));
      return (host?.status?.phase === 'InService' && inventory?.pools[0]?.hosts.length === 1) || undefined;
    }, PATIENT);
  });

  after(async () => {
    await running?.stop();
    await balancer?.close();
    await world?.[Symbol.asyncDispose]();
    await sim?.close();
    await droplets?.close();
    await plane?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const token = (): Record<string, string> => ({ HCLOUD_ENDPOINT: sim.endpoint, HCLOUD_TOKEN: planted('read-only-token'), DIGITALOCEAN_API_URL: droplets.endpoint, DIGITALOCEAN_ACCESS_TOKEN: planted('read-only-token'), KAMAL_AUTOSCALER_STATE: join(folder, 'of-the-person') });
  const audit = (kubeconfig: string, ...words: string[]) => call(['audit', '--kubeconfig', kubeconfig, ...words], token());
  const read = ({ stdout, stderr }: { stdout: string; stderr: string }): Audit => {
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as Audit;
  };
  const found = (text: { stdout: string; stderr: string }): string[] => read(text).differences.map(({ place, subject, says, mend }) => `${place} ${subject}: ${says} => ${mend}`);
  async function versions(): Promise<string[]> {
    const store = plane.store();
    const objects = (await Promise.all(KINDS.map((kind) => store.list(kind)))).flat();
    const maps = JSON.parse(await plane.kubectl(['get', 'configmaps', '-n', OWN_NAMESPACE, '-o', 'json'])) as { items: { metadata: { name: string; resourceVersion: string } }[] };
    return [...objects, ...maps.items].map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`);
  }

  it('finds nothing where all agree, while the controller runs, with rights and tokens that may only read', async () => {
    // A pass of the controller may be under way.
    const calm = await until('all agree', async () => {
      const answer = await audit(person, '-o', 'json');
      return answer.exitCode === 0 ? answer : undefined;
    }, PATIENT);
    expect(read(calm)).to.deep.equal({ differences: [], unasked: [], locks: [], compared: { pools: 1, hosts: 1, servers: 1 } });
    expect((await audit(person)).stdout).to.equal('1 pool, 1 host and 1 server compared: no difference\n');
  });

  it('needs no more rights than the other commands that look, and these change nothing', async () => {
    const [host] = await plane.store().list('KamalHost');
    const name = host!.metadata.name;
    const as = (line: string) => call([...line.split(' '), '--kubeconfig', person, ...(line.startsWith('inventory') ? [] : ['-n', 'shop'])], token());
    expect((await as('get all')).stdout).to.contain(name);
    for (const line of ['describe hp web', `describe kh ${name}`, 'describe sp web', 'inventory --service app', 'roll web --status']) expect(await as(line), line).to.include({ exitCode: 0, stderr: '' });
    expect(await as(`evidence ${name}`)).to.include({ exitCode: 3 });
    const failed: Evidence = { host: 'web-9', hostID: 'id-9', cause: 'StartFailed', reason: 'never healthy', gatheredAt: Date.now(), server: 'server hetzner:9 is Running', status: {}, texts: [{ name: 'app log', text: 'PG::ConnectionBad' }], missing: [] };
    await new ConfigMapDocuments(plane.api(), OWN_NAMESPACE).save(evidenceDocument({ namespace: 'shop', name: 'web' }), [failed], undefined);
    expect((await as('evidence web-9')).stdout).to.match(/^Host: +web-9\n/).and.to.contain('app log:\n  PG::ConnectionBad');
    const before = await versions();
    for (const line of [`quarantine ${name}`, `protect ${name}`, 'roll web', 'pause web', 'scale web --replicas 1']) expect(await as(line), line).to.include({ exitCode: 4, stdout: '' });
    expect((await versions()).filter((version) => version.startsWith(name))).to.deep.equal(before.filter((version) => version.startsWith(name)));
  });

  it('asks in a namespace alone for whom nothing more is allowed', async () => {
    const neighbour = await plane.server.serviceAccountKubeconfig('shop', 'neighbour');
    expect(read(await audit(neighbour, '-n', 'shop', '-o', 'json')).compared).to.deep.equal({ pools: 1, hosts: 1, servers: 1 });
    const { exitCode, stderr } = await audit(neighbour);
    expect(exitCode).to.equal(4);
    expect(stderr).to.match(/cannot list resource "hostpools"|forbidden/i);
  });

  it('is refused to whom nothing is allowed', async () => {
    const { exitCode, stderr, stdout } = await audit(await plane.server.serviceAccountKubeconfig('shop', 'stranger'));
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 4, stdout: '' });
    expect(stderr).to.contain('configmaps');
  });

  it('finds what differs once nobody mends it, each with its command, and changes nothing', async () => {
    await running?.stop();
    running = undefined;
    const hetzner = createHetznerProvider({ endpoint: sim.endpoint, token: { kind: 'Value', value: sim.token }, clock: systemClock, userData: () => '#cloud-config\n' });
    const request = requestOf('forgotten0', NEAR);
    const { providerID } = await hetzner.create({ ...request, owner: { ...request.owner, pool: { namespace: 'shop', name: 'gone' } } });
    hetzner.close();
    const digitalOcean = createDigitalOceanProvider({ endpoint: droplets.endpoint, token: { kind: 'Value', value: droplets.token }, clock: systemClock, userData: () => '#cloud-config\n' });
    const droplet = await digitalOcean.create({ ...dropletOf('forgotten1'), owner: { ...request.owner, hostID: 'forgotten1', pool: { namespace: 'shop', name: 'web' } } });
    digitalOcean.close();
    await world.control.stop(spare);
    const documents = new ConfigMapDocuments(plane.api(), OWN_NAMESPACE);
    const stored = await documents.load('membership');
    const membership = stored?.value as { pools: { members: object[] }[] };
    await documents.save('membership', { ...membership, pools: membership.pools.map((pool) => ({ ...pool, members: pool.members.slice(0, 1) })) }, stored?.version);
    const [host] = await plane.store().list('KamalHost');
    const [name, url] = [host!.metadata.name, `http://${spare.address}:${spare.ports.http}`];

    const before = await versions();
    const answer = await audit(person, '-o', 'json');
    expect(found(answer)).to.deep.equal([
      `Cloud ${providerID}: server web-forgotten0 has no KamalHost and its pool shop/gone does not exist, and is paid for; apply the pool again to adopt it => hcloud server delete ${providerID.split(':')[1]}`,
      `Cloud ${droplet.providerID}: server web-forgotten1 has no KamalHost, and is paid for; a controller that runs adopts it, or removes it where it is known to be idle => kamal-autoscaler run`,
      `Membership shop/${name}: it is in service, and not in the membership document => kamal-autoscaler run`,
      `LoadBalancer shop/web: ${balancer.apiURL} lists ${url}, which is no member => kamal-autoscaler run`,
      `Host shop/${name}: it should serve, and the app does not run => kamal app boot --hosts=${spare.address} --roles=web`,
    ]);
    expect(answer.exitCode).to.equal(5);
    expect(await versions()).to.deep.equal(before);
    expect([sim.project.servers.size, droplets.account.droplets.size], 'the servers are still there').to.deep.equal([1, 1]);
  });

  it('has a code of its own where a part could not be asked', async () => {
    const { exitCode, stdout } = await call(['audit', '--kubeconfig', person, '-n', 'empty', '-o', 'json'], { ...token(), HCLOUD_TOKEN: planted('wrong-token') });
    expect(exitCode).to.equal(6);
    expect((JSON.parse(stdout) as Audit).unasked.map(({ place, subject }) => `${place} ${subject}`)).to.deep.equal(['Cloud Hetzner']);
  });
});
