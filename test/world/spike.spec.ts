import { expect } from 'chai';
import { realSuite, rootOnLinux } from '../support/real/gate.ts';
import { policyDocument, poolDocument } from '../support/real-world/documents.ts';
import { BRING_UP, expectCloudMatches, members, untilAlone, untilInService, untilServed, watchForOrphans } from '../support/real-world/fleet.ts';
import { type Stream, expectNoneFailed, startLongRequests, startRequests } from '../support/real-world/load.ts';
import type { Service } from '../support/real-world/service.ts';
import { CLUSTER_PARTS, type World, startRealWorld } from '../support/real-world/world.ts';

const CALM = 20;
const SPIKE = 110;
const PER_HOST = 30;
/** (20 + 110) / 30, rounded up, less the two own hosts. */
const BOUGHT = 3;
const followed = { metrics: [{ name: 'rps', target: PER_HOST, windowSeconds: 5 }] } as Parameters<typeof policyDocument>[1];

realSuite('a spike on real hosts, bought from Hetzner Cloud and brought up by Kamal', CLUSTER_PARTS, function () {
  this.timeout(400_000);
  let world: World;
  let shop: Service;
  let calm: Stream;

  before(async () => {
    world = await startRealWorld({ mode: 'Cluster', services: [{ service: 'shop', ownHosts: ['one', 'two'], versions: ['v1', 'v2'] }] });
    console.log(`    with ${world.kamal.which}`);
    shop = world.service('shop');
    await world.apply(poolDocument({ service: 'shop', hostname: shop.hostname, ownHosts: shop.ownHosts, apiURL: world.traefik.apiUrl }));
    await untilServed(world, 'shop', shop.hostname, 2);
  });
  beforeEach(() => {
    calm = startRequests(world.traefik.url, shop.hostname, CALM);
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.error(await world.situation());
    await calm.end();
  });
  after(async () => {
    await world?.[Symbol.asyncDispose]();
  });

  it('is bought, booted, deployed and joined for, and drained and deleted after, without a failed request', async () => {
    const orphans = watchForOrphans(world);
    await world.apply(policyDocument('shop', { ...followed, maxHosts: 2 + BOUGHT }));
    const spike = startRequests(world.traefik.url, shop.hostname, SPIKE);
    const hosts = await untilInService(world, 'shop', BOUGHT);
    await expectCloudMatches(world);
    const addresses = hosts.map(({ status }) => status?.address ?? '');
    expect(await Promise.all(addresses.map((address) => shop.versionAt(address)))).to.deep.equal(addresses.map(() => 'v1'));
    expect([...(await members(world, 'shop')).keys()]).to.include.members(addresses);

    const long = startLongRequests(world.traefik.url, shop.hostname, 2);
    await world.until('long requests on the bought hosts', () => long.seconds() > 7);
    const sent = await expectNoneFailed(spike);
    // Hetzner charges started hours, so hosts would serve until theirs ends; a person who wants them gone lowers the maximum.
    await world.until('hosts that are kept for their paid hour', async () => (await world.policy('shop')).status?.reason?.includes('paid hour'), BRING_UP);
    await world.apply(policyDocument('shop', { ...followed, maxHosts: 2 }));
    await untilAlone(world, 'shop');
    const longSent = await expectNoneFailed(long);
    expect(await orphans.stop(), 'servers without a KamalHost').to.deep.equal([]);
    console.log(`      ${sent} requests of the spike, ${longSent} of six seconds, none failed`);
    await expectNoneFailed(calm);
  });

  it('a host that was down leaves, and comes back only as a newcomer would: never with the version of before', async () => {
    await world.plane!.kubectl(['delete', 'scalingpolicy', 'shop', '-n', 'default']);
    await world.apply(poolDocument({ service: 'shop', hostname: shop.hostname, ownHosts: shop.ownHosts, apiURL: world.traefik.apiUrl }, { health: { path: '/up', hostname: shop.hostname, intervalSeconds: 1, timeoutSeconds: 1, unhealthyAfterSeconds: 600 } }));
    await world.scale('shop', 3);
    const [host] = await untilInService(world, 'shop', 1);
    const address = host!.status!.address!;
    const machine = world.estate.rack.host(address);
    await machine.powerOff();
    await world.until('the lost host to leave', async () => !(await members(world, 'shop')).has(address), BRING_UP);

    const deployed = await shop.project.kamal(['deploy', '-P', `--hosts=${shop.ownHosts.map((own) => own.address).join(',')}`, '--version=v2']);
    expect(deployed.status, deployed.stdout).to.equal(0);
    const versions = new Set<string>();
    await machine.powerOn();
    await world.until('the application of before, by itself', async () => (await shop.versionAt(address)) === 'v1');
    await world.until('the host among the members again', async () => {
      const isMember = (await members(world, 'shop')).has(address);
      const version = await shop.versionAt(address);
      if (isMember && version !== undefined) versions.add(version);
      return isMember;
    }, { ...BRING_UP, everyMs: 50 });
    await untilInService(world, 'shop', 1);
    expect([...versions]).to.deep.equal(['v2']);
  });

  it('a reboot too quick to be seen down is noticed, and the host is looked at anew', async () => {
    const [host] = await untilInService(world, 'shop', 1);
    const machine = world.estate.rack.host(host!.status!.address!);
    await machine.reboot();
    await world.until('the new boot in the status', async () => {
      const { bootID } = (await world.hosts('shop'))[0]?.status ?? {};
      return bootID !== host!.status?.bootID && bootID === (await machine.run('cat', ['/proc/sys/kernel/random/boot_id'])).trim();
    }, BRING_UP);
    await untilInService(world, 'shop', 1);
    expect(await shop.versionAt(host!.status!.address!)).to.equal('v2');
    await world.scale('shop', 2);
    await untilAlone(world, 'shop');
  });
}, [rootOnLinux]);
