/** The worlds and clocks that other suites rely on do what those suites take for granted. */
import { expect } from 'chai';
import type { Endpoint, Membership } from '../../../controller/model/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import { instrumented } from '../../support/instrumented.ts';
import { createMemoryWorld } from '../../support/memory-world.ts';

const start = Date.UTC(2026, 0, 1);
const loadBalancer = { traefik: { service: 'web', apiURLs: ['http://lb1', 'http://lb2'], strategy: 'p2c' as const, entryPoint: 'websecure' } };
const membership = (generation: number, endpoints: readonly Endpoint[]): Membership => ({
  generation,
  pools: [{
    pool: { namespace: 'default', name: 'web' }, service: 'web', strategy: 'p2c', emptyWanted: endpoints.length === 0,
    healthCheck: { path: '/up', intervalSeconds: 3, timeoutSeconds: 2 },
    members: endpoints.map(({ address, ports }) => ({ name: `${ports.http}`, address, port: ports.http, kind: 'Fixed' })),
  }],
});

describe('simulated clock', () => {
  it('ends sleeps in the order of their time, with all that each sets off', async () => {
    const clock = createSimulatedClock(start);
    const seen: string[] = [];
    const note = async (name: string, ...waits: number[]): Promise<void> => {
      for (const wait of waits) {
        await clock.sleep(wait);
        seen.push(`${name} ${clock.now() - start}`);
      }
    };
    void note('late', 300);
    void note('twice', 100, 100);
    void note('once', 100);
    expect(clock.nextWake()).to.equal(start + 100);
    await clock.advance(250);
    expect(seen).to.deep.equal(['twice 100', 'once 100', 'twice 200']);
    expect(clock.now()).to.equal(start + 250);
    await clock.advance(50);
    expect(seen.at(-1)).to.equal('late 300');
    expect(clock.nextWake()).to.equal(undefined);
  });

  it('ends a sleep early when its signal aborts', async () => {
    const clock = createSimulatedClock(start);
    const stop = new AbortController();
    const slept = clock.sleep(1000, stop.signal);
    stop.abort();
    await slept;
    await clock.sleep(1000, stop.signal);
    expect(clock.now()).to.equal(start);
  });
});

describe('system clock', () => {
  it('sleeps, and ends early without an error when the signal aborts', async () => {
    const before = systemClock.now();
    await systemClock.sleep(5);
    expect(systemClock.now() - before).to.be.at.least(4);
    const stop = new AbortController();
    // Longer than a timer of the platform can be set for: it must not end at once either.
    let over = false;
    const slept = systemClock.sleep(2 ** 40, stop.signal).then(() => { over = true; });
    await systemClock.sleep(5);
    expect(over).to.equal(false);
    stop.abort();
    await slept;
    await systemClock.sleep(60_000, stop.signal);
  });
});

describe('world in memory', () => {
  function worldOfTwo() {
    const clock = createSimulatedClock(start);
    const world = createMemoryWorld({ clock });
    return { clock, world, one: world.addFixedHost('one', 'v1'), two: world.addFixedHost('two', 'v1') };
  }
  const listing = async (world: ReturnType<typeof worldOfTwo>['world']) =>
    (await world.loadBalancer.confirm(loadBalancer)).map((answer) => (answer.kind === 'Listing' ? answer.servers.map(({ state }) => state) : answer.kind));

  it('takes a document after a poll, calls a dead member down after a health interval, and forgets it when told', async () => {
    const { clock, world, one, two } = worldOfTwo();
    await world.loadBalancer.apply(membership(1, [one, two]));
    expect(await listing(world)).to.deep.equal([[], []]);
    await clock.advance(1000);
    expect(await listing(world)).to.deep.equal([['Up', 'Up'], ['Up', 'Up']]);
    world.kill('two');
    await clock.advance(2999);
    expect(await listing(world)).to.deep.equal([['Up', 'Up'], ['Up', 'Up']]);
    await clock.advance(1);
    world.silentInstances.add('http://lb2');
    expect(await listing(world)).to.deep.equal([['Up', 'Down'], 'Unknown']);
    await world.loadBalancer.apply(membership(1, []));
    await clock.advance(1000);
    expect(world.served()?.generation).to.equal(1);
    await world.loadBalancer.apply(membership(2, [one]));
    await clock.advance(1000);
    expect((await listing(world))[0]).to.deep.equal(['Up']);
    expect(world.dropped).to.deep.equal([]);
  });

  it('drops nothing when a host leaves in the right order', async () => {
    const { clock, world, one, two } = worldOfTwo();
    await world.loadBalancer.apply(membership(1, [one, two]));
    await clock.advance(10_000);
    expect(await world.probe.inFlight(two)).to.deep.equal({ kind: 'Count', requests: 1 });
    await world.loadBalancer.apply(membership(2, [one]));
    await clock.advance(1000);
    const quiesced = world.control.quiesce(two, 60);
    expect(await world.probe.inFlight(two)).to.deep.equal({ kind: 'Count', requests: 1 });
    await clock.advance(5000);
    await quiesced;
    await world.control.stop(two);
    await world.table.stop('fixed-two');
    expect(world.dropped).to.deep.equal([]);
  });

  const mistakes: [what: string, dropped: RegExp, act: (of: ReturnType<typeof worldOfTwo>) => Promise<void>][] = [
    ['a stop of a listed host', /two was stopped while .* listed/, ({ world, two }) => world.control.stop(two)],
    ['a quiesce of a listed host', /two was quiesced while .* listed/, async ({ world, two }) => { void world.control.quiesce(two, 60); }],
    ['the delete of a listed host', /two was deleted while .* listed/, ({ world }) => world.table.stop('fixed-two')],
    ['a stop with requests in flight', /two was stopped with requests in flight/, async ({ world, clock, one, two }) => {
      await world.loadBalancer.apply(membership(2, [one]));
      await clock.advance(1000);
      await world.control.stop(two);
    }],
    ['a member that does not answer', /was made a member before it answered/, async ({ world, clock, one, two }) => {
      await world.table.start({ id: 'x', name: 'x', placement: 'here', createdAt: clock.now(), bootMilliseconds: 1000 });
      const endpoint = { address: '127.0.0.1', ports: world.hosts().at(-1)?.ports ?? one.ports };
      await world.loadBalancer.apply(membership(2, [one, two, endpoint]));
    }],
  ];
  for (const [what, dropped, act] of mistakes) {
    it(`notes ${what}`, async () => {
      const scene = worldOfTwo();
      await scene.world.loadBalancer.apply(membership(1, [scene.one, scene.two]));
      await scene.clock.advance(10_000);
      await act(scene);
      expect(scene.world.dropped).to.have.length(1);
      expect(scene.world.dropped[0]).to.match(dropped);
    });
  }
});

describe('instrumented port', () => {
  it('fails before the effect or after it, as the hooks want', async () => {
    const effects: string[] = [];
    const port = { name: 'Local', create: async (what: string) => { effects.push(what); return what; }, isLeader: () => true };
    const calls: string[] = [];
    const seen = instrumented('cloud', port, {
      before({ port: name, method, arguments: [what] }) {
        calls.push(`${name}.${method} ${String(what)}`);
        if (what === 'before') throw new Error('stopped before');
      },
      after({ arguments: [what] }) {
        if (what === 'after') throw new Error('stopped after');
      },
    });
    expect(seen.name).to.equal('Local');
    expect(seen.isLeader()).to.equal(true);
    expect(await seen.create('plain')).to.equal('plain');
    expect(await seen.create('before').catch(String)).to.equal('Error: stopped before');
    expect(await seen.create('after').catch(String)).to.equal('Error: stopped after');
    expect(effects).to.deep.equal(['plain', 'after']);
    expect(calls).to.deep.equal(['cloud.create plain', 'cloud.create before', 'cloud.create after']);
  });
});
