import { inspect } from 'node:util';
import { expect } from 'chai';
import { type ErrorClass, classOf } from '../../../../controller/model/index.ts';
import type { Fault } from '../../../support/cloud-sim/faults.ts';
import { refused } from '../../../support/refused.ts';
import { type DigitalOceanWorld, digitalOceanSuite, ownerOf, requestOf, startWorld } from './world.ts';

/** What each refusal means for a create call, for a look and for a change. */
const REFUSALS: [status: number, id: string, message: string, create: ErrorClass, look: ErrorClass, change: ErrorClass][] = [
  [400, 'bad_request', 'bad JSON', 'Invalid', 'Invalid', 'Invalid'],
  [401, 'unauthorized', 'Unable to authenticate you', 'Unauthorized', 'Unauthorized', 'Unauthorized'],
  [403, 'forbidden', 'You do not have access for the attempted action.', 'Unauthorized', 'Unauthorized', 'Unauthorized'],
  [404, 'not_found', 'The resource you were accessing could not be found.', 'Invalid', 'NotFound', 'NotFound'],
  [409, 'conflict', 'in use', 'Transient', 'Transient', 'Transient'],
  [422, 'unprocessable_entity', 'creating this/these droplet(s) will exceed your droplet limit', 'Quota', 'Quota', 'Quota'],
  [422, 'unprocessable_entity', 'Size is temporarily unavailable in this region', 'Capacity', 'Capacity', 'Capacity'],
  [422, 'unprocessable_entity', 'Size is not available in this region.', 'Capacity', 'Capacity', 'Capacity'],
  [422, 'unprocessable_entity', 'This size is currently restricted, please open a ticket to unlock', 'Forbidden', 'Forbidden', 'Forbidden'],
  [422, 'unprocessable_entity', 'The image you specified is not available in the selected region', 'Invalid', 'Invalid', 'Invalid'],
  [422, 'unprocessable_entity', 'Droplet already has a pending event.', 'Transient', 'Transient', 'Transient'],
  [422, 'unprocessable_entity', 'Name Only valid hostname characters are allowed.', 'Invalid', 'Invalid', 'Invalid'],
  [429, 'too_many_requests', 'API rate limit exceeded', 'RateLimited', 'RateLimited', 'RateLimited'],
  [500, 'server_error', 'Unexpected server-side error', 'OutcomeUnknown', 'Unavailable', 'Unavailable'],
  [503, 'service_unavailable', 'maintenance', 'OutcomeUnknown', 'Unavailable', 'Unavailable'],
  [418, 'what_nobody_has_seen', 'teapot', 'Unrecognised', 'Unrecognised', 'Unrecognised'],
];

digitalOceanSuite('refusals of DigitalOcean', () => {
  let world: DigitalOceanWorld;
  beforeEach(async () => { world = await startWorld(); });
  afterEach(() => world.end());

  for (const [status, id, message, create, look, change] of REFUSALS) {
    it(`${status} ${message}: create ${create}, look ${look}, change ${change}`, async () => {
      const server = await world.provider.create(requestOf('a'));
      const fault: Fault = { kind: 'Refuse', status, code: id, message };
      world.sim.faults.script('POST /v2/droplets', fault);
      const error = await refused(create, world.ended(world.provider.create(requestOf('b'))));
      expect(error.message).to.include(`DigitalOcean answers POST /v2/droplets with ${status} ${id}: ${message}`).and.to.match(/x-request-id [0-9a-f-]{36}/);
      await world.clock.advance(60_000);
      world.sim.faults.script('GET /v2/droplets', fault, 3);
      await refused(look, world.ended(world.provider.list('home')));
      world.sim.faults.clear();
      await world.clock.advance(60_000);
      world.sim.faults.script('DELETE /v2/droplets/{droplet_id}', fault);
      expect(await world.ended(world.provider.delete(server)).then(() => 'done', classOf)).to.equal(id === 'not_found' ? 'done' : change);
    });
  }

  describe('for too many requests', () => {
    it('of one minute are waited for as long as the answer says', async () => {
      world.sim.faults.script('GET /v2/droplets', { kind: 'Refuse', status: 429, code: 'too_many_requests', headers: { 'retry-after': '17' } });
      expect((await refused('RateLimited', world.provider.list('home'))).retryAfterSeconds).to.equal(17);
      const calls = world.sim.calls.length;
      expect((await refused('RateLimited', world.provider.find(ownerOf('a')))).retryAfterSeconds).to.equal(17);
      expect(world.sim.calls.length, 'nothing is sent').to.equal(calls);
      await world.clock.advance(17_000);
      expect((await world.provider.list('home')).servers).to.deep.equal([]);
    });

    it('of one hour are waited for until the oldest counts no more', async () => {
      const reset = String(world.clock.now() / 1000 + 42);
      world.sim.faults.script('GET /v2/droplets', { kind: 'Refuse', status: 429, code: 'too_many_requests', headers: { 'ratelimit-reset': reset } });
      expect((await refused('RateLimited', world.provider.list('home'))).retryAfterSeconds).to.equal(42);
      await world.clock.advance(42_000);
      world.sim.rate.hour.left = 0;
      expect((await refused('RateLimited', world.provider.list('home'))).retryAfterSeconds).to.equal(1);
    });

    it('are seldom: looks leave some of each minute to orders and deletes', async () => {
      let sent = 0;
      while (await world.provider.list('home').then(() => true, () => false)) sent += 1;
      expect(sent).to.be.within(190, 201);
      await world.provider.price?.(requestOf('a').placement).catch(() => undefined);
      expect(world.sim.calls.filter(({ status }) => status === 429)).to.deep.equal([]);
      await world.clock.advance(10_000);
      expect((await world.provider.list('home')).servers).to.deep.equal([]);
    });
  });

  it('tell a token that may only read, and one that is none, without showing it', async () => {
    await world.end();
    world = await startWorld({ readOnlyToken: 'reader-token' });
    for (const [value, call] of [['reader-token', (provider: typeof world.provider) => provider.create(requestOf('a'))], ['wrong-token', (provider: typeof world.provider) => provider.list('home')]] as const) {
      const error = await refused('Unauthorized', world.ended<unknown>(call(world.another({ token: { kind: 'Value', value } }))));
      expect(error.mend).to.include('DIGITALOCEAN_ACCESS_TOKEN');
      expect(inspect(error, { depth: 12, showHidden: true })).to.not.include(value);
    }
    const silent = await world.ended(world.another({ endpoint: 'http://127.0.0.1:1', token: { kind: 'Value', value: 'hidden-token' } }).list('home')).catch((error: unknown) => error);
    expect(classOf(silent)).to.equal('Unavailable');
    expect(inspect(silent, { depth: 12, showHidden: true })).to.not.include('hidden-token');
  });

  it('of a proxy in between are not the API\'s: its 404 deletes nothing', async () => {
    const server = await world.provider.create(requestOf('a'));
    world.sim.faults.script('GET /v2/droplets/{droplet_id}', { kind: 'Garbage', status: 404, body: '404 page not found', effect: 'None' }, 3);
    await refused('Unavailable', world.ended(world.provider.delete(server)));
    world.sim.faults.script('GET /v2/droplets', { kind: 'Garbage', status: 200, body: '{"droplets": {}}', effect: 'None' });
    expect((await refused('Unavailable', world.provider.list('home'))).message).to.include('has no list droplets');
    expect(world.sim.account.droplets.size).to.equal(1);
  });
});
