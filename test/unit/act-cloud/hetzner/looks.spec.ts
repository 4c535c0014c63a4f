import { expect } from 'chai';
import { keyPairOfSeed } from '../../../../controller/act/ssh/ed25519.ts';
import { SERVER_LABELS } from '../../../../controller/api/index.ts';
import type { Server } from '../../../../controller/model/index.ts';
import type { Placement } from '../../../../controller/ports/index.ts';
import { refused } from '../../../support/refused.ts';
import { type HetznerWorld, NEAR, hetznerSuite, ownerOf, requestOf, startWorld } from './world.ts';

const placed = (change: Partial<NonNullable<Placement['hetzner']>>): Placement => ({ ...NEAR, hetzner: { ...NEAR.hetzner!, ...change } });

hetznerSuite('looks at Hetzner', () => {
  let world: HetznerWorld;
  beforeEach(async () => { world = await startWorld(); });
  afterEach(() => world.end());

  const gets = (template: string): number => world.sim.calls.filter((call) => call.method === 'GET' && call.template === template).length;
  const buy = (count: number): Promise<Server[]> => Promise.all(Array.from({ length: count }, (_, index) => world.provider.create(requestOf(`h${index}`))));
  /** Calls that `work` makes, the follower's own left out. */
  async function callsOf(work: () => Promise<unknown>): Promise<number> {
    const before = world.sim.calls.filter(({ template }) => template !== '/actions').length;
    await work();
    return world.sim.calls.filter(({ template }) => template !== '/actions').length - before;
  }

  it('take one call whether there is one server or fifty', async () => {
    await buy(1);
    expect(await callsOf(() => world.provider.list('home'))).to.equal(1);
    await buy(50);
    expect(await callsOf(() => world.provider.list('home'))).to.equal(1);
    expect(await callsOf(() => world.provider.find(ownerOf('h3')))).to.equal(1);
  });

  it('follow pages to the last, and read full ones twice', async () => {
    await buy(120);
    const { servers } = await world.provider.list('home');
    expect(new Set(servers.map(({ name }) => name)).size).to.equal(120);
    expect(gets('/servers')).to.equal(5);
  });

  const idOf = (server: Server | undefined): number => Number(server?.providerID.split(':')[1]);

  it('leave no server out that moved to another page while pages were read', async () => {
    const servers = await buy(120);
    let looked = 0;
    world.sim.before = ({ method, template }) => {
      if (method !== 'GET' || template !== '/servers' || (looked += 1) !== 2) return;
      world.sim.project.remove(idOf(servers[0]), undefined);
      // The number of entries stays what it was.
      world.sim.project.create({ name: 'stranger', server_type: 'cpx11', image: 'ubuntu-24.04', labels: { [SERVER_LABELS.installation]: 'home' } }, undefined);
    };
    const listed = await world.provider.list('home');
    expect(listed.servers).to.have.length(119);
    expect(listed.servers.map(({ name }) => name)).to.include('web-h50').and.to.not.include('web-h0');
  });

  it('reject rather than to answer with a list that never holds still', async () => {
    await buy(60);
    world.sim.before = ({ url }) => {
      const [oldest] = [...world.sim.project.servers.keys()];
      if (url.includes('page=2&') && oldest !== undefined) world.sim.project.remove(oldest, undefined);
    };
    expect((await refused('Transient', world.provider.list('home').then(({ servers }) => servers.length))).message).to.include('changes while its pages are read');
  });

  it('pass over servers whose labels do not say whose they are', async () => {
    await world.provider.create(requestOf('a'));
    const [server] = [...world.sim.project.servers.values()];
    if (server === undefined) throw new Error('no server');
    server.labels = { [SERVER_LABELS.installation]: 'home' };
    expect((await world.provider.list('home')).servers).to.deep.equal([]);
  });

  it('take every state for paid', async () => {
    const { serverIn } = await import('../../../../controller/act/cloud/hetzner/servers.ts');
    await world.provider.create(requestOf('a'));
    const [server] = [...world.sim.project.servers.values()];
    if (server === undefined) throw new Error('no server');
    const record = world.sim.project.body(server) as Record<string, unknown>;
    const states = ['running', 'initializing', 'starting', 'stopping', 'off', 'deleting', 'migrating', 'rebuilding', 'unknown', 'word-of-tomorrow'];
    expect(states.map((status) => serverIn({ ...record, status })?.state)).to.deep.equal([
      'Running', 'Starting', 'Starting', 'Running', 'Off', 'Leaving', 'Running', 'Running', 'Running', 'Running',
    ]);
  });

  describe('and the request budget', () => {
    /** Looks until one has to wait; how many were sent, and how long the next waits. */
    async function looksUntilWait(): Promise<{ sent: number; retryAfterSeconds: number | undefined }> {
      for (let sent = 0; sent < 50; sent += 1) {
        const failure = await world.provider.list('home').then(() => undefined, (error: unknown) => error);
        if (failure !== undefined) return { sent, retryAfterSeconds: (await refused('RateLimited', Promise.reject(failure as Error))).retryAfterSeconds };
      }
      throw new Error('no look had to wait');
    }

    it('is left to creates and deletes before it runs out: looks come slowly then, and never stop', async () => {
      await world.provider.list('home');
      world.sim.rate.left = 150;
      // The answer tells what is left.
      await world.provider.list('home');
      expect(await looksUntilWait()).to.deep.equal({ sent: 10, retryAfterSeconds: 10 });
      const calls = world.sim.calls.length;
      await refused('RateLimited', world.provider.find(ownerOf('a')));
      expect(world.sim.calls.length, 'nothing is sent').to.equal(calls);
      await world.clock.advance(20_000);
      expect((await looksUntilWait()).sent).to.equal(2);
      await world.clock.advance(100_000);
      for (let count = 0; count < 20; count += 1) await world.provider.list('home');
    });

    it('is waited for in single requests after a 429, not until it is full', async () => {
      await world.provider.price?.(NEAR);
      world.sim.rate.left = 0;
      expect((await refused('RateLimited', world.provider.list('home'))).retryAfterSeconds).to.equal(1);
      await world.clock.advance(1000);
      expect((await world.provider.list('home')).servers).to.deep.equal([]);
    });

    it('of another size is refilled at its own pace', async () => {
      const { createRateBudget } = await import('../../../../controller/act/cloud/rest/rate-budget.ts');
      let time = 0;
      const budget = createRateBudget(() => time, { perHour: 3600 });
      budget.take('Change');
      budget.ended({ limit: 36_000, remaining: 0 }, 'Answered');
      expect(budget.take('Change')).to.equal(1);
      time += 100;
      expect(budget.take('Change'), 'ten come back each second').to.equal(0);
      expect(budget.take('Change')).to.equal(1);
      time += 60_000;
      expect(Array.from({ length: 300 }, () => budget.take('Look')).every((wait) => wait === 0)).to.equal(true);
    });

    it('counts what is under way, which no answer has told yet', async () => {
      const { createRateBudget } = await import('../../../../controller/act/cloud/rest/rate-budget.ts');
      const budget = createRateBudget(() => 0, { perHour: 3600 });
      for (let count = 0; count < 5; count += 1) budget.take('Change');
      budget.ended({ limit: 3600, remaining: 6 }, 'Answered');
      // Four of the six that are left are taken already.
      expect([budget.take('Change'), budget.take('Change'), budget.take('Change')]).to.deep.equal([0, 0, 1]);
    });
  });

  describe('for prices', () => {
    it('add the public IPv4 address where there is one, with the cap of a month', async () => {
      expect(await world.provider.price?.(NEAR)).to.deep.equal({ currency: 'EUR', hour: 0.0128, monthCap: 8.05 });
      expect(await world.provider.price?.(placed({ publicNetwork: 'IPv6' }))).to.deep.equal({ currency: 'EUR', hour: 0.012, monthCap: 7.55 });
      expect(gets('/pricing')).to.equal(1);
    });

    it('are read anew each hour, and kept for a day while the API is away', async () => {
      await world.provider.price?.(NEAR);
      await world.clock.advance(3_600_000);
      await world.provider.price?.(NEAR);
      expect(gets('/pricing')).to.equal(2);
      await world.clock.advance(3_600_000);
      world.sim.faults.script('GET /pricing', { kind: 'Refuse', status: 403, code: 'forbidden' }, 99);
      expect(await world.provider.price?.(NEAR)).to.include({ hour: 0.0128 });
      await world.clock.advance(23 * 3_600_000);
      await refused('Forbidden', world.provider.price!(NEAR));
    });

    it('say so where there is none', async () => {
      expect((await refused('Invalid', world.provider.price!(placed({ serverType: 'ccx13' })))).message).to.equal('Hetzner has no price for ccx13 in nbg1');
    });
  });

  describe('for what is wrong with a placement', () => {
    const ROWS: [title: string, placement: Placement, says: string | undefined][] = [
      ['nothing', placed({ networks: ['private'], firewalls: ['web'], sshKeys: ['ops'], placementGroup: 'spread' }), undefined],
      ['an image of another architecture', placed({ serverType: 'cax11', image: '200000001' }), 'image 200000001 is for x86, server type cax11 is arm: write a hetzner.image for arm, or another hetzner.serverType'],
      ['a type that is not sold there', placed({ serverType: 'cax11', location: 'ash' }), 'server type cax11 is not sold in ash: write one of fsn1, nbg1, hel1 in hetzner.location, or another hetzner.serverType'],
      ['a network that does not reach the location', placed({ networks: ['overseas'] }), 'network overseas has no subnet in eu-central, where nbg1 is: add one, or write a hetzner.location in us-east'],
      ['a network that is not there', placed({ networks: ['none'] }), 'the project has no network "none": create it, or write the name or id of one that is there in hetzner.networks'],
    ];
    for (const [title, placement, says] of ROWS) it(`find ${title}`, async () => expect(await world.provider.problemOf?.(placement)).to.equal(says));

    it('are remembered, and say nothing while the API cannot be asked', async () => {
      await world.provider.problemOf?.(NEAR);
      expect(await callsOf(async () => world.provider.problemOf?.(NEAR))).to.equal(0);
      world.sim.faults.script('*', { kind: 'Refuse', status: 403, code: 'forbidden' }, 9);
      await refused('Forbidden', world.provider.problemOf!(placed({ serverType: 'cpx31' })) as Promise<unknown>);
    });
  });

  describe('before changes', () => {
    const labelsOf = (server: Server) => world.sim.project.servers.get(Number(server.providerID.split(':')[1]))?.labels ?? {};

    it('mark a server as serving, and leave labels that people added', async () => {
      const server = await world.provider.create(requestOf('a'));
      labelsOf(server)['people'] = 'mine';
      await world.provider.mark?.(server, 'Serving');
      expect(labelsOf(server)).to.include({ people: 'mine', [SERVER_LABELS.serving]: 'true', [SERVER_LABELS.hostID]: 'a' });
      expect(await callsOf(async () => world.provider.mark?.(server, 'Serving')), 'what is so already is looked at alone').to.equal(1);
      await world.provider.mark?.(server, 'NotServing');
      expect(labelsOf(server)[SERVER_LABELS.serving]).to.equal('false');
      await refused('Conflict', world.provider.mark!({ ...server, owner: ownerOf('b') }, 'Serving'));
      await world.provider.delete(server);
      await world.provider.mark?.(server, 'Serving');
    });

    it('note the host key that a server made itself, and tell what its labels say of its part', async () => {
      const hostKey = keyPairOfSeed(Buffer.alloc(32, 9)).publicKey;
      const server = await world.provider.create(requestOf('a'));
      const part = async () => (await world.provider.list('home')).servers[0]?.part;
      expect(await part()).to.deep.include({ service: 'app', role: 'web', serving: 'NotServing', sshPort: 22 }).and.not.have.any.keys('destination', 'hostKey');
      await world.provider.mark?.(server, 'Serving', hostKey);
      expect(await part()).to.deep.include({ serving: 'Serving', hostKey, sshAddress: server.addresses?.publicIPv4 });
      // Neither a note without the key nor a key that no label can carry takes it away.
      await world.provider.mark?.(server, 'NotServing');
      await world.provider.mark?.(server, 'NotServing', 'ssh-rsa AAAAB3NzaC1yc2E=');
      expect(await part()).to.deep.include({ serving: 'NotServing', hostKey });
    });

    it('tell a server that is protected, and what it takes', async () => {
      const server = await world.provider.create(requestOf('a'));
      const [record] = [...world.sim.project.servers.values()];
      if (record === undefined) throw new Error('no server');
      record.protected = true;
      expect((await refused('Forbidden', world.provider.delete(server))).mend).to.equal('remove the protection: hcloud server disable-protection web-a delete');
      record.protected = false;
      await world.provider.delete(server);
      expect(world.sim.project.servers.size).to.equal(0);
    });

    it('show a server again whose delete was forgotten, and the next one takes it', async () => {
      const server = await world.provider.create(requestOf('a'));
      world.sim.faults.script('DELETE /servers/{id}', { kind: 'DeleteForgotten' });
      await world.provider.delete(server);
      expect((await world.provider.list('home')).servers).to.have.length(1);
      await world.provider.delete(server);
      expect((await world.provider.list('home')).servers).to.deep.equal([]);
    });

    it('refuse an id that is none of Hetzner\'s', async () => {
      const server = await world.provider.create(requestOf('a'));
      await refused('Invalid', world.provider.delete({ ...server, providerID: 'local-1' }));
    });
  });
});

describe('the endpoint of Hetzner', () => {
  const ROWS: [endpoint: string, says: RegExp | undefined][] = [
    ['https://api.hetzner.cloud/v1', undefined], ['http://127.0.0.1:8080/v1', undefined], ['http://[::1]:8080/v1', undefined],
    ['http://api.hetzner.cloud/v1', /unencrypted: write https/], ['api.hetzner.cloud', /is not an http or https URL/], ['https://a:b@api.hetzner.cloud', /holds a login/],
  ];
  for (const [endpoint, says] of ROWS) it(`${endpoint} ${says === undefined ? 'will do' : 'is refused'}`, async () => {
    const { endpointFault } = await import('../../../../controller/act/cloud/rest/settings.ts');
    const { HETZNER } = await import('../../../../controller/act/cloud/hetzner/vendor.ts');
    if (says === undefined) expect(endpointFault(endpoint, HETZNER)).to.equal(undefined);
    else expect(endpointFault(endpoint, HETZNER)).to.match(says);
  });
});
