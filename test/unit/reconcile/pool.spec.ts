import { expect } from 'chai';
import { HOST_FINALIZER, type HostPoolSpec, POOL_FINALIZER } from '../../../controller/api/index.ts';
import { ClassifiedError, type Server, type ServerSnapshot } from '../../../controller/model/index.ts';
import { hostDraft, poolDraft } from '../../support/drafts.ts';
import { type Bench, PRIMARY, START, WEB, createBench } from './bench.ts';

describe('a pass over a pool', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = createBench();
  });

  const start = async (spec: Partial<HostPoolSpec> = {}): Promise<void> => {
    await bench.put('HostPool', poolDraft('default', 'web', { fixedHosts: [PRIMARY], replicas: 3, ...spec }));
    await pass();
  };
  const pass = (): Promise<unknown> => bench.pass('Pool', WEB);
  const condition = async (type: string): Promise<object | undefined> => (await bench.pool()).status?.conditions?.find((candidate) => candidate.type === type);

  it('first takes the pool under its finalizer, and makes no host before', async () => {
    await start();
    expect((await bench.pool()).metadata.finalizers).to.deep.equal([POOL_FINALIZER]);
    expect(await bench.hosts()).to.deep.equal([]);
  });

  it('makes the hosts that are missing, each with finalizer, identity and slot, and asks for their passes', async () => {
    await start();
    await pass();
    const hosts = await bench.hosts();
    const { uid } = (await bench.pool()).metadata;
    expect(hosts.map(({ metadata }) => metadata.name)).to.deep.equal([0, 1].map((slot) => `web-${slot}-${uid.slice(0, 8)}`));
    for (const { metadata, spec } of hosts) {
      expect(metadata.finalizers).to.deep.equal([HOST_FINALIZER]);
      expect(spec).to.deep.include({ poolRef: { name: 'web' }, intent: 'Serve' });
      expect(bench.asked).to.deep.include({ kind: 'Host', key: { namespace: 'default', name: metadata.name } });
    }
    expect(new Set(hosts.map(({ spec }) => spec.hostID)).size).to.equal(2);
    await pass();
    expect(await bench.hosts()).to.have.length(2);
    expect((await bench.pool()).status).to.include({ state: 'Growing', replicas: 3, readyReplicas: 1, bootingReplicas: 2, fixedReplicas: 1 });
  });

  it('takes a host that is there already for its own', async () => {
    await start();
    const real = bench.store.create.bind(bench.store);
    bench.context.store = { ...bench.store, create: async (kind, draft) => { await real(kind, draft); throw new ClassifiedError('AlreadyExists', 'it exists'); } };
    await pass();
    expect(await bench.hosts()).to.have.length(2);
  });

  it('drains what is too many, with an event that says why', async () => {
    await start();
    await pass();
    await bench.store.scale(WEB, 2);
    await pass();
    const [leaving, ...others] = (await bench.hosts()).filter(({ spec }) => spec.intent === 'Drain');
    expect(others).to.have.length(0);
    expect(await bench.events('KamalHost', leaving!.metadata.name)).to.deep.equal(['Draining: 2 hosts wanted, 3 there']);
  });

  it('plans nothing while a provider cannot be asked, and says so', async () => {
    await start();
    bench.context.servers = { snapshot: async () => { throw new ClassifiedError('Unauthorized', 'the token is refused'); }, forget: () => undefined, away: () => undefined };
    await pass();
    expect(await bench.hosts()).to.deep.equal([]);
    expect(await condition('Stuck')).to.include({ status: 'True', message: 'provider Local cannot be asked for its servers: the token is refused' });
  });

  it('counts what a cloud that is away listed last, so that the pool never exceeds its maximum', async () => {
    const spare = { name: 'spare', provider: 'Static', static: { machines: [{ name: 'm1', address: '192.0.2.9' }] } };
    const unowned = (hostID: string): Server =>
      ({ provider: 'Local', placement: 'here', providerID: hostID, name: hostID, owner: { installation: 'test', pool: WEB, hostID }, state: 'Running', createdAt: START });
    const last: ServerSnapshot = { provider: 'Local', asOf: START, servers: [unowned('one'), unowned('two')] };
    await bench.put('HostPool', poolDraft('default', 'web', { replicas: 5, maxReplicas: 5, fixedHosts: [PRIMARY], placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 1000 } }, spare] } as never));
    await pass();
    bench.context.servers = {
      snapshot: async (name) => (name === 'Local' ? Promise.reject(new ClassifiedError('Unavailable', 'no answer')) : { provider: name, asOf: START, servers: [] }),
      forget: () => undefined, away: (name) => (name === 'Local' ? { since: START, why: 'no answer', last } : undefined),
    };
    await pass();
    expect(await bench.hosts(), 'of five there are the fixed host and two servers that nobody owns').to.have.length(2);
  });

  it('plans nothing for the second of two pools of one service, and says which had it first', async () => {
    await start();
    await bench.clock.advance(1000);
    await bench.put('HostPool', poolDraft('default', 'shop', { replicas: 2, loadBalancer: { traefik: { service: 'web', apiURLs: ['http://127.0.0.1:8080'] } } as never }));
    const shop = { namespace: 'default', name: 'shop' };
    for (const key of [shop, shop]) await bench.pass('Pool', key);
    expect(await bench.hosts()).to.deep.equal([]);
    expect((await bench.pool(shop)).status?.conditions?.find(({ type }) => type === 'Stuck')).to.include({ message: 'spec.loadBalancer.traefik.service web belongs to pool default/web, which had it first: write another service name' });
  });

  it('makes and drains nothing while it is paused', async () => {
    await start({ paused: true });
    await bench.put('KamalHost', hostDraft('default', 'web-7', { slot: 7 }));
    await pass();
    await bench.store.scale(WEB, 1);
    await pass();
    expect((await bench.hosts()).map(({ spec }) => spec.intent)).to.deep.equal(['Serve']);
    expect((await bench.pool()).status).to.include({ state: 'Paused' });
  });

  it('writes its status only when it changed, and looks again in time', async () => {
    await start({ replicas: 1 });
    await pass();
    const { resourceVersion } = (await bench.pool()).metadata;
    await bench.clock.advance(5000);
    expect(await pass()).to.deep.equal({ kind: 'RequeueAfter', seconds: 15 });
    expect((await bench.pool()).metadata.resourceVersion).to.equal(resourceVersion);
  });

  it('forgets the gauges of a pool that is gone', async () => {
    await start({ replicas: 1 });
    await pass();
    expect(await bench.context.meters.registry.metrics()).to.include('kamal_autoscaler_desired_hosts{pool="default/web"} 1');
    expect(await bench.pass('Pool', { namespace: 'default', name: 'web' })).to.include({ kind: 'RequeueAfter' });
    await bench.store.delete('HostPool', WEB);
    await pass();
    expect(await bench.store.get('HostPool', WEB)).to.equal(undefined);
    expect(await pass()).to.deep.equal({ kind: 'Done' });
    expect(await bench.context.meters.registry.metrics()).to.not.include('pool="default/web"');
  });

  it('that was deleted with Retain lets KamalHosts go and leaves their servers and membership', async () => {
    await start({ fixedHosts: [], replicas: 2 });
    await bench.drive('two hosts serve', async () => (await bench.pool()).status?.readyReplicas === 2);
    const membership = await bench.store.load('membership');
    const ids = (await bench.hosts()).map(({ spec }) => spec.hostID);
    await bench.store.delete('HostPool', WEB);
    await bench.drive('the pool is gone', async () => await bench.store.get('HostPool', WEB) === undefined);
    expect(await bench.hosts()).to.deep.equal([]);
    expect(bench.world.hosts().filter(({ app }) => app?.quiesced === undefined && app !== undefined)).to.have.length(2);
    expect(await bench.store.load('membership')).to.deep.equal(membership);
    for (const id of ids) expect((await bench.context.gate.read()).entries[id]?.state).to.equal('Retained');
    expect(bench.world.dropped).to.deep.equal([]);
  });
});

describe('a pass over a host whose pool is gone', () => {
  it('changes nothing, and says who must do what', async () => {
    const bench = createBench();
    await bench.put('KamalHost', hostDraft('default', 'web-1'), { phase: 'InService', providerID: 'x' });
    const key = { namespace: 'default', name: 'web-1' };
    const message = 'HostPool web does not exist: create it again to manage this host, or delete this KamalHost to let the server go unmanaged';
    expect(await bench.pass('Host', key)).to.deep.equal({ kind: 'Stalled', reason: 'PoolMissing', message });
    expect((await bench.hosts())[0]?.status).to.include({ phase: 'InService', reason: message });
    const { resourceVersion } = (await bench.hosts())[0]!.metadata;
    await bench.pass('Host', key);
    expect((await bench.hosts())[0]?.metadata.resourceVersion).to.equal(resourceVersion);
    await bench.store.delete('KamalHost', key);
    await bench.pass('Host', key);
    expect(await bench.hosts()).to.deep.equal([]);
  });
});
