import { expect } from 'chai';
import { DIGITALOCEAN } from '../../../../controller/act/cloud/digitalocean/vendor.ts';
import { markingIn, tagFor } from '../../../../controller/act/cloud/digitalocean/tags.ts';
import type { Server } from '../../../../controller/model/index.ts';
import { refused } from '../../../support/refused.ts';
import { type DigitalOceanWorld, NEAR, digitalOceanSuite, ownerOf, placed, requestOf, startWorld } from './world.ts';

digitalOceanSuite('looks at DigitalOcean', () => {
  let world: DigitalOceanWorld;
  beforeEach(async () => { world = await startWorld(); });
  afterEach(() => world.end());

  const droplets = () => [...world.sim.account.droplets.values()];
  const tagsOf = (hostID: string): string[] => ['installation:home', 'namespace:default', 'pool:web', `host-uid:${hostID}`].map((tag) => `kamal-autoscaler:${tag}`);
  const stock = (count: number): void => {
    for (let host = 0; host < count; host += 1) world.sim.account.create({ name: `web-h${host}`, size: 's-1vcpu-1gb', image: 'docker-20-04', region: 'fra1', tags: tagsOf(`h${host}`) });
  };
  const lists = (): number => world.sim.calls.filter(({ method, template }) => method === 'GET' && template === '/v2/droplets').length;

  it('follow pages to the last, read full ones twice, and send the token nowhere else', async () => {
    stock(250);
    const { servers } = await world.provider.list('home');
    expect(new Set(servers.map(({ name }) => name)).size).to.equal(250);
    expect(lists()).to.equal(5);
    expect(DIGITALOCEAN.nextPage({ links: { pages: { next: 'https://evil.example/v2/droplets?page=3&tag_name=x' } } })).to.deep.equal({ page: 3 });
    for (const links of [undefined, {}, { pages: {} }, { pages: { next: 'nonsense' } }, { pages: { next: 'https://a.example/?page=0' } }]) expect(DIGITALOCEAN.nextPage({ links })).to.equal(undefined);
  });

  it('leave no Droplet out that moved to another page while pages were read', async () => {
    stock(150);
    let looked = 0;
    world.sim.before = ({ method, template }) => {
      if (method === 'GET' && template === '/v2/droplets' && (looked += 1) === 2) world.sim.account.remove(droplets().at(-1)?.id ?? 0);
    };
    const { servers } = await world.provider.list('home');
    expect(new Set(servers.map(({ name }) => name)).size).to.equal(149);
    expect(servers).to.have.length(149);
  });

  it('pass over Droplets whose tags do not say whose they are, or say it twice', async () => {
    stock(1);
    const [droplet] = droplets();
    if (droplet === undefined) throw new Error('no Droplet');
    expect((await world.provider.list('home')).servers).to.have.length(1);
    droplet.tags.push('kamal-autoscaler:host-uid:another');
    expect((await world.provider.list('home')).servers).to.deep.equal([]);
    droplet.tags = ['kamal-autoscaler:installation:home'];
    expect((await world.provider.list('home')).servers).to.deep.equal([]);
  });

  it('delete by id alone, and only what its tags say is ours at that moment', async () => {
    const server = await world.provider.create(requestOf('a'));
    const [droplet] = droplets();
    if (droplet === undefined) throw new Error('no Droplet');
    const own = droplet.tags;
    droplet.tags = [];
    await refused('Transient', world.provider.delete(server));
    await world.clock.advance(700_000);
    await refused('Conflict', world.provider.delete(server));
    droplet.tags = own;
    await world.provider.delete(server);
    expect(droplets()).to.deep.equal([]);
    expect(world.sim.calls.filter(({ method }) => method === 'DELETE').map(({ url }) => url)).to.deep.equal([`/v2/droplets/${droplet.id}`]);
    await refused('Invalid', world.provider.delete({ ...server, providerID: 'hetzner:7' }));
  });

  it('repeat a delete that was forgotten, and take one that lingers for what it is', async () => {
    const server = await world.provider.create(requestOf('a'));
    world.sim.faults.script('DELETE /v2/droplets/{droplet_id}', { kind: 'DeleteForgotten' });
    world.sim.faults.script('DELETE /v2/droplets/{droplet_id}', { kind: 'DeleteLingers', milliseconds: 9000 });
    await world.provider.delete(server);
    await world.provider.delete(server);
    expect((await world.provider.list('home')).servers).to.have.length(1);
    await world.clock.advance(9000);
    expect((await world.provider.list('home')).servers).to.deep.equal([]);
    await world.provider.delete(server);
  });

  it('write tags that are not there yet, and leave those that people added', async () => {
    const server = await world.provider.create(requestOf('a', placed({ tags: ['mine'] })));
    const [droplet] = droplets();
    await world.provider.mark?.(server, 'Serving');
    expect(droplet?.tags).to.include('mine').and.to.include('kamal-autoscaler:serving:true');
    const calls = world.sim.calls.length;
    await world.provider.mark?.(server, 'Serving');
    expect(world.sim.calls.length - calls, 'what is so already is looked at alone').to.equal(1);
    await world.provider.mark?.(server, 'NotServing');
    expect(droplet?.tags).to.include('kamal-autoscaler:serving:false').and.to.not.include('kamal-autoscaler:serving:true');
  });

  it('tell prices in dollars, by the second, from a list that is read each hour', async () => {
    expect(world.provider.billing).to.equal('Second');
    expect(await world.provider.price?.(NEAR)).to.deep.equal({ currency: 'USD', hour: 0.03571, monthCap: 24 });
    await world.provider.price?.(placed({ size: 'c-2' }));
    expect(world.sim.calls.filter(({ template }) => template === '/v2/sizes')).to.have.length(1);
    await refused('Invalid', world.provider.price!(placed({ size: 'huge' })));
  });

  it('say of a placement that the account is locked', async () => {
    world.sim.account.parts.status = 'locked';
    expect(await world.provider.problemOf?.(NEAR)).to.equal('the account is locked: Please contact support.: ask DigitalOcean');
  });

  it('date a Droplet that is off as paid for', async () => {
    await world.provider.create(requestOf('a'));
    await world.clock.advance(10_000);
    world.sim.account.act(droplets()[0]?.id ?? 0, 'power_off');
    expect((await world.provider.list('home')).servers.map(({ state }: Server) => state)).to.deep.equal(['Off']);
    expect((await world.provider.find(ownerOf('a')))[0]?.createdAt).to.equal(Date.UTC(2026, 0, 1));
  });
});

describe('tags', () => {
  it('carry any value there and back', () => {
    for (const value of ['home', 'my.pool', 'Private', 'a_b-c', 'ed25519.AbC_-9', 'ä:b c']) {
      const tag = tagFor('pool', value);
      expect(tag).to.match(/^[a-zA-Z0-9_\-:]+$/);
      expect(markingIn([tag, 'other:tag', 'kamal-autoscaler:unknown:x'])).to.deep.equal({ pool: value });
    }
  });
});
