import { expect } from 'chai';
import { ADOPTED_ANNOTATION, HOST_FINALIZER } from '../../../controller/api/index.ts';
import { ClassifiedError, type Endpoint, type Inventory, type Membership, type Server } from '../../../controller/model/index.ts';
import { loadMarks } from '../../../controller/reconcile/orphans.ts';
import { MEMBERSHIP_DOCUMENT } from '../../../controller/reconcile/membership-document.ts';
import { LEDGER_DOCUMENT } from '../../../controller/reconcile/purchase-gate.ts';
import { hostDraft, poolDraft } from '../../support/drafts.ts';
import { refused } from '../../support/refused.ts';
import { type Bench, WEB, createBench } from './bench.ts';
import { POOL_NEEDS } from '../../support/pool-needs.ts';

const GRACE_SECONDS = 600;
const PLACEMENT = { name: 'here', provider: 'Local' as const, local: { bootMilliseconds: 1000 } };

describe('servers that no KamalHost owns', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = createBench();
    await bench.put('HostPool', poolDraft('default', 'web', { placements: [PLACEMENT] } as never));
  });

  async function buy(name: string, hostID = `id-of-${name}`): Promise<Server> {
    const server = await bench.context.providers.Local!.create({ name, placement: PLACEMENT, owner: { installation: 'test', pool: WEB, hostID }, pool: POOL_NEEDS });
    await bench.clock.advance(1000);
    return server;
  }
  /** As if this store had bought it and lost its KamalHost. */
  async function known(name: string): Promise<Server> {
    const server = await buy(name);
    await bench.context.gate.noteAlive(server.owner.hostID, WEB, server);
    return server;
  }
  const look = async (): Promise<void> => {
    bench.context.servers.forget('Local');
    await bench.pass('Orphans');
  };
  const there = (): string[] => bench.world.hosts().map(({ order }) => order.name);
  const adopted = async (): Promise<string[]> => (await bench.hosts()).map(({ metadata }) => metadata.name).sort();
  const endpointOf = (name: string): Endpoint => ({ address: '127.0.0.1', ports: bench.world.hosts().find(({ order }) => order.name === name)!.ports });

  it('are all adopted by an empty store, under their own names', async () => {
    const server = await buy('web-0-abc', 'id-of-zero');
    await buy('web-3-abc', 'id-of-three');
    await look();
    expect(await adopted()).to.deep.equal(['web-0-abc', 'web-3-abc']);
    const host = (await bench.hosts()).find(({ metadata }) => metadata.name === 'web-0-abc');
    expect(host?.spec).to.deep.include({ hostID: 'id-of-zero', slot: 0, intent: 'Serve', poolRef: { name: 'web' } });
    expect(host?.metadata).to.deep.include({ annotations: { [ADOPTED_ANNOTATION]: server.providerID }, finalizers: [HOST_FINALIZER] });
    expect((await bench.context.gate.read()).entries['id-of-zero']).to.include({ state: 'Alive' });
    expect(await bench.events('KamalHost', 'web-0-abc')).to.deep.equal([`Adopted: server ${server.providerID} carries this installation's labels and had no KamalHost`]);
    await look();
    expect(await adopted()).to.deep.equal(['web-0-abc', 'web-3-abc']);
  });

  it('get another name where theirs or their slot is taken, or their name is of another form', async () => {
    await bench.put('KamalHost', hostDraft('default', 'web-1-old', { slot: 1 }));
    await buy('web-1-abc', 'aaaaaaaaaa');
    await look();
    await buy('somebody', 'bbbbbbbbbb');
    await look();
    expect(await adopted()).to.deep.equal(['web-1-old', 'web-2-aaaaaaaa', 'web-3-bbbbbbbb']);
  });

  it('come into service when they are adopted, and none is bought for them', async () => {
    await buy('web-0-abc');
    await look();
    await bench.store.scale(WEB, 1);
    await bench.drive('the adopted host serves', async () => (await bench.pool()).status?.readyReplicas === 1);
    expect(bench.creates).to.have.length(1);
    expect(there()).to.deep.equal(['web-0-abc']);
  });

  it('are swept when this store bought them and they were idle for the grace period, and not before', async () => {
    const server = await known('web-0-abc');
    await look();
    await bench.clock.advance((GRACE_SECONDS - 1) * 1000);
    await look();
    expect(there()).to.deep.equal(['web-0-abc']);
    await bench.clock.advance(1000);
    await look();
    expect(there()).to.deep.equal([]);
    expect(await adopted()).to.deep.equal([]);
    expect((await bench.context.gate.read()).entries[server.owner.hostID]?.state).to.equal('Released');
  });

  it('begin their grace anew when they were owned or away in between', async () => {
    const server = await known('web-0-abc');
    await look();
    await bench.put('KamalHost', hostDraft('default', 'web-0', { hostID: server.owner.hostID }));
    await look();
    await bench.store.update('KamalHost', { ...(await bench.hosts())[0]!, metadata: { ...(await bench.hosts())[0]!.metadata, finalizers: [] } });
    await bench.store.delete('KamalHost', { namespace: 'default', name: 'web-0' });
    await bench.clock.advance(GRACE_SECONDS * 1000);
    await look();
    expect(there()).to.deep.equal(['web-0-abc']);
  });

  it('are looked at although another provider is away, which is told', async () => {
    const away = async (): Promise<never> => { throw new ClassifiedError('Unavailable', 'Hetzner gives no answer'); };
    bench.context.providers.Hetzner = { name: 'Hetzner', billing: 'Hour', settleSeconds: 0, list: away, find: away, create: away, delete: away };
    await buy('web-0-abc');
    await refused('Unavailable', look());
    expect(await adopted()).to.deep.equal(['web-0-abc']);
  });

  it('are swept two in a pass', async () => {
    for (const name of ['web-0-abc', 'web-1-abc', 'web-2-abc']) await known(name);
    await look();
    await bench.clock.advance(GRACE_SECONDS * 1000);
    await look();
    expect(there()).to.have.length(1);
    await look();
    expect(there()).to.have.length(0);
  });

  it('are swept two in a pass over all clouds together', async () => {
    for (const name of ['web-0-abc', 'web-1-abc']) await known(name);
    const deleted: string[] = [];
    const elsewhere = [3, 4].map((slot): Server => ({
      provider: 'Hetzner', placement: 'there', providerID: `hetzner:${slot}`, name: `web-${slot}-abc`, state: 'Running', owner: { installation: 'test', pool: WEB, hostID: `id-of-${slot}` }, createdAt: bench.clock.now(),
    }));
    const list = async () => ({ provider: 'Hetzner' as const, asOf: bench.clock.now(), servers: elsewhere });
    const none = async (): Promise<never> => { throw new Error('not asked here'); };
    bench.context.providers.Hetzner = { name: 'Hetzner', billing: 'Hour', settleSeconds: 0, list, find: none, create: none, delete: async ({ name }) => void deleted.push(name) };
    for (const server of elsewhere) await bench.context.gate.noteAlive(server.owner.hostID, WEB, server);
    const both = async (): Promise<void> => {
      bench.context.servers.forget('Hetzner');
      await look();
    };
    await both();
    await bench.clock.advance(GRACE_SECONDS * 1000);
    await both();
    expect(2 - there().length + deleted.length).to.equal(2);
  });

  it('that cannot be deleted keep no other from being swept or adopted', async () => {
    await known('web-0-abc');
    await known('web-1-abc');
    const local = bench.context.providers.Local!;
    bench.context.providers.Local = { ...local, delete: async (server) => {
      if (server.name === 'web-0-abc') throw new ClassifiedError('Forbidden', 'it is protected');
      return local.delete(server);
    } };
    await look();
    await bench.clock.advance(GRACE_SECONDS * 1000);
    await buy('web-5-abc');
    await refused('Forbidden', look());
    expect(there().sort()).to.deep.equal(['web-0-abc', 'web-5-abc']);
    expect(await adopted()).to.deep.equal(['web-5-abc']);
    bench.context.providers.Local = local;
    await look();
    expect(there(), 'its grace was not begun anew').to.deep.equal(['web-5-abc']);
  });

  it('that can never be deleted take no turn from those that can, however many they are', async () => {
    const names = ['web-0-abc', 'web-1-abc', 'web-2-abc'];
    for (const name of names) await known(name);
    const local = bench.context.providers.Local!;
    const tried: string[] = [];
    bench.context.providers.Local = { ...local, delete: async (server) => {
      if (tried.push(server.name) > 0 && server.name !== 'web-2-abc') throw new ClassifiedError('Forbidden', 'it is protected');
      return local.delete(server);
    } };
    await look();
    await bench.clock.advance(GRACE_SECONDS * 1000);
    await refused('Forbidden', look());
    expect(there()).to.deep.equal(names);
    await refused('Forbidden', look());
    expect(there()).to.deep.equal(names.slice(0, 2));
    await refused('Forbidden', look());
    expect(tried.slice(-2).sort(), 'asked again').to.deep.equal(names.slice(0, 2));
    expect((await loadMarks(bench.store, bench.clock.now())).marks['id-of-web-0-abc']?.refused?.why).to.equal('it is protected');
  });

  it('that got a KamalHost while they were looked at are not swept', async () => {
    const server = await known('web-0-abc');
    await look();
    await bench.clock.advance(GRACE_SECONDS * 1000);
    const { deployer } = bench.context;
    bench.context.deployer = { ...deployer, inspect: async (target, fleet) => {
      await bench.put('KamalHost', hostDraft('default', 'web-0', { hostID: server.owner.hostID }));
      return deployer.inspect(target, fleet);
    } };
    await look();
    expect(there()).to.deep.equal(['web-0-abc']);
  });

  it('are not swept by one who no longer leads', async () => {
    await known('web-0-abc');
    await look();
    await bench.clock.advance(GRACE_SECONDS * 1000);
    bench.context.leadership = { isLeader: () => false, onChange: () => undefined };
    await look();
    expect(there()).to.deep.equal(['web-0-abc']);
  });

  it('that were retained are never swept: the pool that is there again adopts them', async () => {
    const server = await known('web-0-abc');
    await bench.context.gate.noteRetained(server.owner.hostID);
    await look();
    expect(await adopted()).to.deep.equal(['web-0-abc']);
  });

  it('that were retained are adopted by the next process too, when the first one ends right before it makes their KamalHost', async () => {
    const server = await known('web-0-abc');
    await bench.context.gate.noteRetained(server.owner.hostID);
    const { store } = bench.context;
    bench.context.store = { ...store, create: async () => { throw new ClassifiedError('Unavailable', 'the process ends here'); } };
    await refused('Unavailable', look());
    bench.context.store = store;
    // Another store knows its host key.
    bench.context.deployer = { ...bench.context.deployer, inspect: async () => ({ machine: { kind: 'Mismatch', why: 'another key' }, app: { kind: 'Unknown' } }) };
    await look();
    expect(await adopted()).to.deep.equal(['web-0-abc']);
    expect((await bench.context.gate.read()).entries[server.owner.hostID]).to.include({ state: 'Alive' });
  });

  it('are left alone without their pool, and while it is paused or ends', async () => {
    await known('web-0-abc');
    const pool = await bench.pool();
    await bench.store.update('HostPool', { ...pool, metadata: { ...pool.metadata, finalizers: ['test/hold'] }, spec: { ...pool.spec, paused: true } });
    const seen = async (): Promise<void> => {
      await look();
      await bench.clock.advance(2 * GRACE_SECONDS * 1000);
      await look();
      expect([there(), await adopted()]).to.deep.equal([['web-0-abc'], []]);
    };
    await seen();
    await bench.store.delete('HostPool', WEB);
    await seen();
    const ending = await bench.pool();
    await bench.store.update('HostPool', { ...ending, metadata: { ...ending.metadata, finalizers: [] } });
    expect(await bench.store.get('HostPool', WEB)).to.equal(undefined);
    await seen();
  });

  describe('and serve', () => {
    it('are adopted as members of the document', async () => {
      await known('web-0-abc');
      const { address, ports } = endpointOf('web-0-abc');
      const entry = { pool: WEB, service: 'web', strategy: 'p2c', healthCheck: { path: '/up', intervalSeconds: 3, timeoutSeconds: 2 }, emptyWanted: false, members: [{ name: 'web-0-abc', address, port: ports.http, kind: 'Bought' }] };
      await bench.store.save(MEMBERSHIP_DOCUMENT, { generation: 1, pools: [entry] } as Membership, undefined);
      await look();
      expect(await adopted()).to.deep.equal(['web-0-abc']);
    });

    it('are adopted as hosts of the inventory', async () => {
      const server = await known('web-0-abc');
      await look();
      const inventory: Inventory = {
        generation: 1, changedAt: 0, checkedAt: 0, authorizedKeys: [],
        pools: [{ pool: WEB, service: 'shop', role: 'web', ssh: { user: 'root', port: 22 } as never, hosts: [{ name: 'web-0-abc', hostID: server.owner.hostID, address: '127.0.0.1' }] }],
      };
      await bench.store.save('inventory', inventory, (await bench.store.load('inventory'))?.version);
      await bench.clock.advance(GRACE_SECONDS * 1000);
      await look();
      expect(await adopted()).to.deep.equal(['web-0-abc']);
    });

    it('are adopted as running the app', async () => {
      await known('web-0-abc');
      const deployed = bench.world.control.deploy(endpointOf('web-0-abc'), { service: 'shop-web', version: 'v1', health: 'Answering', deployTimeoutSeconds: 30 });
      await bench.clock.advance(5000);
      await deployed;
      await look();
      expect(await adopted()).to.deep.equal(['web-0-abc']);
    });

    it('or may serve as nobody can tell, are left as they are for the grace period, and adopted then: their lifecycle finds out', async () => {
      await known('web-0-abc');
      bench.world.silentInstances.add('http://127.0.0.1:8080');
      await look();
      await bench.clock.advance((GRACE_SECONDS - 1) * 1000);
      await look();
      expect([there(), await adopted()]).to.deep.equal([['web-0-abc'], []]);
      await bench.clock.advance(1000);
      await look();
      expect([there(), await adopted()]).to.deep.equal([['web-0-abc'], ['web-0-abc']]);
    });
  });

  it('are left alone while the ledger cannot be read', async () => {
    await known('web-0-abc');
    const stored = await bench.store.load(LEDGER_DOCUMENT);
    await bench.store.save(LEDGER_DOCUMENT, { version: 9 }, stored?.version);
    await look().then(() => expect.fail('the pass went on'), (error: Error) => expect(error.message).to.include('the ledger document is not one of version 1'));
    expect([there(), await adopted()]).to.deep.equal([['web-0-abc'], []]);
  });
});
