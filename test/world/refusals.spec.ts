import { expect } from 'chai';
import type { HostPool } from '../../controller/api/index.ts';
import { pushApp } from '../support/real-hosts/images.ts';
import { realSuite, rootOnLinux } from '../support/real/gate.ts';
import { placement, poolDocument } from '../support/real-world/documents.ts';
import { BRING_UP, untilAlone, untilInService, untilServed } from '../support/real-world/fleet.ts';
import { type Stream, expectFailures, expectNoneFailed, startRequests } from '../support/real-world/load.ts';
import type { Service } from '../support/real-world/service.ts';
import { CLUSTER_PARTS, type World, startRealWorld } from '../support/real-world/world.ts';

/** An image whose machines make SSH host keys of their own. */
const OWN_KEYS = 'own-host-keys';

/** What an operator reads in `kubectl describe` when something refuses, on real hosts and a real kube-apiserver. */
realSuite('what a person reads when something refuses', CLUSTER_PARTS, function () {
  this.timeout(300_000);
  let world: World;
  let shop: Service;
  let load: Stream;

  before(async () => {
    world = await startRealWorld({ mode: 'Cluster', services: [{ service: 'shop', ownHosts: ['one'], deployTimeout: 5 }], images: { [OWN_KEYS]: [] } });
    world.estate.rack.keepOwnHostKeys(OWN_KEYS);
    console.log(`    with ${world.kamal.which}`);
    shop = world.service('shop');
    await world.apply(document());
    await untilServed(world, 'shop', shop.hostname, 1);
  });
  beforeEach(() => {
    load = startRequests(world.traefik.url, shop.hostname, 10);
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

  /** Waits until the description of the pool, or of any host, says all of this. */
  async function untilTold(kind: 'hostpool' | 'kamalhost', ...words: readonly (string | RegExp)[]): Promise<string> {
    return await world.until(`${kind} tells ${words.join(' and ')}`, async () => {
      const names = kind === 'hostpool' ? ['shop'] : (await world.hosts('shop')).map(({ metadata }) => metadata.name);
      const texts = await Promise.all(names.map((name) => world.describe(kind, name)));
      return texts.find((text) => words.every((word) => (typeof word === 'string' ? text.includes(word) : word.test(text))));
    }, BRING_UP);
  }
  const bought = (): number => world.cloud.calls.filter(({ method, template, status }) => method === 'POST' && template === '/servers' && status === 201).length;

  async function backToOne(): Promise<void> {
    await world.scale('shop', 1);
    await untilAlone(world, 'shop');
  }

  it('an image that cannot be pulled', async () => {
    const { registry } = world.estate;
    await registry.forget(shop.image, 'v1');
    await world.scale('shop', 2);
    await untilTold('kamalhost', /manifest .*not found|manifest unknown/i, 'Failing');
    await pushApp(registry, { repository: shop.image, version: 'v1', service: 'shop' });
    await untilInService(world, 'shop', 1);
    await backToOne();
    await expectNoneFailed(load);
  });

  it('an application that never gets healthy: told, and not bought for in a loop', async () => {
    const { registry } = world.estate;
    await pushApp(registry, { repository: shop.image, version: 'v1', service: 'shop', env: { HEALTH: 'failing' } });
    const before_ = bought();
    await world.scale('shop', 2);
    await untilTold('hostpool', /failed to become healthy|never got healthy|not healthy/i);
    await pushApp(registry, { repository: shop.image, version: 'v1', service: 'shop' });
    await untilInService(world, 'shop', 1);
    expect(bought() - before_, 'servers bought').to.be.within(1, 4);
    await backToOne();
    await expectNoneFailed(load);
  });

  it('a newcomer that shows another host key than it was given: nothing is done on it', async () => {
    await world.apply(document({ placements: [placement({ image: OWN_KEYS })], limits: { ...document().spec.limits, startTimeoutSeconds: 25, maxStartTimeoutSeconds: 25 } as HostPool['spec']['limits'] }));
    await world.scale('shop', 2);
    await untilTold('kamalhost', 'HostKeyVerified', 'HostKeyMismatch', /SHA256:/);
    const [host] = await world.hosts('shop');
    const machine = world.estate.rack.host(host!.status!.address!);
    expect(await machine.run('docker', ['ps', '--all', '--quiet']), 'containers').to.equal('');
    expect(await machine.run('sh', ['-c', 'ls -A /root/.docker /root/.kamal 2>/dev/null || true']), 'what a deploy leaves').to.equal('');
    await untilTold('hostpool', 'StartFailed', /did not come into service \(HostKey\)/);
    await world.apply(document());
    await untilInService(world, 'shop', 1);
    await backToOne();
    await expectNoneFailed(load);
  });

  it('a host in service that shows another host key after a reboot', async () => {
    await world.scale('shop', 2);
    const [host] = await untilInService(world, 'shop', 1);
    const machine = world.estate.rack.host(host!.status!.address!);
    await machine.run('sh', ['-c', "rm /etc/ssh/ssh_host_*; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key"]);
    await machine.reboot();
    const text = await untilTold('kamalhost', 'HostKeyVerified', 'HostKeyMismatch');
    expect(text).to.include('kubectl annotate kamalhost');
    await world.plane!.kubectl(['delete', 'kamalhost', host!.metadata.name, '-n', 'default', '--wait=false']);
    await backToOne();
    await expectFailures(10, load);
  });

  it('no capacity in the first placement: the next one, and the pool says so', async () => {
    world.cloud.project.setCapacity('cpx21', 'nbg1', 0);
    await world.apply(document({ placements: [placement(), placement({ location: 'fsn1' }, 'fsn1')] }));
    await world.scale('shop', 2);
    const [host] = await untilInService(world, 'shop', 1);
    expect(host!.status?.placement).to.equal('fsn1');
    await untilTold('kamalhost', 'CreateFailed', /nbg1: .*(capacity|placement)/i);
    world.cloud.project.setCapacity('cpx21', 'nbg1', Infinity);
    await backToOne();
    await expectNoneFailed(load);
  });

  it('a quota: as many as it allows, the reason, and who lifts it', async () => {
    world.cloud.project.setMaxServers(1);
    await world.scale('shop', 3);
    await untilTold('hostpool', /quota|server limit/i);
    expect(world.cloud.project.servers.size).to.equal(1);
    world.cloud.project.setMaxServers(Infinity);
    await backToOne();
    await expectNoneFailed(load);
  });
}, [rootOnLinux]);
