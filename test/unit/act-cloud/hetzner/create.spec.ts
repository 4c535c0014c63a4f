import { expect } from 'chai';
import { SERVER_LABELS } from '../../../../controller/api/index.ts';
import type { Server } from '../../../../controller/model/index.ts';
import type { Placement } from '../../../../controller/ports/index.ts';
import { POOL_NEEDS } from '../../../support/pool-needs.ts';
import { refused } from '../../../support/refused.ts';
import { type HetznerWorld, NEAR, hetznerSuite, ownerOf, requestOf, startWorld } from './world.ts';

const placed = (change: Partial<NonNullable<Placement['hetzner']>>): Placement => ({ ...NEAR, hetzner: { ...NEAR.hetzner!, ...change } });

hetznerSuite('orders at Hetzner', () => {
  let world: HetznerWorld;
  beforeEach(async () => { world = await startWorld(); });
  afterEach(() => world.end());

  const ordered = (hostID: string) => [...world.sim.project.servers.values()].find(({ name }) => name === `web-${hostID}`);
  const listed = async (): Promise<Server[]> => (await world.provider.list('home')).servers;
  /** A create that waits for a time limit. */
  async function late(call: Promise<Server>): Promise<Server> {
    let over = false;
    const ended = call.finally(() => { over = true; });
    ended.catch(() => undefined);
    await world.until('the time limit', () => (over ? true : undefined));
    return ended;
  }

  it('carry everything that the placement says', async () => {
    const placement = placed({ networks: ['private'], firewalls: ['38'], placementGroup: 'spread', sshKeys: ['ops'], publicNetwork: 'IPv6', labels: { team: 'shop' }, image: '200000001' });
    await world.provider.create(requestOf('a', placement, { ...POOL_NEEDS, kamal: { service: 'shop', role: 'web', destination: 'production' } }));
    const server = ordered('a');
    expect(server).to.deep.include({ location: 'nbg1', firewalls: [38], placementGroup: 897, publicIPv4: undefined, userData: '#cloud-config\nhostname: web-a\n' });
    expect(server?.type.name).to.equal('cpx21');
    expect(server?.image.id).to.equal(200000001);
    expect(server?.networks.map(({ id }) => id)).to.deep.equal([4711]);
    expect(server?.labels).to.deep.equal({
      team: 'shop', [SERVER_LABELS.installation]: 'home', [SERVER_LABELS.namespace]: 'default', [SERVER_LABELS.pool]: 'web', [SERVER_LABELS.hostID]: 'a',
      [SERVER_LABELS.placement]: 'near', [SERVER_LABELS.service]: 'shop', [SERVER_LABELS.role]: 'web', [SERVER_LABELS.destination]: 'production',
      [SERVER_LABELS.sshAddress]: 'Private', [SERVER_LABELS.network]: '4711',
    });
  });

  it('tell the addresses by network as they come', async () => {
    const made = await world.provider.create(requestOf('a', placed({ networks: ['private'] })));
    expect(made.state).to.equal('Starting');
    expect(made.addresses).to.have.all.keys('publicIPv4', 'publicIPv6');
    const server = await world.until('it runs', async () => (await listed()).find(({ state }) => state === 'Running'));
    expect(server.addresses).to.deep.equal({ private: '10.0.0.2', publicIPv4: '198.18.0.1', publicIPv6: `2001:db8:${(4_200_001 & 0xffff).toString(16)}:1::1` });
  });

  it('take the private address of the first network, whatever the API lists first', async () => {
    world.sim.project.parts.networks.push({ id: 5000, name: 'second', range: '10.9.0.0/16', zones: ['eu-central'] });
    await world.provider.create(requestOf('a', placed({ networks: ['second', 'private'] })));
    const server = await world.until('it runs', async () => (await listed()).find(({ state }) => state === 'Running'));
    ordered('a')?.networks.reverse();
    expect(server.addresses?.private).to.equal('10.9.0.2');
    expect((await listed())[0]?.addresses?.private).to.equal('10.9.0.2');
  });

  it('look up each name once for ten hosts, and again after a refusal', async () => {
    const placement = placed({ networks: ['private'], firewalls: ['web'] });
    await Promise.all(Array.from({ length: 10 }, (_, index) => world.provider.create(requestOf(`h${index}`, placement))));
    const looks = world.sim.calls.filter(({ method, template }) => method === 'GET' && template !== '/actions');
    expect(looks.map(({ template }) => template).toSorted()).to.deep.equal(['/firewalls', '/images', '/networks', '/server_types']);
    // Somebody made the network anew under its name: the remembered id is refused, and asked for again.
    world.sim.project.parts.networks[0]!.id = 4713;
    await refused('Invalid', world.provider.create(requestOf('late', placement)));
    await world.provider.create(requestOf('later', placement));
    expect(ordered('later')?.networks.map(({ id }) => id)).to.deep.equal([4713]);
  });

  const REFUSED: [title: string, placement: Placement, says: RegExp][] = [
    ['a network that is not there', placed({ networks: ['nowhere'] }), /the project has no network "nowhere"/],
    ['a firewall that is not there', placed({ firewalls: ['42'] }), /no firewall "42"/],
    ['a placement group that is not there', placed({ placementGroup: 'x' }), /no placement group "x"/],
    ['an SSH key that is not there', placed({ sshKeys: ['x'] }), /no SSH key "x"/],
    ['a server type that is not sold', placed({ serverType: 'cx1000' }), /no server type "cx1000"/],
    ['an image that is not there', placed({ image: 'windows' }), /no image "windows"/],
    ['a snapshot that is not there', placed({ image: '7' }), /no image "7"/],
    ['a snapshot of another architecture', placed({ image: '200000002' }), /image 200000002 is for arm, server type cpx21 is x86/],
    ['a type that its location does not have', placed({ serverType: 'ccx13', location: 'hel1' }), /server type ccx13 is not sold in hel1/],
    ['a label of the vendor', placed({ labels: { 'hetzner.cloud/x': 'y' } }), /takes no label "hetzner\.cloud\/x"/],
    ['a label value with a blank', placed({ labels: { team: 'the shop' } }), /takes no value "the shop" for the label team/],
  ];
  for (const [title, placement, says] of REFUSED) {
    it(`of ${title} are refused before the call, and say so`, async () => {
      expect((await refused('Invalid', world.provider.create(requestOf('a', placement)))).message).to.match(says);
      expect(world.sim.calls.filter(({ method }) => method === 'POST')).to.deep.equal([]);
    });
  }

  it('with more user data than the API takes are refused before the call', async () => {
    const provider = world.another({ userData: () => 'ü'.repeat(16 * 1024 + 1) });
    expect((await refused('Invalid', provider.create(requestOf('a')))).message).to.include('32770 bytes, Hetzner takes 32768');
    await world.another({ userData: () => 'ü'.repeat(16 * 1024) }).create(requestOf('a'));
  });

  it('whose role ends in a dash cannot be labelled, and are refused', async () => {
    const error = await refused('Invalid', world.provider.create(requestOf('a', NEAR, { ...POOL_NEEDS, kamal: { service: 'shop-', role: 'web' } })));
    expect(error.message).to.include('takes no value "shop-"');
  });

  it('whose answer was lost are found by name, without a second call', async () => {
    world.sim.faults.script('POST /servers', { kind: 'LoseReply' });
    const server = await world.provider.create(requestOf('a'));
    expect(server.owner).to.deep.equal(ownerOf('a'));
    expect(world.sim.calls.filter(({ method }) => method === 'POST')).to.have.length(1);
    expect(await listed()).to.have.length(1);
  });

  for (const effect of ['None', 'Done'] as const) {
    it(`that get no answer in time, effect ${effect}: ${effect === 'Done' ? 'found by name' : 'the outcome is unknown'}`, async () => {
      world.sim.faults.script('POST /servers', { kind: 'Hang', effect });
      const outcome = late(world.provider.create(requestOf('a')));
      if (effect === 'Done') expect((await outcome).name).to.equal('web-a');
      else expect((await refused('OutcomeUnknown', outcome)).message).to.match(/no answer to POST \/servers: within 30 s/);
      expect(world.sim.calls.filter(({ method }) => method === 'POST')).to.have.length(1);
    });
  }

  it('that a gateway lost are found by name', async () => {
    world.sim.faults.script('POST /servers', { kind: 'Garbage', status: 502, body: '<html>bad gateway</html>', effect: 'Done' });
    expect((await world.provider.create(requestOf('a'))).name).to.equal('web-a');
    world.sim.faults.script('POST /servers', { kind: 'Garbage', status: 201, body: '{"server": 7}', effect: 'Done' });
    expect((await world.provider.create(requestOf('b'))).name).to.equal('web-b');
  });

  it('stay open when the API cannot be asked either', async () => {
    world.sim.faults.script('POST /servers', { kind: 'LoseReply' });
    world.sim.faults.script('GET /servers', { kind: 'Refuse', status: 503, code: 'unavailable' }, 3);
    await refused('OutcomeUnknown', late(world.provider.create(requestOf('a'))));
    expect(await listed()).to.have.length(1);
  });

  it('take over the server that an earlier call made, and nobody else\'s', async () => {
    world.sim.faults.script('POST /servers', { kind: 'LoseReply' });
    world.sim.faults.script('GET /servers', { kind: 'Refuse', status: 422, code: 'invalid_input' });
    await refused('OutcomeUnknown', world.provider.create(requestOf('a')));
    const again = await world.provider.create(requestOf('a'));
    expect((await listed()).map(({ providerID }) => providerID)).to.deep.equal([again.providerID]);

    const stranger = ordered('a');
    if (stranger === undefined) throw new Error('no server');
    stranger.labels = { ...stranger.labels, [SERVER_LABELS.installation]: 'another' };
    expect((await refused('AlreadyExists', world.provider.create(requestOf('a')))).message).to.include('a server web-a that is not of this host but of a in installation another');
    stranger.labels = {};
    expect((await refused('AlreadyExists', world.provider.create(requestOf('a')))).mend).to.equal('rename or delete it');
    expect(world.sim.project.servers.size).to.equal(1);
  });

  it('that certainly never arrived are no open outcome', async () => {
    await refused('Unavailable', late(world.another({ endpoint: 'http://127.0.0.1:1/v1' }).create(requestOf('a'))));
  });

  it('whose action ends in an error show it with the server, once it is known', async () => {
    world.sim.faults.script('POST /servers', { kind: 'ActionFails', code: 'resource_unavailable', message: 'no host left' });
    const told: string[] = [];
    world.provider.watch?.(({ hostID }) => told.push(hostID));
    await world.provider.create(requestOf('a'));
    const server = await world.until('the trouble', async () => (await listed()).find(({ trouble }) => trouble !== undefined));
    expect(server).to.deep.include({ state: 'Starting', trouble: { class: 'Capacity', message: 'Hetzner\'s create_server failed: resource_unavailable: no host left' } });
    expect(told).to.include('a');
    await world.provider.delete(server);
    expect(await listed()).to.deep.equal([]);
  });

  it('whose action never ends are followed for a while, with one call for all of them', async () => {
    world.sim.faults.script('POST /servers', { kind: 'ActionNeverEnds' }, 10);
    await Promise.all(Array.from({ length: 10 }, (_, index) => world.provider.create(requestOf(`h${index}`))));
    await world.until('the follower gives up', async () => {
      const before = world.sim.calls.filter(({ template }) => template === '/actions').length;
      await world.clock.advance(60_000);
      return world.clock.now() - Date.UTC(2026, 0, 1) > 1_000_000 && world.sim.calls.filter(({ template }) => template === '/actions').length === before ? true : undefined;
    });
    const looks = world.sim.calls.filter(({ template }) => template === '/actions');
    expect(looks.length).to.be.within(50, 250);
    expect(looks[0]?.url.match(/id=/g)).to.have.length(20);
    expect((await listed()).map(({ state }) => state)).to.deep.equal(Array.from({ length: 10 }, () => 'Starting'));
  });
});
