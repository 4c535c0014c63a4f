import { expect } from 'chai';
import { seconds } from '../../../controller/model/index.ts';
import { emptyLedger, markAlive, prune, release, reserve } from '../../../controller/reconcile/ledger.ts';
import { learnBoots } from '../../../controller/reconcile/boots.ts';
import { pauseOf, quotaOf, withPause, withQuota } from '../../../controller/reconcile/learned-limits.ts';
import { presentHostTimes, presentPoolTimes } from '../../../controller/reconcile/present-times.ts';
import { poolDraft } from '../../support/drafts.ts';
import { POOL_NEEDS } from '../../support/pool-needs.ts';
import { type Bench, START, WEB, createBench, hostOf, poolOf } from './bench.ts';

const YEAR = seconds(366 * 24 * 3600);
const LOCAL = { name: 'here', provider: 'Local' as const, local: { bootMilliseconds: 1000 } };

describe('a clock that goes a year ahead, and comes back', () => {
  let bench: Bench;
  /** How far ahead the controller's clock is; the world's is right. */
  let wrong: number;
  beforeEach(async () => {
    wrong = 0;
    bench = createBench({}, 'Local', () => wrong);
    const { address, ports } = bench.world.addFixedHost('primary', 'v1');
    await bench.put('HostPool', poolDraft('default', 'web', {
      replicas: 3, fixedHosts: [{ name: 'primary', address, ports }], placements: [LOCAL], health: { intervalSeconds: 1, unhealthyAfterSeconds: 5 }, drain: { timeoutSeconds: 2 }, limits: { startTimeoutSeconds: 60 },
    } as never));
    await serve(3);
  });

  const serve = (count: number): Promise<void> => bench.drive(`${count} serve`, async () => (await bench.pool()).status?.readyReplicas === count && (await bench.hosts()).length === count - 1);
  const passTime = (forSeconds: number): Promise<void> => {
    const until = bench.clock.now() + seconds(forSeconds);
    return bench.drive('time passes', async () => bench.clock.now() >= until);
  };
  const members = (): number => bench.world.served()?.pools[0]?.members.length ?? 0;
  const ahead = (): void => void (wrong = YEAR);
  const back = (): void => void (wrong = 0);

  it('drains, deletes, sweeps and buys nothing, there or on the way back', async () => {
    const before = (await bench.hosts()).map(({ spec }) => spec.hostID);
    ahead();
    await passTime(30);
    await bench.pass('Orphans');
    back();
    await passTime(60);
    await bench.pass('Orphans');
    expect((await bench.hosts()).map(({ spec, status }) => [spec.hostID, spec.intent, status?.phase])).to.deep.equal(before.map((id) => [id, 'Serve', 'InService']));
    expect([bench.creates.length, members()]).to.deep.equal([2, 3]);
    expect(bench.world.dropped).to.deep.equal([]);
  });

  it('leaves nothing that waits for a year: what was bought, refused or drained there goes on in its own time', async () => {
    ahead();
    bench.faults = [{ kind: 'Refused', class: 'Capacity' }, { kind: 'NeverBoots' }];
    await bench.store.scale(WEB, 5);
    await bench.drive('one is refused and one never boots', async () => bench.creates.length >= 4);
    back();
    await bench.drive('all are there after a start deadline and a pause', async () => (await bench.pool()).status?.readyReplicas === 5);
    ahead();
    await bench.store.scale(WEB, 2);
    await bench.drive('they begin to leave', async () => (await bench.hosts()).some(({ status }) => status?.phase === 'Draining'));
    back();
    await serve(2);
    expect(members()).to.equal(2);
    expect(bench.world.hosts().map(({ order }) => order.name)).to.have.length(2);
    await bench.store.scale(WEB, 4);
    await serve(4);
    expect((await bench.pool()).status?.bootSeconds?.every((boot) => boot < 7200)).to.equal(true);
  });

  it('a server that was seen unowned there is swept in its time', async () => {
    const server = await bench.context.providers.Local!.create({ name: 'web-9-lost', placement: LOCAL, owner: { installation: 'test', pool: WEB, hostID: 'lost' }, pool: POOL_NEEDS });
    await bench.context.gate.noteAlive('lost', WEB, server);
    const there = (): boolean => bench.world.hosts().some(({ order }) => order.name === 'web-9-lost');
    const look = async (): Promise<void> => {
      bench.context.servers.forget('Local');
      await bench.pass('Orphans');
    };
    ahead();
    await look();
    back();
    await look();
    expect(there()).to.equal(true);
    await bench.clock.advance(seconds(601));
    await look();
    expect(there()).to.equal(false);
  });

  it('the ledger forgets months that have not come', () => {
    const price = { currency: 'EUR', hour: 0.01 };
    const bought = markAlive(reserve(emptyLedger(), 'a', WEB, 'Local', 'here', { kind: 'Priced', price, billing: 'Second' } as never, START), 'a', WEB, { provider: 'Local', placement: 'here', createdAt: START });
    const gone = release(bought, 'a', START + YEAR);
    expect(Object.keys(gone.hostHours)).to.have.length(13);
    const now = START + seconds(60);
    expect(Object.keys(prune(gone, now).hostHours)).to.deep.equal(['2026-01']);
    expect(Object.keys(prune(gone, now).spent ?? {})).to.deep.equal(['2026-01']);
  });

  it('a pool forgets pauses and holds until then, and learns no boot that took a year', () => {
    const then = new Date(START + YEAR).toISOString();
    const now = new Date(START).toISOString();
    const pool = { ...poolOf('web'), status: { startFailures: 2, startBackoffUntil: then, lastBootAt: then, lastStartFailureAt: then, joinHold: { host: 'web-0', version: 'v1', since: then, until: then, reason: 'errors' } } };
    expect(presentPoolTimes(pool, START)).to.deep.equal({ startFailures: 2, lastBootAt: now, lastStartFailureAt: now });
    const young = { ...pool, status: { startBackoffUntil: new Date(START + seconds(3600)).toISOString() } };
    expect(presentPoolTimes(young, START), 'the longest pause there is').to.equal(undefined);
    expect(learnBoots(poolOf('web'), [hostOf('web-0', { bootedAt: then }), hostOf('web-1', { bootedAt: new Date(START + seconds(90)).toISOString() })]).status?.bootSeconds).to.deep.equal([90]);
  });

  it('what providers refused there holds no placement up', () => {
    const limits = withQuota(withPause(undefined, 'x', 'Capacity', 'none left', START + YEAR), 'Local', 2, 'full', START + YEAR);
    expect([pauseOf(limits, 'x', START), quotaOf(limits, 'Local', START)]).to.deep.equal([undefined, undefined]);
  });

  it('times of a host that are to come count from now, and pauses until then are over', () => {
    const then = new Date(START + YEAR).toISOString();
    const now = new Date(START).toISOString();
    const soon = new Date(START + seconds(1800)).toISOString();
    const status = { phase: 'Draining', phaseSince: then, unlistedSince: then, drainDeadline: then, nextAttemptAt: then, leftServiceAt: [now, then], inServiceAt: now, operation: { id: 'x', kind: 'Stop', startedAt: then } } as const;
    expect(presentHostTimes(hostOf('web-0', status as never), START)).to.deep.equal({ phase: 'Draining', phaseSince: now, unlistedSince: now, leftServiceAt: [now], inServiceAt: now, operation: { id: 'x', kind: 'Stop', startedAt: now } });
    expect(presentHostTimes(hostOf('web-0', { phase: 'Provisioning', phaseSince: now, nextAttemptAt: soon }), START), 'a pause that may be as long as that').to.equal(undefined);
  });
});
