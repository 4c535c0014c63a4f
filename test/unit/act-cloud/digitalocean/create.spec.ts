import { expect } from 'chai';
import type { Server } from '../../../../controller/model/index.ts';
import type { Placement } from '../../../../controller/ports/index.ts';
import { POOL_NEEDS } from '../../../support/pool-needs.ts';
import { refused } from '../../../support/refused.ts';
import { type DigitalOceanWorld, NEAR, digitalOceanSuite, ownerOf, placed, requestOf, startWorld } from './world.ts';

digitalOceanSuite('orders at DigitalOcean', () => {
  let world: DigitalOceanWorld;
  beforeEach(async () => { world = await startWorld(); });
  afterEach(() => world.end());

  const droplets = () => [...world.sim.account.droplets.values()];
  const ordered = (hostID: string) => droplets().find(({ name }) => name === `web-${hostID}`);
  const listed = async (): Promise<Server[]> => (await world.provider.list('home')).servers;
  const orders = (): number => world.sim.calls.filter(({ method, template }) => method === 'POST' && template === '/v2/droplets').length;

  it('carry everything that the placement says', async () => {
    const placement = placed({ vpc: 'private', publicNetwork: 'Both', sshKeys: ['ops', '3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:45:fa'], tags: ['firewall:web'], image: '200000001' });
    await world.provider.create(requestOf('a', placement, { ...POOL_NEEDS, kamal: { service: 'shop', role: 'web', destination: 'production' } }));
    expect(ordered('a')).to.deep.include({ region: 'fra1', userData: '#cloud-config\nhostname: web-a\n', keys: [512189, 512189], publicIPv6: `2001:db8:${(3_164_001 & 0xffff).toString(16)}::1` });
    expect([ordered('a')?.size.slug, ordered('a')?.image.id, ordered('a')?.vpc.name]).to.deep.equal(['s-2vcpu-4gb', 200000001, 'private']);
    expect(ordered('a')?.tags).to.have.members([
      'kamal-autoscaler:installation:home', 'kamal-autoscaler:namespace:default', 'kamal-autoscaler:pool:web', 'kamal-autoscaler:host-uid:a', 'kamal-autoscaler:placement:near',
      'kamal-autoscaler:service:shop', 'kamal-autoscaler:role:web', 'kamal-autoscaler:destination:production', 'kamal-autoscaler:ssh-address:Private', 'firewall:web',
    ]);
  });

  it('tell the addresses as they come', async () => {
    const made = await world.provider.create(requestOf('a', placed({ vpc: 'private', publicNetwork: 'Both' })));
    expect(made).to.deep.include({ state: 'Starting', addresses: {} });
    const server = await world.until('it runs', async () => (await listed()).find(({ state }) => state === 'Running'));
    expect(server.addresses).to.deep.equal({ private: '10.110.0.2', publicIPv4: '198.19.0.2', publicIPv6: `2001:db8:${(3_164_001 & 0xffff).toString(16)}::1` });
    expect(server.part?.sshAddress).to.equal('10.110.0.2');
  });

  const REFUSED: [title: string, placement: Placement, says: RegExp][] = [
    ['a size that is not sold', placed({ size: 'huge' }), /DigitalOcean has no size "huge"/],
    ['an image that is not there', placed({ image: 'windows' }), /the account has no image "windows"/],
    ['a snapshot that is elsewhere', placed({ image: '200000001', region: 'nyc3' }), /image 200000001 is not in nyc3/],
    ['a snapshot that is too large', placed({ image: '200000002' }), /image 200000002 needs a disk of 100 GB, size s-2vcpu-4gb has 80/],
    ['a VPC that is not there', placed({ vpc: 'nowhere' }), /the account has no VPC "nowhere"/],
    ['a VPC of another region', placed({ vpc: 'private', region: 'nyc3' }), /VPC private is in fra1, not in nyc3/],
    ['an SSH key that is not there', placed({ sshKeys: ['x'] }), /no SSH key "x"/],
  ];
  for (const [title, placement, says] of REFUSED) {
    it(`of ${title} are refused before the call, and say so`, async () => {
      expect((await refused('Invalid', world.provider.create(requestOf('a', placement)))).message).to.match(says);
      expect(orders()).to.equal(0);
      expect(await world.provider.problemOf?.(placement)).to.match(says);
    });
  }

  it('with more user data than the API takes are refused before the call', async () => {
    await refused('Invalid', world.another({ userData: () => 'ü'.repeat(32 * 1024 + 1) }).create(requestOf('a')));
    await world.another({ userData: () => 'ü'.repeat(32 * 1024) }).create(requestOf('a'));
  });

  it('look before they buy: what an earlier process ordered is taken over', async () => {
    const first = await world.provider.create(requestOf('a'));
    expect((await world.another().create(requestOf('a'))).providerID).to.equal(first.providerID);
    expect(orders()).to.equal(1);
  });

  it('are not kept back by somebody else\'s Droplet of the same name, for names are not unique', async () => {
    await world.provider.create(requestOf('a'));
    await world.provider.create({ ...requestOf('b'), name: 'web-a' });
    expect(droplets().map(({ name }) => name)).to.deep.equal(['web-a', 'web-a']);
    expect((await listed()).map(({ owner }) => owner.hostID).toSorted()).to.deep.equal(['a', 'b']);
  });

  it('are kept back by a Droplet of this name that does not say whose it is, as long as its tags may come, and by a stranger\'s for good', async () => {
    world.sim.account.create({ name: 'web-a', size: 's-1vcpu-1gb', image: 'ubuntu-24-04-x64', region: 'fra1' });
    expect((await refused('OutcomeUnknown', world.provider.create(requestOf('a')))).message).to.include('whose tags do not say whose it is yet');
    await world.clock.advance(601_000);
    expect((await refused('AlreadyExists', world.provider.create(requestOf('a')))).mend).to.equal('rename or delete it');
    expect(orders()).to.equal(0);
  });

  it('whose answer was lost are found, without a second call, once their tags are there', async () => {
    world.sim.faults.script('POST /v2/droplets', { kind: 'LoseReply' });
    expect((await world.ended(world.provider.create(requestOf('a')))).owner).to.deep.equal(ownerOf('a'));
    await world.end();
    world = await startWorld({ tagLagMilliseconds: 5000 });
    world.sim.faults.script('POST /v2/droplets', { kind: 'LoseReply' });
    expect((await world.ended(world.provider.create(requestOf('a')))).owner).to.deep.equal(ownerOf('a'));
    expect(orders()).to.equal(1);
  });

  it('whose answer was lost, and whose tags take longer, stay open: nothing is bought again until they are there', async () => {
    await world.end();
    world = await startWorld({ tagLagMilliseconds: 45_000 });
    world.sim.faults.script('POST /v2/droplets', { kind: 'LoseReply' });
    await refused('OutcomeUnknown', world.ended(world.provider.create(requestOf('a'))));
    await refused('OutcomeUnknown', world.ended(world.another().create(requestOf('a'))));
    expect(await listed()).to.deep.equal([]);
    await world.clock.advance(60_000);
    expect((await world.another().create(requestOf('a'))).providerID).to.equal(`digitalocean:${droplets()[0]?.id}`);
    expect(orders()).to.equal(1);
  });

  it('that get no answer in time and made nothing stay open, and a gateway\'s answer is no answer', async () => {
    world.sim.faults.script('POST /v2/droplets', { kind: 'Hang', effect: 'None' });
    await refused('OutcomeUnknown', world.ended(world.provider.create(requestOf('a'))));
    world.sim.faults.script('POST /v2/droplets', { kind: 'Garbage', status: 502, body: '<html>', effect: 'Done' });
    expect((await world.ended(world.provider.create(requestOf('b')))).name).to.equal('web-b');
    world.sim.faults.script('POST /v2/droplets', { kind: 'Garbage', status: 202, body: '{"droplet": 7}', effect: 'Done' });
    expect((await world.ended(world.provider.create(requestOf('c')))).name).to.equal('web-c');
    expect(droplets().map(({ name }) => name)).to.deep.equal(['web-b', 'web-c']);
  });

  it('that are carried out twice show both, and the older one is taken', async () => {
    world.sim.faults.script('POST /v2/droplets', { kind: 'MadeTwice' });
    const made = await world.provider.create(requestOf('a'));
    expect(await listed()).to.have.length(2);
    expect((await world.another().create(requestOf('a'))).providerID).to.equal(made.providerID);
  });

  it('whose action ends in an error show it with the server, once it is known', async () => {
    world.sim.faults.script('POST /v2/droplets', { kind: 'ActionFails', code: '', message: '' });
    const told: string[] = [];
    world.provider.watch?.(({ hostID }) => told.push(hostID));
    await world.provider.create(requestOf('a'));
    const server = await world.until('the trouble', async () => (await listed()).find(({ trouble }) => trouble !== undefined));
    expect(server.trouble).to.deep.equal({ class: 'Transient', message: 'DigitalOcean\'s create (action 36804001) ended in an error' });
    expect(told).to.deep.equal(['a']);
  });

  it('whose actions never end are followed for a while, within the requests of a minute', async () => {
    world.sim.faults.script('POST /v2/droplets', { kind: 'ActionNeverEnds' }, 30);
    for (let host = 0; host < 30; host += 1) await world.provider.create(requestOf(`h${host}`));
    const follows = (): number => world.sim.calls.filter(({ template }) => template === '/v2/actions/{action_id}').length;
    for (let second = 0; second < 60; second += 1) {
      await world.clock.advance(1000);
      for (let turn = 0; turn < 40; turn += 1) await new Promise<void>((resolve) => { setImmediate(resolve); });
    }
    expect(follows()).to.be.within(60, 150);
    expect(world.sim.calls.filter(({ status }) => status === 429)).to.deep.equal([]);
  });

  it('say how many Droplets the account may have when it is full', async () => {
    world.sim.account.setDropletLimit(1);
    await world.provider.create(requestOf('a'));
    expect((await refused('Quota', world.provider.create(requestOf('b')))).message).to.include('will exceed your droplet limit').and.to.match(/droplet_limit 1$/);
  });

  it('are a lack of capacity where the size is sold out', async () => {
    world.sim.account.setCapacity('s-2vcpu-4gb', 'fra1', 0);
    await refused('Capacity', world.provider.create(requestOf('a')));
    expect(await world.provider.problemOf?.(NEAR)).to.equal('size s-2vcpu-4gb is not to be had in fra1 now: write one of ams3, nyc3 in digitalocean.region, or another digitalocean.size');
    expect((await world.provider.create(requestOf('b', placed({ region: 'ams3' })))).name).to.equal('web-b');
  });
});
