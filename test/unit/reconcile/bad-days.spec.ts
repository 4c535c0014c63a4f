import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { keyOf } from '../../../controller/api/index.ts';
import { createLocalProvider } from '../../../controller/act/cloud/local/provider.ts';
import { createLocalDeployer } from '../../../controller/act/deploy/local.ts';
import { ClassifiedError, isClass, seconds } from '../../../controller/model/index.ts';
import type { Context, WorkKey } from '../../../controller/reconcile/context.ts';
import { reconcile } from '../../../controller/reconcile/dispatch.ts';
import { type SqliteStore, openSqliteStore } from '../../../controller/runtime/store/sqlite-store.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import { contextOf } from '../../support/context.ts';
import { poolDraft } from '../../support/drafts.ts';
import { createMemoryWorld } from '../../support/memory-world.ts';
import { type Bench, START, WEB, createBench } from './bench.ts';

const LOCAL = { name: 'here', provider: 'Local', local: { bootMilliseconds: 1000 } };
const specOf = (replicas: number, { address, ports }: { address: string; ports: object }): object =>
  ({ replicas, fixedHosts: [{ name: 'primary', address, ports }], placements: [LOCAL], health: { intervalSeconds: 1 }, drain: { timeoutSeconds: 2 } });

/** A controller over a file that a test may copy and put back. */
describe('a store that was restored from before two scale-outs', () => {
  let folder: string;
  let store: SqliteStore | undefined;
  const clock = createSimulatedClock(START);
  const world = createMemoryWorld({ clock });
  const file = (name: string): string => join(folder, name);
  let made = 0;
  const newID = (): string => `id${(made += 1).toString().padStart(8, '0')}`;

  before(() => { folder = mkdtempSync(join(tmpdir(), 'restored-')); });
  after(() => {
    store?.close();
    rmSync(folder, { recursive: true });
  });

  function open(): Context {
    store = openSqliteStore({ path: file('store.db'), clock, ids: newID });
    const provider = createLocalProvider({ table: world.table, clock, newID });
    return contextOf({
      clock, newID, store, documents: store, providers: { Local: provider }, deployer: createLocalDeployer({ control: world.control, clock, firstVersion: 'v1' }),
      loadBalancer: world.loadBalancer, probe: world.probe,
    });
  }
  async function drive(context: Context, until: () => Promise<boolean> | boolean, what: string): Promise<void> {
    for (let round = 0; round < 200; round += 1) {
      if (await until()) return;
      const hosts = await context.store.list('KamalHost');
      const keys: WorkKey[] = [{ kind: 'Pool', key: WEB }, ...hosts.map((host): WorkKey => ({ kind: 'Host', key: keyOf(host) })), { kind: 'Membership' }, { kind: 'Orphans' }];
      for (const key of keys) {
        await reconcile(context, key).catch((error: unknown) => {
          if (!isClass(error, 'Conflict', 'NotFound')) throw error;
        });
      }
      await clock.advance(500);
    }
    throw new Error(`never: ${what}`);
  }
  const serving = async (context: Context): Promise<number | undefined> => (await context.store.get('HostPool', WEB))?.status?.readyReplicas;

  it('adopts what serves, sweeps nothing, and buys nothing for it', async () => {
    let context = open();
    await context.store.create('HostPool', poolDraft('default', 'web', specOf(2, world.addFixedHost('primary', 'v1')) as never));
    await drive(context, async () => await serving(context) === 2, 'two serve');
    store?.close();
    copyFileSync(file('store.db'), file('yesterday.db'));
    context = open();
    for (const replicas of [4, 6]) {
      await context.store.scale(WEB, replicas);
      await drive(context, async () => await serving(context) === replicas, `${replicas} serve`);
    }
    const before = world.hosts().map(({ order }) => order.id).sort();
    store?.close();
    for (const suffix of ['-wal', '-shm']) rmSync(file(`store.db${suffix}`), { force: true });
    copyFileSync(file('yesterday.db'), file('store.db'));

    context = open();
    await drive(context, async () => await serving(context) === 6, 'all are adopted');
    const soon = clock.now() + seconds(60);
    await drive(context, () => clock.now() >= soon, 'a minute passes');
    expect((await context.store.get('HostPool', WEB))?.spec.replicas, 'the number of yesterday').to.equal(2);
    expect((await context.store.list('KamalHost')).map(({ spec }) => spec.intent)).to.deep.equal(Array.from({ length: 5 }, () => 'Serve'));
    await context.store.scale(WEB, 6);
    const end = clock.now() + seconds(700);
    await clock.advance(640_000);
    await drive(context, () => clock.now() >= end, 'the grace of the sweep is over');
    expect(world.hosts().map(({ order }) => order.id).sort()).to.deep.equal(before);
    expect(world.dropped).to.deep.equal([]);
    const members = world.served()?.pools.flatMap((pool) => pool.members) ?? [];
    expect(members).to.have.length(6);
  });
});

describe('on a bad day', () => {
  let bench: Bench;
  beforeEach(() => { bench = createBench(); });

  async function serving(replicas: number): Promise<void> {
    await bench.put('HostPool', poolDraft('default', 'web', specOf(replicas, bench.world.addFixedHost('primary', 'v1')) as never));
    await bench.drive('all serve', async () => (await bench.pool()).status?.readyReplicas === replicas);
  }
  const full = (): Promise<never> => Promise.reject(new ClassifiedError('Unavailable', 'store /var/lib/store.db: database or disk is full'));

  it('a store that takes no writes: no server is bought without its intent, and what serves goes on', async () => {
    await serving(2);
    await bench.store.scale(WEB, 3);
    await bench.pass('Pool', WEB);
    const host = (await bench.hosts()).find(({ status }) => status?.phase === undefined)!;
    for (let pass = 0; pass < 2; pass += 1) await bench.pass('Host', keyOf(host));
    const { store, documents } = bench.context;
    bench.context.store = { ...store, create: full, update: full, updateStatus: full, delete: full };
    await bench.pass('Host', keyOf(host)).catch(() => undefined);
    expect(bench.creates).to.have.length(1);
    // A ledger that cannot be written holds the purchase back as well.
    bench.context.store = store;
    const gate = bench.context.gate;
    bench.context.gate = { ...gate, reserve: full };
    await bench.pass('Host', keyOf(host)).catch(() => undefined);
    expect(bench.creates).to.have.length(1);
    expect(bench.world.served()?.pools[0]?.members).to.have.length(2);
    Object.assign(bench.context, { store, documents, gate });
    await bench.drive('it is bought once there is room', async () => (await bench.pool()).status?.readyReplicas === 3);
    expect(bench.creates).to.have.length(2);
    expect(bench.world.dropped).to.deep.equal([]);
  });

  for (const [title, step] of [['ahead', 3600], ['back', -3600]] as const) {
    it(`a clock that steps an hour ${title}: nothing that serves leaves, and nothing is bought`, async () => {
      await serving(3);
      const before = (await bench.hosts()).map(({ spec }) => spec.hostID);
      const { clock } = bench.context;
      const stepped = { ...clock, now: () => clock.now() + seconds(step) };
      bench.context.clock = stepped;
      const end = bench.clock.now() + seconds(60);
      await bench.drive('time passes', async () => bench.clock.now() >= end);
      expect((await bench.hosts()).map(({ spec, status }) => [spec.hostID, spec.intent, status?.phase])).to.deep.equal(before.map((id) => [id, 'Serve', 'InService']));
      expect(bench.creates).to.have.length(2);
      expect(bench.world.served()?.pools[0]?.members).to.have.length(3);
      expect(bench.world.dropped).to.deep.equal([]);
    });
  }

  it('a cloud that lists no server and refuses every call: what serves goes on, and the pool says so', async () => {
    await serving(3);
    await bench.store.scale(WEB, 4);
    const local = bench.context.providers.Local!;
    const revoked = (): Promise<never> => Promise.reject(new ClassifiedError('Unauthorized', 'the token was revoked'));
    bench.context.providers.Local = { ...local, list: revoked, create: revoked, find: revoked, delete: revoked };
    Object.assign(local, { list: revoked, create: revoked, find: revoked, delete: revoked });
    await bench.clock.advance(5000);
    await bench.drive('it is told', async () => (await bench.pool()).status?.state === 'Stuck');
    expect((await bench.pool()).status?.reason).to.include('the token was revoked');
    expect(bench.world.served()?.pools[0]?.members).to.have.length(3);
    expect((await bench.hosts()).filter(({ status }) => status?.phase === 'InService')).to.have.length(2);
  });
});
