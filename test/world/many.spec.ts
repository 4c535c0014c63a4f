import { expect } from 'chai';
import type { KamalHost } from '../../controller/api/index.ts';
import { realSuite, rootOnLinux } from '../support/real/gate.ts';
import { jobPoolDocument, poolDocument } from '../support/real-world/documents.ts';
import { BRING_UP, expectCloudMatches, members, untilAlone, untilInService, untilServed, watchForOrphans } from '../support/real-world/fleet.ts';
import { type Stream, expectNoneFailed, startRequests } from '../support/real-world/load.ts';
import type { Service } from '../support/real-world/service.ts';
import { STANDALONE_PARTS, type World, startRealWorld } from '../support/real-world/world.ts';

const TEN: typeof BRING_UP = { deadlineMs: 300_000, everyMs: 250 };

/** Two pools of one service, and a second service beside, all under load. */
realSuite('many real hosts at once', STANDALONE_PARTS, function () {
  this.timeout(600_000);
  let world: World;
  let shop: Service;
  let blog: Service;
  let streams: Stream[];

  before(async () => {
    world = await startRealWorld({ mode: 'Standalone', services: [{ service: 'shop', ownHosts: ['one'], jobHosts: ['job-one'] }, { service: 'blog', ownHosts: ['blog-one'] }] });
    console.log(`    with ${world.kamal.which}`);
    [shop, blog] = [world.service('shop'), world.service('blog')];
    for (const service of [shop, blog]) await world.apply(poolDocument(served(service), { maxReplicas: 12 }));
    await world.apply(jobPoolDocument(served(shop), shop.jobHosts, 'shop-jobs'));
    for (const service of [shop, blog]) await untilServed(world, service.name, service.hostname, 1);
  });
  beforeEach(() => {
    streams = [shop, blog].map(({ hostname }) => startRequests(world.traefik.url, hostname, 15));
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.error(await world.situation());
    await Promise.all(streams.map((stream) => stream.end()));
  });
  after(async () => {
    await world?.[Symbol.asyncDispose]();
  });

  const served = ({ name, hostname, ownHosts }: Service): Parameters<typeof poolDocument>[0] => ({ service: name, hostname, ownHosts, apiURL: world.traefik.apiUrl });
  const grown: Readonly<Record<string, number>> = { shop: 2, 'shop-jobs': 2, blog: 2 };

  it('ten come into service and leave again, and nobody notices', async () => {
    const orphans = watchForOrphans(world);
    const asked = performance.now();
    await world.scale('shop', 11);
    const hosts = await untilInService(world, 'shop', 10, TEN);
    console.log(`      ten hosts in service after ${Math.round((performance.now() - asked) / 1_000)} s`);
    await expectCloudMatches(world);
    const addresses = hosts.map(({ status }) => status?.address ?? '');
    expect(new Set(await Promise.all(addresses.map((address) => shop.versionAt(address))))).to.deep.equal(new Set(['v1']));
    expect((await members(world, 'shop')).size).to.equal(11);
    await world.scale('shop', 1);
    await untilAlone(world, 'shop');
    expect(await orphans.stop()).to.deep.equal([]);
    await expectNoneFailed(...streams);
  });

  it('two pools of one service and a second service beside grow at once, each service under its own lock', async () => {
    const pools = Object.keys(grown);
    await Promise.all(pools.map((pool) => world.scale(pool, 1 + grown[pool]!)));
    const [shops, jobs, blogs] = await Promise.all(pools.map((pool) => untilInService(world, pool, grown[pool]!, TEN)));
    const addressOf = ({ status }: KamalHost): string => status!.address!;
    expect(await Promise.all(shops!.map((host) => shop.versionAt(addressOf(host))))).to.deep.equal(['v1', 'v1']);
    expect(await Promise.all(blogs!.map((host) => blog.versionAt(addressOf(host))))).to.deep.equal(['v1', 'v1']);
    for (const host of jobs!) expect(await world.estate.rack.host(addressOf(host)).run('docker', ['ps', '--format', '{{.Names}}'])).to.include('shop-job-v1');
    await expectCloudMatches(world);
    await Promise.all(pools.map((pool) => world.scale(pool, 1)));
    for (const pool of pools) await untilInService(world, pool, 0);
    await expectCloudMatches(world);
    await expectNoneFailed(...streams);
  });
}, [rootOnLinux]);
