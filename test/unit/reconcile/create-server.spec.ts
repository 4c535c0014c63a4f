import { expect } from 'chai';
import { type KamalHost, keyOf } from '../../../controller/api/index.ts';
import { ClassifiedError, fromTimestamp } from '../../../controller/model/index.ts';
import { createStaticProvider } from '../../../controller/act/cloud/static.ts';
import { createPurchaseGate } from '../../../controller/reconcile/purchase-gate.ts';
import { hostDraft, poolDraft } from '../../support/drafts.ts';
import { POOL_NEEDS } from '../../support/pool-needs.ts';
import { type Bench, createBench } from './bench.ts';

const PLACEMENTS = [{ name: 'near', provider: 'Local', local: { bootMilliseconds: 1000 } }, { name: 'far', provider: 'Local', local: { bootMilliseconds: 1000 } }];

describe('the purchase of a server', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = createBench();
  });

  const start = async (spec: object = {}): Promise<KamalHost> => {
    await bench.put('HostPool', poolDraft('default', 'web', { replicas: 1, placements: PLACEMENTS, ...spec } as never));
    await passes('Pool', 2);
    return host();
  };
  async function host(): Promise<KamalHost> {
    const [only] = await bench.hosts();
    if (only === undefined) throw new Error('no host');
    return only;
  }
  async function passes(kind: 'Pool' | 'Host', count: number): Promise<void> {
    for (let pass = 0; pass < count; pass += 1) await bench.pass(kind, kind === 'Pool' ? { namespace: 'default', name: 'web' } : keyOf(await host()));
  }
  /** The host's passes up to and with its first create call. */
  async function untilAsked(): Promise<void> {
    const asked = bench.creates.length;
    for (let pass = 0; bench.creates.length === asked; pass += 1) {
      if (pass > 8) throw new Error(`no create call; the host says: ${(await host()).status?.reason}`);
      await passes('Host', 1);
    }
  }
  const secondsToNext = (status: KamalHost['status']): number => ((fromTimestamp(status?.nextAttemptAt) ?? NaN) - bench.clock.now()) / 1000;

  it('asks the first placement, with the owner in the call, and notes the server', async () => {
    const { spec, metadata } = await start();
    await untilAsked();
    const [request] = bench.creates;
    expect(request).to.deep.include({ name: metadata.name, owner: { installation: 'test', pool: { namespace: 'default', name: 'web' }, hostID: spec.hostID } });
    expect((await host()).status).to.include({ phase: 'Provisioning', createAttempts: 1, provider: 'Local', placement: 'near', providerID: (await bench.server(spec.hostID))?.providerID });
    expect((await bench.context.gate.read()).entries[spec.hostID]).to.include({ state: 'Alive', placement: 'near' });
  });

  it('gives a server whose call took long as much time to be listed as any other', async () => {
    const local = bench.context.providers.Local!;
    let isListed = false;
    let answer: 'Server' | 'Lost' = 'Server';
    bench.context.providers.Local = {
      ...local, settleSeconds: 10,
      list: async (installation) => ({ ...await local.list(installation), ...(isListed ? {} : { servers: [] }) }),
      async create(request) {
        bench.creates.length += 1;
        await bench.clock.advance(18_000);
        if (answer === 'Lost') throw new ClassifiedError('OutcomeUnknown', 'no answer');
        return local.create(request);
      },
    };
    await start({ limits: { startTimeoutSeconds: 600 } });
    await untilAsked();
    await passes('Host', 3);
    expect((await host()).status).to.include({ phase: 'Provisioning' });
    isListed = true;
    await bench.drive('it serves', async () => (await bench.pool()).status?.readyReplicas === 1);

    [isListed, answer] = [false, 'Lost'];
    await bench.store.scale({ namespace: 'default', name: 'web' }, 2);
    await passes('Pool', 2);
    const second = keyOf((await bench.hosts()).at(-1)!);
    const asked = bench.creates.length;
    for (let pass = 0; bench.creates.length === asked; pass += 1) await bench.pass('Host', second);
    await bench.clock.advance(9000);
    await bench.pass('Host', second);
    expect(bench.creates.length, 'not asked again while the first order may still show').to.equal(asked + 1);
  });

  it('takes another name where a server of another host of ours has the first one, as after a restored backup', async () => {
    const { metadata, spec } = await start({ replicas: 2 });
    const owner = { installation: 'test', pool: { namespace: 'default', name: 'web' }, hostID: 'bought-after-the-backup' };
    await bench.context.providers.Local!.create({ name: metadata.name, owner, placement: PLACEMENTS[0] as never, pool: POOL_NEEDS });
    await bench.put('KamalHost', hostDraft('default', 'web-7-other', { hostID: owner.hostID, slot: 7 }));
    bench.creates.length = 0;
    await untilAsked();
    expect(bench.creates.map(({ name }) => name)).to.deep.equal([`web-${spec.slot}-${spec.hostID.slice(0, 8)}`]);
    expect((await host()).status?.phase).to.equal('Provisioning');
  });

  it('goes on to the next placement after Capacity, and says why', async () => {
    bench.faults = [{ kind: 'Refused', class: 'Capacity' }];
    const { metadata } = await start();
    await untilAsked();
    const { status } = await host();
    expect(status).to.include({ placement: 'far', reason: `near: the local provider refuses ${metadata.name}: Capacity` });
    expect(status?.failure).to.include({ class: 'Capacity' });
    expect(secondsToNext(status)).to.equal(1);
    expect(await bench.events('KamalHost', metadata.name)).to.deep.equal([`CreateFailed: near: the local provider refuses ${metadata.name}: Capacity`]);
    await bench.drive('a server of the other placement', async () => (await bench.server((await host()).spec.hostID))?.placement === 'far');
    expect(bench.creates.map(({ placement }) => placement.name)).to.deep.equal(['near', 'far']);
    expect((await host()).status?.failure).to.equal(undefined);
  });

  it('does not ask for what another host was refused, until its pause is over', async () => {
    bench.faults = [{ kind: 'Refused', class: 'Capacity' }];
    await start({ replicas: 3 });
    await bench.drive('all servers', async () => bench.world.hosts().length === 3);
    expect(bench.creates.map(({ placement }) => placement.name)).to.deep.equal(['near', 'far', 'far', 'far']);
    await bench.clock.advance(60_000);
    await bench.store.scale({ namespace: 'default', name: 'web' }, 4);
    await bench.drive('one more', async () => bench.world.hosts().length === 4);
    expect(bench.creates.at(-1)?.placement.name).to.equal('near');
    expect((await bench.context.gate.read()).limits?.pauses, 'a create that went through ends the row').to.deep.equal({});
  });

  it('goes on to a placement of another provider after Quota, and asks the first no more, for any host', async () => {
    const spare = { name: 'spare', provider: 'Static', static: { machines: [{ name: 'm1', address: '192.0.2.9' }, { name: 'm2', address: '192.0.2.10' }] } };
    bench.context.providers.Static = createStaticProvider({ documents: bench.store, clock: bench.clock, vacate: async () => 'Vacant' });
    bench.faults = [{ kind: 'Refused', class: 'Quota' }];
    await start({ replicas: 2, placements: [...PLACEMENTS, spare] });
    await bench.drive('both hosts have a server', async () => Object.values((await bench.context.gate.read()).entries).filter(({ state, provider }) => state === 'Alive' && provider === 'Static').length === 2);
    expect(bench.creates).to.have.length(1);
  });

  it('begins at the first placement again some time after all have refused', async () => {
    bench.faults = [{ kind: 'Refused', class: 'Capacity' }, { kind: 'Refused', class: 'Capacity' }];
    await start();
    await bench.drive('both have refused', async () => bench.creates.length === 2);
    const refusedAt = bench.clock.now();
    await bench.drive('a server', async () => bench.world.hosts().length === 1);
    expect(bench.creates.map(({ placement }) => placement.name)).to.deep.equal(['near', 'far', 'near']);
    expect((bench.clock.now() - refusedAt) / 1000, 'a full provider is not asked each second').to.be.within(29, 32);
  });

  it('shows a quota that nothing helps against on the pool, and asks rarely', async () => {
    bench.faults = Array.from({ length: 9 }, () => ({ kind: 'Refused', class: 'Quota' }));
    const { metadata } = await start({ placements: PLACEMENTS.slice(0, 1), limits: { startTimeoutSeconds: 3600 } });
    await untilAsked();
    expect(secondsToNext((await host()).status)).to.equal(30);
    await passes('Pool', 1);
    const { status } = await bench.pool();
    expect(status).to.include({ state: 'Stuck', reason: `${metadata.name}: Quota: near: the local provider refuses ${metadata.name}: Quota` });
    expect(status?.conditions?.find(({ type }) => type === 'Stuck')).to.include({ status: 'True', reason: 'Quota' });
    await bench.clock.advance(31_000);
    await passes('Host', 1);
    expect((await host()).status?.failure?.message).to.match(/^near: Local refuses more than the 0 servers that are there; it is asked again when one has left, or at \d.*Z: the local provider refuses/);
    expect(bench.creates, 'the provider itself is not asked again').to.have.length(1);
    await bench.clock.advance(900_000);
    await passes('Host', 1);
    expect(bench.creates).to.have.length(2);
  });

  it('waits as long as a rate limit says', async () => {
    bench.faults = [new ClassifiedError('RateLimited', 'too many calls', { retryAfterSeconds: 42 })];
    await start();
    await untilAsked();
    expect(secondsToNext((await host()).status)).to.equal(42);
    await bench.clock.advance(41_000);
    await passes('Host', 3);
    expect(bench.creates).to.have.length(1);
    await bench.clock.advance(1000);
    await passes('Host', 3);
    expect(bench.creates).to.have.length(2);
  });

  it('finds the server of a create whose answer was lost, and buys none for it', async () => {
    bench.faults = [{ kind: 'ReplyLost' }];
    const { spec } = await start();
    await untilAsked();
    expect((await host()).status?.failure).to.include({ class: 'OutcomeUnknown' });
    expect(bench.creates).to.have.length(1);
    await bench.drive('the server is known', async () => (await host()).status?.providerID !== undefined);
    expect(bench.creates).to.have.length(1);
    expect(bench.world.hosts()).to.have.length(1);
    expect((await bench.context.gate.read()).entries[spec.hostID]?.state).to.equal('Alive');
  });

  it('asks again, in a later pass, when an open outcome proves to be none', async () => {
    bench.faults = [new ClassifiedError('OutcomeUnknown', 'the answer was lost')];
    await start();
    await untilAsked();
    await passes('Host', 3);
    expect(bench.creates, 'in the second of the first call').to.have.length(1);
    await bench.drive('a server', async () => bench.world.hosts().length === 1);
    expect(bench.creates).to.have.length(2);
    expect((await host()).status?.createAttempts).to.equal(2);
  });

  it('stores its intent before it asks: a conflict there means no call at all', async () => {
    const { store } = bench;
    const real = store.updateStatus.bind(store);
    const wrapped = { ...store, updateStatus: (async (kind: never, object: KamalHost) => {
      if (object.status?.createAttempts !== undefined) throw new ClassifiedError('Conflict', 'somebody else wrote');
      return real(kind, object as never);
    }) as typeof store.updateStatus };
    const stale = { ...bench.context, store: wrapped };
    await start();
    await passes('Host', 2);
    const { reconcileHost } = await import('../../../controller/reconcile/host.ts');
    for (let pass = 0; pass < 3; pass += 1) await reconcileHost(stale, keyOf(await host())).then(() => 'ended', (error: ClassifiedError) => expect(error.class).to.equal('Conflict'));
    expect(bench.creates).to.have.length(0);
  });

  it('does not ask as one who no longer leads', async () => {
    bench = createBench({ leadership: { isLeader: () => false, onChange: () => undefined } });
    await start();
    await passes('Host', 5);
    expect(bench.creates).to.have.length(0);
  });

  it('is refused by the gate, with what would lift it', async () => {
    bench = createBench();
    bench.context.gate = createPurchaseGate(bench.store, bench.clock, { ceilings: { Local: 0 }, budgets: {} });
    const { spec } = await start();
    await passes('Host', 4);
    expect(bench.creates).to.have.length(0);
    const { status } = await host();
    expect(status?.failure).to.include({ class: 'Quota', message: "server 1 at Local would exceed the installation's ceiling of 0: raise the ceiling, or wait for a host to leave" });
    expect(secondsToNext(status)).to.equal(5);
    expect((await bench.context.gate.read()).entries[spec.hostID]).to.equal(undefined);
    expect(await bench.context.meters.registry.metrics()).to.include('kamal_autoscaler_refused_purchases_total{pool="default/web",reason="ProviderCeiling"} 1');
  });

  it('is refused for a provider that is not set up', async () => {
    bench.context.providers = {};
    await start();
    await passes('Host', 4);
    const { status } = await host();
    expect(status?.failure).to.include({ class: 'Invalid', message: 'provider Local of placement near is not set up in this installation; provider Local of placement far is not set up in this installation' });
    expect(secondsToNext(status)).to.equal(30);
  });
});
