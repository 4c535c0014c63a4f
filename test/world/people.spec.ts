import { expect } from 'chai';
import type { Phase } from '../../controller/model/index.ts';
import { realSuite, rootOnLinux } from '../support/real/gate.ts';
import { poolDocument } from '../support/real-world/documents.ts';
import { BRING_UP, expectCloudMatches, members, untilAlone, untilInService, untilServed } from '../support/real-world/fleet.ts';
import { type Stream, expectNoneFailed, startRequests } from '../support/real-world/load.ts';
import { type Person, personOf } from '../support/real-world/person.ts';
import type { Service } from '../support/real-world/service.ts';
import { STANDALONE_PARTS, type World, startRealWorld } from '../support/real-world/world.ts';

const VERSIONS = ['v1', 'v2', 'v3', 'v4', 'v5', 'v6'];

/** Deploys and a rollback by hand, each right when it is least convenient, and under load. */
realSuite('a person who deploys while hosts come and go', STANDALONE_PARTS, function () {
  this.timeout(300_000);
  let world: World;
  let shop: Service;
  let person: Person;
  let load: Stream;

  before(async () => {
    world = await startRealWorld({ mode: 'Standalone', services: [{ service: 'shop', ownHosts: ['one', 'two'], versions: VERSIONS }] });
    console.log(`    with ${world.kamal.which}`);
    shop = world.service('shop');
    person = await personOf(world, shop);
    await world.apply(poolDocument({ service: 'shop', hostname: shop.hostname, ownHosts: shop.ownHosts, apiURL: world.traefik.apiUrl }));
    await untilServed(world, 'shop', shop.hostname, 2);
  });
  beforeEach(() => {
    load = startRequests(world.traefik.url, shop.hostname, 15);
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.error(await world.situation());
    await load.end();
  });
  after(async () => {
    await world?.[Symbol.asyncDispose]();
  });

  /** Looks often: some phases last a second. */
  async function untilPhase(phase: Phase): Promise<void> {
    await world.until(`a host ${phase}`, async () => (await world.hosts('shop')).some(({ status }) => status?.phase === phase), { everyMs: 10, deadlineMs: 120_000 });
  }

  async function versions(): Promise<(string | undefined)[]> {
    const bought = (await world.hosts('shop')).map(({ status }) => status?.address ?? '');
    return await Promise.all([...shop.ownHosts.map(({ address }) => address), ...bought].map((address) => shop.versionAt(address)));
  }

  /** Every host serves this version, as members do; it may take a mending deploy of the controller's. */
  async function untilAllRun(version: string, bought: number): Promise<void> {
    await untilInService(world, 'shop', bought);
    await world.until(`all run ${version}`, async () => {
      const all = await versions();
      return all.length === 2 + bought && all.every((one) => one === version);
    }, BRING_UP);
    await untilInService(world, 'shop', bought);
    expect((await members(world, 'shop')).size).to.equal(2 + bought);
  }

  async function backToOwn(): Promise<void> {
    await world.scale('shop', 2);
    await untilAlone(world, 'shop');
  }

  it('while a server boots: it comes up with the version that was deployed meanwhile', async () => {
    await world.scale('shop', 3);
    await untilPhase('Bootstrapping');
    await person.deploy('v2');
    await untilAllRun('v2', 1);
    await backToOwn();
    await expectNoneFailed(load);
  });

  it('while Kamal brings a newcomer up: the deploy waits for the lock or is refused, and the newcomer is mended', async () => {
    await world.scale('shop', 3);
    await untilPhase('Deploying');
    await world.until('the lock in the controller\'s hand', async () => (await world.store.list('DeploySession', { from: 'Fresh' })).some(({ status }) => status?.phase === 'Held'), { everyMs: 10, deadlineMs: 60_000 });
    const impatient = await person.kamal('deploy', '-P', '--version=v3');
    expect(impatient.status, impatient.stdout).to.not.equal(0);
    expect(impatient.stdout).to.match(/LockError|Deploy lock found/);
    await person.deploy('v3');
    await untilAllRun('v3', 1);
    await expectNoneFailed(load);
  });

  it('while a newcomer joins, and another host serves', async () => {
    await world.scale('shop', 4);
    await untilPhase('Joining');
    await person.deploy('v4');
    await untilAllRun('v4', 2);
    await expectNoneFailed(load);
  });

  it('while a host drains, with an inventory from before: the host still goes, and only it', async () => {
    await person.readInventory();
    await world.scale('shop', 3);
    await untilPhase('Draining');
    const { status, stdout } = await person.kamal('deploy', '-P', '--version=v5', '--lock-wait', '--lock-wait-timeout=90', '--lock-wait-interval=2');
    await untilInService(world, 'shop', 1);
    await expectCloudMatches(world);
    // A host that is gone by the time the lock is free fails the deploy before any version changes; the person reads the inventory and tries again.
    if (status !== 0) {
      expect(stdout).to.match(/ConnectionTimeout|ECONNREFUSED|EHOSTUNREACH|Net::SSH/);
      await person.deploy('v5');
    }
    await untilAllRun('v5', 1);
    await expectNoneFailed(load);
  });

  it('and rolls back fleet-wide: every host changes, for each has the version of before', async () => {
    await world.scale('shop', 4);
    await untilAllRun('v5', 2);
    await person.deploy('v6');
    await untilAllRun('v6', 2);
    await world.until('the pool ready for a rollback', async () => (await world.pool('shop')).status?.conditions?.some(({ type, status }) => type === 'RollbackReady' && status === 'True')
      && (await world.hosts('shop')).every(({ status }) => status?.conditions?.some((condition) => condition.type === 'RollbackReady' && condition.status === 'True')), BRING_UP);
    await person.readInventory();
    const { status, stdout } = await person.kamal('rollback', 'v5', '--version=v6');
    expect(status, stdout).to.equal(0);
    expect(await versions()).to.deep.equal(['v5', 'v5', 'v5', 'v5']);
    await untilAllRun('v5', 2);
    await backToOwn();
    await expectNoneFailed(load);
  });
}, [rootOnLinux]);
