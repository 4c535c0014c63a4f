import { expect } from 'chai';
import { type ErrorClass, classOf, isClass } from '../../../../controller/model/index.ts';
import { refused } from '../../../support/refused.ts';
import type { Fault } from '../../../support/cloud-sim/faults.ts';
import { type HetznerWorld, NEAR, hetznerSuite, ownerOf, requestOf, startWorld } from './world.ts';

/** What each refusal means for a create call, for a look and for a change. */
const CODES: [status: number, code: string, create: ErrorClass, look: ErrorClass, change: ErrorClass][] = [
  [401, 'unauthorized', 'Unauthorized', 'Unauthorized', 'Unauthorized'],
  [403, 'token_readonly', 'Unauthorized', 'Unauthorized', 'Unauthorized'],
  [403, 'forbidden', 'Forbidden', 'Forbidden', 'Forbidden'],
  [403, 'maintenance', 'Unavailable', 'Unavailable', 'Unavailable'],
  [403, 'resource_limit_exceeded', 'Quota', 'Quota', 'Quota'],
  [404, 'not_found', 'Invalid', 'NotFound', 'NotFound'],
  [409, 'conflict', 'Transient', 'Transient', 'Transient'],
  [412, 'resource_unavailable', 'Capacity', 'Capacity', 'Capacity'],
  [422, 'placement_error', 'Capacity', 'Capacity', 'Capacity'],
  [422, 'invalid_input', 'Invalid', 'Invalid', 'Invalid'],
  [422, 'unsupported_error', 'Invalid', 'Invalid', 'Invalid'],
  [423, 'locked', 'Transient', 'Transient', 'Transient'],
  [423, 'protected', 'Forbidden', 'Forbidden', 'Forbidden'],
  [429, 'rate_limit_exceeded', 'RateLimited', 'RateLimited', 'RateLimited'],
  [500, 'server_error', 'OutcomeUnknown', 'Unavailable', 'Unavailable'],
  [502, 'bad_gateway', 'OutcomeUnknown', 'Unavailable', 'Unavailable'],
  [503, 'unavailable', 'OutcomeUnknown', 'Unavailable', 'Unavailable'],
  [504, 'timeout', 'OutcomeUnknown', 'Unavailable', 'Unavailable'],
  [418, 'what_nobody_has_seen', 'Unrecognised', 'Unrecognised', 'Unrecognised'],
  [412, 'what_nobody_has_seen', 'Unrecognised', 'Unrecognised', 'Unrecognised'],
];

hetznerSuite('refusals of Hetzner', () => {
  let world: HetznerWorld;
  beforeEach(async () => { world = await startWorld(); });
  afterEach(() => world.end());

  /** Lets the waits between retries pass while a call is under way. */
  async function passing<T>(call: Promise<T>): Promise<T> {
    let over = false;
    const ended = call.finally(() => { over = true; });
    ended.catch(() => undefined);
    await world.until('the call ends', () => (over ? true : undefined));
    return ended;
  }

  for (const [status, code, create, look, change] of CODES) {
    it(`${status} ${code}: create ${create}, look ${look}, change ${change}`, async () => {
      const server = await world.provider.create(requestOf('a'));
      const fault: Fault = { kind: 'Refuse', status, code, message: 'as the suite wants it' };
      world.sim.faults.script('POST /servers', fault);
      const error = await refused(create, passing(world.provider.create(requestOf('b'))));
      expect(error.message).to.include(`${status} ${code}`).and.to.match(/as the suite wants it; x-correlation-id [0-9a-f]{16}$/);
      world.sim.rate.left = 3600;
      await world.clock.advance(60_000);
      world.sim.faults.script('GET /servers', fault, 3);
      await refused(look, passing(world.provider.list('home')));
      world.sim.faults.clear();
      await world.clock.advance(3_600_000);
      world.sim.faults.script('DELETE /servers/{id}', fault);
      const outcome = await passing(world.provider.delete(server)).then(() => 'done', classOf);
      expect(outcome).to.equal(code === 'not_found' ? 'done' : change);
    });
  }

  it('names the fields of an invalid input', async () => {
    const { refusalError } = await import('../../../../controller/act/cloud/rest/refusals.ts');
    const { HETZNER } = await import('../../../../controller/act/cloud/hetzner/vendor.ts');
    const fault = HETZNER.faultIn({ error: { code: 'invalid_input', message: 'invalid input in field \'name\'', details: { fields: [{ name: 'name', messages: ['is too long'] }] } } });
    const error = refusalError(HETZNER, { call: 'POST /servers', status: 422, ...fault!, trace: 'x-correlation-id abc', retryAfterSeconds: 1 }, 'Create');
    expect(error.message).to.equal('Hetzner answers POST /servers with 422 invalid_input: invalid input in field \'name\'; fields: name (is too long); x-correlation-id abc');
  });

  it('of a proxy in between are told from the API\'s own', async () => {
    world.sim.faults.script('GET /servers', { kind: 'Garbage', status: 404, body: '<html>not here</html>', effect: 'None' }, 3);
    expect((await refused('Unavailable', passing(world.provider.list('home')))).message).to.include('an answer that is not the API\'s');
    world.sim.faults.script('GET /servers', { kind: 'Garbage', status: 200, body: '<html>welcome</html>', effect: 'None' }, 3);
    await refused('Unavailable', passing(world.provider.list('home')));
    world.sim.faults.script('GET /servers', { kind: 'Garbage', status: 200, body: '{"servers": {}}', effect: 'None' });
    expect((await refused('Unavailable', world.provider.list('home'))).message, 'something else must not pass for an empty list').to.include('has no list servers');
  });

  it('a 404 that is not the API\'s does not make a server deleted', async () => {
    const server = await world.provider.create(requestOf('a'));
    world.sim.faults.script('GET /servers/{id}', { kind: 'Garbage', status: 404, body: '404 page not found', effect: 'None' }, 3);
    await refused('Unavailable', passing(world.provider.delete(server)));
    world.sim.faults.script('DELETE /servers/{id}', { kind: 'Garbage', status: 404, body: '404 page not found', effect: 'None' });
    await refused('Unavailable', world.provider.delete(server));
  });

  it('repeat a look that met a short outage, and never a change', async () => {
    await world.provider.create(requestOf('a'));
    world.sim.faults.script('GET /servers', { kind: 'Refuse', status: 503, code: 'unavailable' }, 2);
    expect((await passing(world.provider.list('home'))).servers).to.have.length(1);
    const [server] = (await world.provider.list('home')).servers;
    if (server === undefined) throw new Error('no server');
    world.sim.faults.script('DELETE /servers/{id}', { kind: 'Refuse', status: 503, code: 'unavailable' });
    await refused('Unavailable', world.provider.delete(server));
    expect(world.sim.calls.filter(({ method }) => method === 'DELETE')).to.have.length(1);
  });

  it('say nothing of the token, however the call fails', async () => {
    const token = 'SECRETSECRETSECRETSECRETSECRETSECRETSECRETSECRETSECRETSECRET1234';
    const failing = [
      world.another({ token: { kind: 'Value', value: token } }),
      world.another({ token: { kind: 'Value', value: token }, endpoint: 'http://127.0.0.1:1/v1' }),
      world.another({ token: { kind: 'Value', value: `${token}\nmore` } }),
    ];
    for (const provider of failing) {
      for (const call of [() => provider.list('home'), () => provider.create(requestOf('a')), () => provider.find(ownerOf('a'))]) {
        const error: unknown = await passing<unknown>(call()).catch((caught: unknown) => caught);
        const { inspect } = await import('node:util');
        expect(isClass(error, 'Unauthorized', 'Unavailable'), String(error)).to.equal(true);
        expect(inspect(error, { depth: 12, showHidden: true })).to.not.include(token);
      }
    }
  });

  it('read the token anew from its file, and name the file when it is of no use', async () => {
    const { mkdtemp, rm, writeFile } = await import('node:fs/promises');
    const { tmpdir } = await import('node:os');
    const { join } = await import('node:path');
    const folder = await mkdtemp(join(tmpdir(), 'hetzner-token-'));
    try {
      const path = join(folder, 'token');
      const provider = world.another({ token: { kind: 'File', path } });
      expect((await refused('Unauthorized', provider.list('home'))).message).to.include(`${path} (HCLOUD_TOKEN_FILE) cannot be read (ENOENT)`);
      await writeFile(path, '\n');
      expect((await refused('Unauthorized', provider.list('home'))).message).to.include('is empty');
      await writeFile(path, 'old\n');
      await refused('Unauthorized', provider.list('home'));
      await writeFile(path, `${world.sim.token}\n`);
      expect((await provider.list('home')).servers).to.deep.equal([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('tell a token that may only read', async () => {
    await world.end();
    world = await startWorld({ readOnlyToken: 'reader' });
    const error = await refused('Unauthorized', world.another({ token: { kind: 'Value', value: 'reader' } }).create(requestOf('a', NEAR)));
    expect(error.mend).to.include('Read & Write');
  });
});
