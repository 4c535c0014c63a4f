import { expect } from 'chai';
import { createSimulatedClock } from '../../support/clock.ts';
import { type DigitalOceanSim, type DigitalOceanSimOptions, startDigitalOceanSim } from '../../support/digitalocean-sim/index.ts';
import { digitalOceanSuite } from '../act-cloud/digitalocean/world.ts';

const BALANCERS = '/v2/load_balancers';
const ORDER = { name: 'web-1', size: 's-2vcpu-4gb', region: 'fra1', image: 'docker-20-04', tags: ['shop'] };

digitalOceanSuite('the DigitalOcean simulator', () => {
  const clock = createSimulatedClock(Date.UTC(2026, 0, 1));
  let sim: DigitalOceanSim;
  const start = async (options: Partial<DigitalOceanSimOptions> = {}): Promise<DigitalOceanSim> => sim = await startDigitalOceanSim({ clock, ...options });
  const closing = (): Promise<string> => sim.close().then(() => 'quiet', (error: Error) => error.message);

  async function ask(method: string, path: string, body?: object, token = sim.token): Promise<{ status: number; body: any; headers: Headers }> {
    const response = await fetch(`${sim.endpoint}${path}`, { method, headers: { authorization: `Bearer ${token}` }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers };
  }

  describe('is loud about what does not conform', () => {
    const ROWS: [title: string, method: string, path: string, body: object | undefined, says: RegExp][] = [
      ['a field that nobody knows', 'POST', '/v2/droplets', { ...ORDER, datacenter: 'fra' }, /body: datacenter is unknown/],
      ['a missing field', 'POST', '/v2/droplets', { name: 'x', image: 'docker-20-04' }, /must have required property 'size'/],
      ['a name that is none', 'POST', '/v2/droplets', { ...ORDER, name: 'a b' }, /\/name: must match pattern/],
      ['a name and a tag together', 'GET', '/v2/droplets?name=a&tag_name=b', undefined, /tag_name cannot be combined with name/],
      ['an unknown parameter', 'GET', '/v2/droplets?label=a', undefined, /query: label is unknown/],
      ['a page that is too large', 'GET', '/v2/droplets?per_page=201', undefined, /per_page/],
      ['resources without ids', 'POST', '/v2/tags/a/resources', {}, /must have required property 'resources'/],
      ['targets without ids', 'POST', `${BALANCERS}/4de7ac8b-495b-4884-9a69-1050c6793cd6/droplets`, {}, /must have required property 'droplet_ids'/],
      ['targets that are names', 'DELETE', `${BALANCERS}/4de7ac8b-495b-4884-9a69-1050c6793cd6/droplets`, { droplet_ids: ['web-1'] }, /\/droplet_ids\/0: must be integer/],
    ];
    for (const [title, method, path, body, says] of ROWS) {
      it(`in a request: ${title}`, async () => {
        await start();
        expect((await ask(method, path, body)).status).to.equal(422);
        expect(await closing()).to.match(says);
      });
    }

    it('in an answer', async () => {
      await start();
      sim.account.parts.vpcs[0]!.name = 'a b';
      await ask('GET', '/v2/vpcs');
      expect(await closing()).to.match(/\/vpcs\/0\/name: must match pattern/);
    });
  });

  it('has no delete by tag at all', async () => {
    await start();
    await ask('POST', '/v2/droplets', ORDER);
    expect((await ask('DELETE', '/v2/droplets?tag_name=shop')).status).to.equal(404);
    expect(sim.account.droplets.size).to.equal(1);
    expect(await closing()).to.equal('quiet');
  });

  it('is quiet about everything that conforms, every operation and answer of its own', async () => {
    await start({ dropletLimit: 2 });
    const { body: { droplet, links } } = await ask('POST', '/v2/droplets', { ...ORDER, ipv6: true, ssh_keys: [512189], vpc_uuid: sim.account.parts.vpcs[3]!.id, user_data: '#cloud-config' });
    expect(droplet).to.include({ status: 'new', locked: true });
    expect((await ask('POST', `/v2/droplets/${droplet.id}/actions`, { type: 'reboot' })).body.message).to.include('pending event');
    await clock.advance(10_000);
    const looks = ['/v2/account', '/v2/account/keys', '/v2/droplets', '/v2/droplets?name=web-1', '/v2/droplets?tag_name=shop&per_page=1', `/v2/droplets/${droplet.id}`, `/v2/droplets/${droplet.id}/actions`,
      `/v2/actions/${links.actions[0].id}`, '/v2/sizes', '/v2/regions', '/v2/images', '/v2/images/docker-20-04', '/v2/images/200000001', '/v2/vpcs'];
    for (const path of looks) expect((await ask('GET', path)).status, path).to.equal(200);
    for (const type of ['power_off', 'power_on', 'reboot', 'shutdown']) expect((await ask('POST', `/v2/droplets/${droplet.id}/actions`, { type })).status).to.equal(201);
    const resources = { resources: [{ resource_id: String(droplet.id), resource_type: 'droplet' }] };
    expect((await ask('POST', '/v2/tags/new/resources', resources)).status, 'a tag has to be there').to.equal(404);
    expect((await ask('POST', '/v2/tags', { name: 'new' })).status).to.equal(201);
    expect((await ask('POST', '/v2/tags/new/resources', resources)).status).to.equal(204);
    expect((await ask('DELETE', '/v2/tags/shop/resources', resources)).status).to.equal(204);
    expect((await ask('GET', `/v2/droplets/${droplet.id}`)).body.droplet.tags).to.deep.equal(['new']);
    expect((await ask('POST', '/v2/droplets', ORDER)).status, 'names are not unique').to.equal(202);
    expect((await ask('POST', '/v2/droplets', ORDER)).body).to.include({ id: 'unprocessable_entity', message: 'creating this/these droplet(s) will exceed your droplet limit' });
    const { body: page } = await ask('GET', '/v2/droplets?per_page=1');
    expect([page.meta.total, page.droplets[0].id > droplet.id, new URL(page.links.pages.next).searchParams.get('page')]).to.deep.equal([2, true, '2']);
    expect((await ask('DELETE', `/v2/droplets/${droplet.id}`)).status).to.equal(204);
    expect((await ask('DELETE', `/v2/droplets/${droplet.id}`)).body.id).to.equal('not_found');
    expect((await ask('GET', '/v2/account', undefined, 'wrong')).body.id).to.equal('unauthorized');
    expect(await closing()).to.equal('quiet');
  });

  it('has load balancers that take one change at a time, and find Droplets by a tag late', async () => {
    await start({ bootMilliseconds: 0, balancerMilliseconds: { change: 5_000, tag: 2_000 } });
    const [first, second] = await Promise.all(['a', 'b'].map(async (name) => (await ask('POST', '/v2/droplets', { ...ORDER, name })).body.droplet.id as number));
    const named = sim.balancers.make('named', 80);
    const tagged = sim.balancers.make('tagged', 80, { tag: 'serves' });
    const change = async (method: string, ids: unknown[], { id } = named): Promise<number> => (await ask(method, `${BALANCERS}/${id}/droplets`, { droplet_ids: ids })).status;
    const shown = async ({ id } = named): Promise<unknown[]> => {
      const { status, tag, droplet_ids: ids } = (await ask('GET', `${BALANCERS}/${id}`)).body.load_balancer;
      return [status, tag, ids];
    };
    expect(await change('POST', [first, second])).to.equal(204);
    expect([await shown(), sim.balancers.places(named)], 'listed at once, and in effect later').to.deep.equal([['new', '', [first, second]], []]);
    expect(await change('DELETE', [first])).to.equal(403);
    await clock.advance(5_000);
    expect(await shown()).to.deep.equal(['active', '', [first, second]]);
    expect(await change('DELETE', [first])).to.equal(204);
    expect(sim.balancers.places(named).map(({ id }) => id)).to.deep.equal([first, second]);
    await clock.advance(5_000);
    expect(sim.balancers.places(named).map(({ id }) => id)).to.deep.equal([second]);
    expect(await change('POST', [1])).to.equal(422);

    expect(await change('POST', [first], tagged)).to.equal(422);
    await ask('POST', '/v2/tags', { name: 'serves' });
    await ask('POST', '/v2/tags/serves/resources', { resources: [{ resource_id: String(first), resource_type: 'droplet' }] });
    expect(await shown(tagged)).to.deep.equal(['active', 'serves', []]);
    await clock.advance(2_000);
    expect(await shown(tagged)).to.deep.equal(['active', 'serves', [first]]);
    await ask('DELETE', `/v2/droplets/${first}`);
    expect(await shown(tagged)).to.deep.equal(['active', 'serves', []]);

    expect((await ask('GET', `${BALANCERS}?per_page=1`)).body).to.deep.include({ meta: { total: 2 } });
    sim.balancers.remove(named.id);
    expect((await ask('GET', `${BALANCERS}/${named.id}`)).body.id).to.equal('not_found');
    expect((await ask('GET', `${BALANCERS}/17`)).status, 'ids are UUIDs').to.equal(404);
    expect(await closing()).to.equal('quiet');
  });

  it('refuses in two ways: a burst says how long to wait, an hour when its oldest request counts no more', async () => {
    await start();
    sim.rate.minute.left = 0;
    const burst = await ask('GET', '/v2/account');
    expect([burst.status, burst.headers.get('retry-after')]).to.deep.equal([429, '1']);
    await clock.advance(1000);
    sim.rate.hour.left = 0;
    const used = await ask('GET', '/v2/account');
    expect([used.status, used.headers.get('retry-after'), used.headers.get('ratelimit-remaining')]).to.deep.equal([429, null, '0']);
    expect(Number(used.headers.get('ratelimit-reset'))).to.be.greaterThan(clock.now() / 1000);
    expect(await closing()).to.equal('quiet');
  });
});
