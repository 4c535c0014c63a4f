import { expect } from 'chai';
import { classOf } from '../../../../controller/model/index.ts';
import type { Fault } from '../../../support/cloud-sim/faults.ts';
import { type HetznerWorld, hetznerSuite, requestOf, startWorld } from './world.ts';

const HOSTS = ['a', 'b', 'c', 'd'];
const SEEDS = Number(process.env['KAMAL_AUTOSCALER_SEEDS'] ?? 25);

const ANYWHERE: Fault[] = [
  { kind: 'Refuse', status: 502, code: 'bad_gateway' }, { kind: 'Refuse', status: 409, code: 'conflict' }, { kind: 'Refuse', status: 429, code: 'rate_limit_exceeded' },
  { kind: 'Garbage', status: 404, body: '404 page not found', effect: 'None' }, { kind: 'Garbage', status: 200, body: '{"servers": null}', effect: 'Done' },
  { kind: 'LoseReply' }, { kind: 'Hang', effect: 'None' }, { kind: 'Hang', effect: 'Done' }, { kind: 'Slow', milliseconds: 3000 },
];
const FAULTS: Record<string, Fault[]> = {
  '*': ANYWHERE,
  'POST /servers': [
    { kind: 'LoseReply' }, { kind: 'Hang', effect: 'Done' }, { kind: 'Garbage', status: 504, body: '<html>timeout</html>', effect: 'Done' },
    { kind: 'Refuse', status: 412, code: 'resource_unavailable' }, { kind: 'ActionNeverEnds' }, { kind: 'ActionFails', code: 'server_error', message: 'the hypervisor is gone' },
  ],
  'DELETE /servers/{id}': [{ kind: 'DeleteForgotten' }, { kind: 'LoseReply' }, { kind: 'Refuse', status: 423, code: 'locked' }],
};

/** What may be told; anything else is a mistake of the adapter's. */
const EXPECTED = new Set(['done', 'Capacity', 'Transient', 'Unavailable', 'OutcomeUnknown', 'RateLimited', 'Invalid', 'NotFound', 'AlreadyExists']);

hetznerSuite('a Hetzner on which half of all goes wrong', function () {
  this.timeout(60_000);
  let world: HetznerWorld;
  afterEach(() => world.end());

  /** The end of a call for which simulated time must pass. */
  async function ended<T>(call: Promise<T>): Promise<{ outcome: string; answer?: T }> {
    let result: { outcome: string; answer?: T } | undefined;
    void call.then((answer) => { result = { outcome: 'done', answer }; }, (error: unknown) => { result = { outcome: classOf(error) }; });
    return world.until('the call ends', () => result);
  }
  /** Which hosts have a server, where the list can be had. */
  async function listed(): Promise<ReadonlyMap<string, number> | undefined> {
    const { outcome, answer } = await ended(world.provider.list('home'));
    expect([...EXPECTED]).to.include(outcome);
    const counts = new Map<string, number>();
    for (const { owner } of answer?.servers ?? []) counts.set(owner.hostID, (counts.get(owner.hostID) ?? 0) + 1);
    return answer === undefined ? undefined : counts;
  }
  const there = (): string[] => [...world.sim.project.servers.values()].map(({ name }) => name).toSorted();

  for (let seed = 1; seed <= SEEDS; seed += 1) {
    it(`buys each host one server and leaves none behind, seed ${seed}`, async () => {
      world = await startWorld();
      world.sim.faults.seed(seed, 0.5, FAULTS);
      for (let round = 0; round < 25; round += 1) {
        if (round === 20) world.sim.faults.clear();
        const known = await listed();
        const missing = known === undefined ? [] : HOSTS.filter((host) => !known.has(host));
        if (round > 20 && missing.length === 0) break;
        for (const { outcome } of await Promise.all(missing.map((host) => ended(world.provider.create(requestOf(host)))))) expect([...EXPECTED]).to.include(outcome);
        expect(new Set(there()).size, 'names are unique').to.equal(there().length);
        // The settle time, after which an absence is one.
        await world.clock.advance(10_000);
      }
      expect(there()).to.deep.equal(HOSTS.map((host) => `web-${host}`));

      world.sim.faults.seed(seed + 1000, 0.5, FAULTS);
      for (let round = 0; round < 25 && there().length > 0; round += 1) {
        if (round === 20) world.sim.faults.clear();
        const { answer } = await ended(world.provider.list('home'));
        for (const { outcome } of await Promise.all((answer?.servers ?? []).map((server) => ended(world.provider.delete(server))))) expect([...EXPECTED]).to.include(outcome);
        await world.clock.advance(5_000);
      }
      expect(there()).to.deep.equal([]);
    });
  }
});
