import { expect } from 'chai';
import { rm } from 'node:fs/promises';
import { API_VERSION } from '../../controller/api/index.ts';
import { CONTROL_PLANE_PARTS, fromRoot } from '../support/control-plane.ts';
import { type ClusterWorld, apply, startClusterWorld } from '../support/e2e-leaders/cluster-world.ts';
import { type ConstantLoad, startConstantLoad } from '../support/e2e-leaders/load.ts';
import { type Serving, expectServing, whatServes } from '../support/e2e-leaders/serving.ts';
import { type StandaloneWorld, startStandaloneWorld } from '../support/e2e-leaders/standalone-world.ts';
import { staysTrue } from '../support/e2e-leaders/stays-true.ts';
import { POOL, type World } from '../support/e2e-leaders/world.ts';
import { realSuite } from '../support/real/gate.ts';
import { until } from '../support/real/until.ts';

const RATE = 15;
/** Longer than passes over hosts, pools and membership take to come by again. */
const WATCH_MILLISECONDS = 4_000;

const policyText = JSON.stringify({
  apiVersion: API_VERSION, kind: 'ScalingPolicy', metadata: POOL,
  spec: { targetRef: { name: POOL.name }, minHosts: 1, maxHosts: 3, intervalSeconds: 1, metrics: [{ name: 'rps', target: 5, windowSeconds: 5 }] },
});

/** The same two bought servers live through all of the tests, until they are told to go. */
realSuite('taking things away while hosts serve, on a real kube-apiserver', [...CONTROL_PLANE_PARTS, 'kube-controller-manager'], function () {
  this.timeout(180_000);
  let cluster: ClusterWorld;
  let world: World;
  let load: ConstantLoad;
  let serving: Serving;

  before(async () => {
    cluster = await startClusterWorld({ replicas: 1, kubeControllers: ['namespace-controller'] });
    world = cluster.world;
    await applyPool();
    await world.atRest(3);
  });

  beforeEach(async () => {
    serving = await whatServes(world);
    load = startConstantLoad(world.url, RATE);
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.error(await world.situation());
    await load.end(0);
  });

  after(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  const kubectl = (...args: string[]): Promise<string> => cluster.plane.kubectl(args);
  const inNamespace = ['-n', POOL.namespace, '--timeout=60s'];
  const applyPool = (spec: Record<string, unknown> = {}): Promise<string> => apply(cluster, world.poolText({ replicas: 3, ...spec }));
  const keepsServing = (): Promise<void> => staysTrue('everything serves as before', WATCH_MILLISECONDS, () => expectServing(world, serving));

  async function applyDefinitions(): Promise<void> {
    await kubectl('apply', '-k', fromRoot('crds'));
    await kubectl('wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all');
    await until('the definitions are served', async () => await kubectl('get', 'hostpools,scalingpolicies,kamalhosts,deploysessions', '-A').then(() => true));
  }

  /** The servers are in service again as they were, under KamalHosts with their UIDs. */
  async function adopted(): Promise<void> {
    await world.atRest(3);
    await expectServing(world, serving);
    expect((await world.hosts()).map(({ spec }) => spec.hostID).sort()).to.deep.equal(serving.hostIDs);
  }

  it('a policy: the number stays', async () => {
    await apply(cluster, policyText);
    await until('a decision', async () => (await world.store.get('ScalingPolicy', POOL))?.status?.desiredHosts === 3);
    await kubectl('delete', 'scalingpolicy/web', ...inNamespace);
    await keepsServing();
    await world.atRest(3);
  });

  it('the pool, with Retain: servers and members stay, and a pool of that name adopts them', async () => {
    await kubectl('delete', 'hostpool/web', ...inNamespace);
    expect(await world.hosts()).to.deep.equal([]);
    await keepsServing();
    await applyPool();
    await adopted();
  });

  it('the definition of KamalHosts: servers and members stay, also through a restart, and are adopted', async () => {
    await kubectl('delete', 'crd', 'kamalhosts.kamal-autoscaler.dev', '--timeout=60s');
    await keepsServing();
    const [replica] = world.replicas;
    await replica!.kill();
    await replica!.revive();
    await until('the last known members', async () => (await replica!.config())?.status === 200, { deadlineMs: 60_000 });
    await keepsServing();
    await applyDefinitions();
    await adopted();
  });

  it('the definition of HostPools: servers and members stay, and are adopted', async () => {
    await kubectl('delete', 'crd', 'hostpools.kamal-autoscaler.dev', '--timeout=60s');
    await keepsServing();
    await applyDefinitions();
    await applyPool();
    await adopted();
  });

  it('all definitions at once: servers and members stay, and are adopted', async () => {
    await apply(cluster, policyText);
    await kubectl('delete', '-k', fromRoot('crds'), '--timeout=60s');
    await keepsServing();
    await applyDefinitions();
    await applyPool();
    await adopted();
  });

  it('the namespace of the pool: servers and members stay, and are adopted', async () => {
    await kubectl('delete', 'namespace', POOL.namespace, '--timeout=90s');
    await keepsServing();
    await kubectl('create', 'namespace', POOL.namespace);
    await applyPool();
    await adopted();
  });

  it('the namespace, in the middle of buying: what was bought is adopted, and no more is bought than is missing', async () => {
    await kubectl('scale', 'hostpool/web', '-n', POOL.namespace, '--replicas=5');
    await until('a purchase', () => world.purchases.length > serving.purchases, { everyMs: 20 });
    await kubectl('delete', 'namespace', POOL.namespace, '--timeout=90s');
    const bought = await world.serverIDs();
    await staysTrue('nothing more is bought, nothing is lost', WATCH_MILLISECONDS, async () => {
      expect(await world.serverIDs()).to.deep.equal(bought);
    });
    await kubectl('create', 'namespace', POOL.namespace);
    await applyPool({ replicas: 5 });
    await world.atRest(5);
    expect(await world.serverIDs()).to.include.members(bought);
    expect(world.purchases).to.have.length(4);
    expect(new Set(world.purchases.map(({ hostID }) => hostID)).size).to.equal(4);
  });

  it('the pool, with Drain: its hosts leave without a lost request, and the fixed host goes on', async () => {
    await applyPool({ deletionPolicy: 'Drain' });
    await kubectl('delete', 'hostpool/web', ...inNamespace);
    expect(await world.hosts()).to.deep.equal([]);
    expect(await world.serverIDs()).to.deep.equal([]);
    expect((await whatServes(world)).members).to.have.length(1);
  });
});

describe('taking the folder away while hosts serve', function () {
  this.timeout(180_000);

  it('loses nothing, and goes on when it is there again', async () => {
    await using standalone: StandaloneWorld = await startStandaloneWorld();
    const { world, configFolder, write } = standalone;
    await write('pool.yaml', world.poolText({ replicas: 3 }));
    await write('policy.yaml', policyText);
    await world.atRest(3);
    const load = startConstantLoad(world.url, RATE);
    try {
      const serving = await whatServes(world);
      await rm(configFolder, { recursive: true });
      await staysTrue('everything serves as before', WATCH_MILLISECONDS, () => expectServing(world, serving));
      await world.atRest(3);
      await write('pool.yaml', world.poolText({ replicas: 3, maxReplicas: 9 }));
      await until('the new maximum', async () => (await world.store.get('HostPool', POOL))?.spec.maxReplicas === 9);
      await world.atRest(3);
      await expectServing(world, serving);
    } finally {
      await load.end(0);
    }
  });
});
