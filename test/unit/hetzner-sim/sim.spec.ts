import { expect } from 'chai';
import { createSimulatedClock } from '../../support/clock.ts';
import { createFaults } from '../../support/cloud-sim/faults.ts';
import { type HetznerSim, type HetznerSimOptions, startHetznerSim } from '../../support/hetzner-sim/index.ts';
import { selectorOf } from '../../support/hetzner-sim/label-selector.ts';
import type { BackedServer, ServerBacking } from '../../support/real-hosts/backing.ts';
import { hetznerSuite } from '../act-cloud/hetzner/world.ts';

const START = Date.UTC(2026, 0, 1);
const ORDER = { name: 'web-1', server_type: 'cpx11', image: 'docker-ce', location: 'nbg1', labels: { app: 'shop' } };

hetznerSuite('the Hetzner simulator', () => {
  const clock = createSimulatedClock(START);
  let sim: HetznerSim;
  const start = async (options: Partial<HetznerSimOptions> = {}): Promise<HetznerSim> => sim = await startHetznerSim({ clock, ...options });
  const closing = (): Promise<string> => sim.close().then(() => 'quiet', (error: Error) => error.message);

  async function ask(method: string, path: string, body?: object, token = sim.token): Promise<{ status: number; body: any; headers: Headers }> {
    const response = await fetch(`${sim.endpoint}${path}`, { method, headers: { authorization: `Bearer ${token}` }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    return { status: response.status, body: await response.json(), headers: response.headers };
  }

  describe('is loud about what does not conform', () => {
    const ROWS: [title: string, method: string, path: string, body: object | undefined, says: RegExp][] = [
      ['a field that has gone', 'POST', '/servers', { ...ORDER, datacenter: 'nbg1-dc3' }, /body: datacenter is unknown/],
      ['a missing field', 'POST', '/servers', { name: 'x', image: 'docker-ce' }, /must have required property 'server_type'/],
      ['a number that is a name', 'POST', '/servers', { ...ORDER, networks: ['private'] }, /\/networks\/0: must be integer/],
      ['a label that is no text', 'POST', '/servers', { ...ORDER, labels: { a: 1 } }, /\/labels\/a: must be string/],
      ['an unknown parameter', 'GET', '/servers?labels=a', undefined, /query: labels is unknown/],
      ['a status that nobody has', 'GET', '/servers?status=broken', undefined, /query status/],
      ['a page that is too large', 'GET', '/servers?per_page=51', undefined, /per_page is not from 1 to 50/],
      ['actions without ids', 'GET', '/actions', undefined, /query: id is missing/],
    ];
    for (const [title, method, path, body, says] of ROWS) {
      it(`in a request: ${title}`, async () => {
        await start();
        const { status } = await ask(method, path, body);
        expect(status).to.equal(422);
        expect(await closing()).to.match(says);
      });
    }

    it('in an answer', async () => {
      await start();
      sim.project.parts.networks[0]!.name = '';
      await ask('GET', '/networks');
      expect(await closing()).to.match(/\/networks\/0\/name: must NOT have fewer than 1 characters/);
    });

    it('and quiet about everything that does, every operation and answer of its own', async () => {
      await start({ images: [{ id: 300, name: 'prepared', type: 'snapshot', architecture: 'x86', description: 'prepared' }] });
      const { body: { server, action } } = await ask('POST', '/servers', { ...ORDER, networks: [4711], firewalls: [{ firewall: 38 }], placement_group: 897, ssh_keys: ['ops'] });
      expect((await ask('POST', `/servers/${server.id}/actions/reboot`)).status).to.equal(423);
      await clock.advance(10_000);
      const looks = ['/servers', `/servers/${server.id}`, `/actions?id=${action.id}`, `/actions/${action.id}`, '/server_types', '/server_types/22', '/locations', '/images', '/images/300', '/images?name=docker-ce&architecture=arm',
        '/pricing', '/networks', '/networks/4711', '/firewalls', '/placement_groups', '/ssh_keys', '/servers?label_selector=app%3D%3Dshop&status=running&sort=created:desc'];
      for (const path of looks) expect((await ask('GET', path)).status, path).to.equal(200);
      for (const command of ['reboot', 'shutdown', 'poweron', 'poweroff']) expect((await ask('POST', `/servers/${server.id}/actions/${command}`)).status).to.equal(201);
      expect((await ask('PUT', `/servers/${server.id}`, { labels: {} })).body.server.labels).to.deep.equal({});
      expect((await ask('POST', '/servers', ORDER)).body.error.code).to.equal('uniqueness_error');
      expect((await ask('POST', '/servers', { ...ORDER, name: 'not a name' })).body.error.code).to.equal('invalid_input');
      expect((await ask('DELETE', `/servers/${server.id}`)).status).to.equal(200);
      expect((await ask('DELETE', `/servers/${server.id}`)).body.error.code).to.equal('not_found');
      expect((await ask('GET', '/servers', undefined, 'wrong')).body.error.code).to.equal('unauthorized');
      expect(await closing()).to.equal('quiet');
    });
  });

  describe('behaves as the API does', () => {
    afterEach(async () => expect(await closing()).to.equal('quiet'));

    it('takes its time: initializing, starting, running', async () => {
      await start({ createMilliseconds: 2000, startMilliseconds: 3000, attachMilliseconds: 1000 });
      const { body } = await ask('POST', '/servers', { ...ORDER, networks: [4711] });
      const look = async () => (await ask('GET', `/servers/${body.server.id}`)).body.server;
      expect(body.server).to.include({ status: 'initializing', locked: true });
      expect(body.action).to.include({ command: 'create_server', status: 'running', progress: 0 });
      await clock.advance(2000);
      expect(await look()).to.deep.include({ status: 'starting', locked: false, private_net: [] });
      await clock.advance(1000);
      expect((await look()).private_net[0]).to.include({ network: 4711, ip: '10.0.0.2' });
      await clock.advance(2000);
      expect((await look()).status).to.equal('running');
      const { body: { actions } } = await ask('GET', `/actions?id=${body.action.id}&id=${body.next_actions[0].id}`);
      expect(actions.map(({ status, progress }: { status: string; progress: number }) => [status, progress])).to.deep.equal([['success', 100], ['success', 100]]);
    });

    it('lists late where it is told to', async () => {
      await start({ listLagMilliseconds: 5000 });
      await ask('POST', '/servers', ORDER);
      expect((await ask('GET', '/servers')).body.servers).to.deep.equal([]);
      await clock.advance(5000);
      expect((await ask('GET', '/servers')).body.servers).to.have.length(1);
    });

    it('gives addresses again after a delete', async () => {
      await start();
      const first = (await ask('POST', '/servers', ORDER)).body.server;
      await ask('DELETE', `/servers/${first.id}`);
      const second = (await ask('POST', '/servers', ORDER)).body.server;
      expect(second.public_net.ipv4.ip).to.equal(first.public_net.ipv4.ip);
      expect(second.id).to.not.equal(first.id);
    });

    it('has no more than there is, and says so beforehand', async () => {
      await start({ maxServers: 2 });
      sim.project.setCapacity('cpx11', 'nbg1', 1);
      expect((await ask('POST', '/servers', ORDER)).status).to.equal(201);
      expect(await ask('POST', '/servers', { ...ORDER, name: 'web-2' })).to.deep.include({ status: 412 });
      const { body } = await ask('GET', '/server_types?name=cpx11');
      expect(body.server_types[0].locations.map(({ name, available }: { name: string; available: boolean }) => [name, available])).to.deep.equal([['fsn1', true], ['nbg1', false], ['hel1', true], ['ash', true]]);
      expect((await ask('POST', '/servers', { ...ORDER, name: 'web-2', location: 'fsn1' })).status).to.equal(201);
      expect((await ask('POST', '/servers', { ...ORDER, name: 'web-3', location: 'fsn1' })).body.error.code).to.equal('resource_limit_exceeded');
    });

    it('takes ten servers into a spread group', async () => {
      await start();
      for (let count = 0; count < 10; count += 1) await ask('POST', '/servers', { ...ORDER, name: `web-${count}`, placement_group: 897 });
      expect((await ask('POST', '/servers', { ...ORDER, name: 'web-10', placement_group: 897 })).body.error.code).to.equal('placement_error');
    });

    it('counts requests, and gives them back one a second', async () => {
      await start({ rateLimit: 3600 });
      const { headers } = await ask('GET', '/locations');
      expect([headers.get('ratelimit-limit'), headers.get('ratelimit-remaining'), headers.get('ratelimit-reset')]).to.deep.equal(['3600', '3599', String(Math.ceil(clock.now() / 1000 + 1))]);
      sim.rate.left = 0;
      expect(await ask('GET', '/locations')).to.deep.include({ status: 429 });
      await clock.advance(1000);
      expect(await ask('GET', '/locations')).to.deep.include({ status: 200 });
    });
  });

  describe('backed by machines', () => {
    afterEach(async () => expect(await closing()).to.equal('quiet'));

    it('boots, reboots and destroys them, and takes their addresses', async () => {
      const done: string[] = [];
      let booted: BackedServer | undefined;
      const backing: ServerBacking = {
        async boot(server) {
          booted = server;
          return { privateAddress: '10.77.0.9', ...(server.publicNet === 'None' ? {} : { publicIPv4: '198.51.100.9' }) };
        },
        powerOff: async (id) => void done.push(`off ${id}`), powerOn: async (id) => void done.push(`on ${id}`),
        reboot: async (id) => void done.push(`reboot ${id}`), destroy: async (id) => void done.push(`destroy ${id}`),
      };
      await start({ backing });
      const { body: { server: { id } } } = await ask('POST', '/servers', { ...ORDER, networks: [4711], ssh_keys: [2323], user_data: '#cloud-config\n' });
      await sim.project.settled();
      await clock.advance(4000);
      const { body: { server } } = await ask('GET', `/servers/${id}`);
      expect([server.status, server.private_net[0].ip, server.public_net.ipv4.ip]).to.deep.equal(['running', '10.77.0.9', '198.51.100.9']);
      expect(booted).to.deep.include({ id, name: 'web-1', userData: '#cloud-config\n', image: 'docker-ce', serverType: 'cpx11', location: 'nbg1', publicNet: 'IPv4' });
      expect(booted?.authorizedKeys).to.have.length(1);
      for (const command of ['poweroff', 'poweron', 'reboot']) await ask('POST', `/servers/${id}/actions/${command}`);
      await ask('DELETE', `/servers/${id}`);
      await sim.project.settled();
      expect(done).to.deep.equal([`off ${id}`, `on ${id}`, `reboot ${id}`, `destroy ${id}`]);
    });

    it('ends the action in an error where none can be made', async () => {
      const never = async (): Promise<void> => undefined;
      await start({ backing: { boot: () => Promise.reject(new Error('no namespace left')), powerOff: never, powerOn: never, reboot: never, destroy: never } });
      const { body: { action } } = await ask('POST', '/servers', ORDER);
      await sim.project.settled();
      const { body } = await ask('GET', `/actions/${action.id}`);
      expect(body.action).to.deep.include({ status: 'error', error: { code: 'server_error', message: 'no namespace left' } });
    });
  });
});

describe('faults of the simulator', () => {
  it('by seed are the same again, and about as many as asked for', () => {
    const run = (seed: number): (string | undefined)[] => {
      const faults = createFaults();
      faults.seed(seed, 0.3, { 'POST /servers': [{ kind: 'LoseReply' }, { kind: 'ActionNeverEnds' }], '*': [{ kind: 'Slow', milliseconds: 10 }] });
      return Array.from({ length: 1000 }, () => faults.meet('POST /servers')?.kind);
    };
    expect(run(7)).to.deep.equal(run(7));
    expect(run(7)).to.not.deep.equal(run(8));
    expect(run(7).filter((kind) => kind !== undefined)).to.have.length.within(250, 350);
    expect(new Set(run(7))).to.deep.equal(new Set([undefined, 'LoseReply', 'ActionNeverEnds', 'Slow']));
  });

  it('by script come first, as often as written', () => {
    const faults = createFaults();
    faults.script('GET /servers', { kind: 'LoseReply' }, 2);
    expect(['GET /actions', 'GET /servers', 'GET /servers', 'GET /servers'].map((call) => faults.meet(call)?.kind)).to.deep.equal([undefined, 'LoseReply', 'LoseReply', undefined]);
  });
});

describe('label selectors of the simulator', () => {
  const labels = { app: 'shop', tier: 'web' };
  const ROWS: [selector: string, matches: boolean | undefined][] = [
    ['app==shop', true], ['app=shop', true], ['app!=shop', false], ['app', true], ['!app', false], ['!other', true], ['app in (shop,blog)', true], ['app notin (shop,blog)', false],
    ['app==shop,tier==db', false], ['app in (shop,blog),tier', true], ['app==shop,', undefined], ['a b', undefined],
  ];
  for (const [selector, matches] of ROWS) it(`${selector} ${matches === undefined ? 'is none' : matches ? 'matches' : 'does not match'}`, () => expect(selectorOf(selector)?.(labels)).to.equal(matches));
});
