import { expect } from 'chai';
import type { HostPool, KamalHost } from '../../controller/api/index.ts';
import type { Phase } from '../../controller/model/index.ts';
import { realSuite, rootOnLinux } from '../support/real/gate.ts';
import { poolDocument } from '../support/real-world/documents.ts';
import { BRING_UP, expectCloudMatches, members, untilAlone, untilInService, untilServed, watchForOrphans } from '../support/real-world/fleet.ts';
import { type Stream, expectFailures, expectNoneFailed, startRequests } from '../support/real-world/load.ts';
import type { Service } from '../support/real-world/service.ts';
import { STANDALONE_PARTS, type World, startRealWorld } from '../support/real-world/world.ts';

const RATE = 15;
/** What a host that dies has in flight, and what is sent to it until Traefik knows. */
const LOST_WITH_A_HOST = 10;

realSuite('real hosts that fail, and a controller that is killed', STANDALONE_PARTS, function () {
  this.timeout(400_000);
  let world: World;
  let shop: Service;
  let load: Stream;

  before(async () => {
    world = await startRealWorld({ mode: 'Standalone', services: [{ service: 'shop', ownHosts: ['one', 'two'] }] });
    console.log(`    with ${world.kamal.which}`);
    shop = world.service('shop');
    await world.apply(document());
    await untilServed(world, 'shop', shop.hostname, 2);
  });
  beforeEach(() => {
    load = startRequests(world.traefik.url, shop.hostname, RATE);
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.error(await world.situation());
    await load.end();
  });
  after(async () => {
    await world?.[Symbol.asyncDispose]();
  });

  const document = (change: Partial<HostPool['spec']> = {}): ReturnType<typeof poolDocument> =>
    poolDocument({ service: 'shop', hostname: shop.hostname, ownHosts: shop.ownHosts, apiURL: world.traefik.apiUrl }, change);
  const addressOf = ({ status }: KamalHost): string => status?.address ?? '';

  describe('a host in service', () => {
    let hosts: KamalHost[];

    before(async () => {
      await world.apply(document({ limits: { ...document().spec.limits, maxSurge: 2 } }));
      await world.scale('shop', 4);
      hosts = await untilInService(world, 'shop', 2);
    });

    it('that loses its network, and one whose Docker stops, leave the load balancer and are replaced', async () => {
      const [lost, dead] = hosts.map((host) => world.estate.rack.host(addressOf(host)));
      await Promise.all([lost!.cutNetwork(), dead!.stopDocker()]);
      await world.until('neither is a member', async () => {
        const listed = await members(world, 'shop');
        return hosts.every((host) => listed.get(addressOf(host)) !== 'UP');
      }, BRING_UP);
      const before_ = new Set(hosts.map(({ spec }) => spec.hostID));
      await world.until('two others in their place', async () => {
        const now = await world.hosts('shop');
        return now.length === 2 && now.every(({ spec, status }) => !before_.has(spec.hostID) && status?.phase === 'InService');
      }, { ...BRING_UP, deadlineMs: 240_000 });
      await expectCloudMatches(world);
      await expectFailures(2 * LOST_WITH_A_HOST, load);
    });

    it('leave at the end without a lost request', async () => {
      await world.scale('shop', 2);
      await untilAlone(world, 'shop');
      await expectNoneFailed(load);
    });
  });

  it('a host whose disk is full is replaced, and says why', async () => {
    await world.scale('shop', 3);
    const [host] = await world.until('a machine to deploy to', async () => {
      const machines = (await world.hosts('shop')).filter(({ status }) => status?.phase === 'Deploying');
      return machines.length > 0 && machines;
    }, { everyMs: 20, deadlineMs: 60_000 });
    await world.estate.rack.host(addressOf(host!)).fillDisk();
    const told = await world.until('the reason', async () => {
      const now = (await world.hosts('shop')).find(({ metadata }) => metadata.name === host!.metadata.name);
      return now?.status?.failure?.message;
    }, BRING_UP);
    expect(told).to.match(/no space left on device/);
    const [other] = await world.until('another in its place', async () => {
      const now = await world.hosts('shop');
      return now.length === 1 && now[0]!.spec.hostID !== host!.spec.hostID && now[0]!.status?.phase === 'InService' && now;
    }, BRING_UP);
    expect(await shop.versionAt(addressOf(other!))).to.equal('v1');
    await world.scale('shop', 2);
    await untilAlone(world, 'shop');
    await expectNoneFailed(load);
  });

  it('without the primary members go on serving; what waits for it says so, and goes on when it is back', async () => {
    const primary = shop.ownHosts[0]!;
    await primary.host.powerOff();
    await world.scale('shop', 3);
    const message = await world.until('the condition', async () => {
      const { status } = await world.pool('shop');
      const condition = status?.conditions?.find(({ type }) => type === 'DeployLockAvailable');
      return condition?.status === 'Unknown' && condition.message;
    }, BRING_UP);
    expect(message).to.include('What serves goes on serving').and.to.match(/kamal lock status/);
    expect((await members(world, 'shop')).get(shop.ownHosts[1]!.address)).to.equal('UP');
    await primary.host.powerOn();
    await untilInService(world, 'shop', 1);
    await world.scale('shop', 2);
    await untilAlone(world, 'shop');
    await expectFailures(LOST_WITH_A_HOST, load);
  });

  describe('a controller that is killed', () => {
    it('in each phase of a bring-up, and in the drain, goes on where it was: one server, and nobody notices', async () => {
      const orphans = watchForOrphans(world);
      const before_ = orders();
      await world.scale('shop', 3);
      for (const phase of ['Provisioning', 'Bootstrapping', 'Deploying', 'Joining'] as const) await killAt(phase);
      await untilInService(world, 'shop', 1);
      await expectCloudMatches(world);
      expect(orders() - before_, 'servers bought').to.equal(1);
      await world.scale('shop', 2);
      await killAt('Draining');
      await untilAlone(world, 'shop');
      expect(await orphans.stop(), 'servers without a KamalHost').to.deep.equal([]);
      await expectNoneFailed(load);
    });

    const orders = (): number => world.cloud.calls.filter(({ method, template, status }) => method === 'POST' && template === '/servers' && status === 201).length;

    async function killAt(phase: Phase): Promise<void> {
      await world.until(`a host ${phase}`, async () => (await world.hosts('shop')).some(({ status }) => status?.phase === phase), { everyMs: 10, deadlineMs: 120_000 });
      world.controller.process.signal('SIGKILL');
      await world.controller.process.halt();
      await world.controller.process.start();
    }
  });
}, [rootOnLinux]);
