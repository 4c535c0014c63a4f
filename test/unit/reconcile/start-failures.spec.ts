import { expect } from 'chai';
import type { HostPool, KamalHost } from '../../../controller/api/index.ts';
import { fromTimestamp, toTimestamp } from '../../../controller/model/index.ts';
import { learnBoots, startTimeoutSeconds } from '../../../controller/reconcile/boots.ts';
import { startBackoffSeconds } from '../../../controller/reconcile/start-failures.ts';
import { poolDraft } from '../../support/drafts.ts';
import { type Bench, START, WEB, createBench, hostOf, poolOf } from './bench.ts';

describe('failed starts', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = createBench();
    await bench.put('HostPool', poolDraft('default', 'web', {
      replicas: 1, placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 1000 } }],
      loadBalancer: undefined, roleKind: 'Job', limits: { startTimeoutSeconds: 30, startBackoffSeconds: 20 },
    } as never));
  });

  const failures = async (): Promise<number> => (await bench.pool()).status?.startFailures ?? 0;
  const backoffSeconds = async (): Promise<number> => ((fromTimestamp((await bench.pool()).status?.startBackoffUntil) ?? NaN) - bench.clock.now()) / 1000;

  it('hold the next purchase back, twice as long each time, and the pool says so', async () => {
    bench.faults = [{ kind: 'NeverBoots' }, { kind: 'NeverBoots' }];
    await bench.drive('the first start failed', async () => await failures() === 1);
    expect(await backoffSeconds()).to.be.within(19, 20);
    await bench.drive('its server is gone', async () => bench.world.hosts().length === 0);
    const { status } = await bench.pool();
    expect(status).to.include({ state: 'Stuck' });
    expect(status?.reason).to.include(`1 failed starts, next not before ${status?.startBackoffUntil}`);
    const [event] = await bench.events('HostPool');
    expect(event).to.match(/^StartFailed: web-0-\w+ did not come into service \(\w+\): .+; next start not before /);
    expect(await bench.context.meters.registry.metrics()).to.match(/kamal_autoscaler_start_failures_total{pool="default\/web",reason="\w+"} 1/);

    const heldUntil = fromTimestamp(status?.startBackoffUntil) ?? NaN;
    await bench.drive('the next create', async () => bench.creates.length === 2);
    expect(bench.clock.now()).to.be.at.least(heldUntil);
    await bench.drive('the second start failed', async () => await failures() === 2);
    expect(await backoffSeconds()).to.be.within(39, 40);
  });

  it('are forgotten once a host has served for ten minutes; their pause ends with its first second, and its boot is learned', async () => {
    bench.faults = [{ kind: 'NeverBoots' }];
    await bench.drive('the first start failed', async () => await failures() === 1);
    await bench.drive('a host serves', async () => (await bench.pool()).status?.readyReplicas === 1);
    const { status } = await bench.pool();
    expect(status).to.not.have.property('startBackoffUntil');
    expect(status?.bootSeconds).to.have.length(1);
    expect(status?.placementBoots).to.deep.equal([{ placement: 'here', bootSeconds: status?.bootSeconds }]);
    expect(status?.state).to.equal('Steady');
    expect(await failures()).to.equal(1);
    await bench.clock.advance(595_000);
    await bench.pass('Pool', WEB);
    expect(await failures()).to.equal(1);
    await bench.clock.advance(5000);
    await bench.pass('Pool', WEB);
    expect(await failures()).to.equal(0);
  });

  it('back off up to an hour and no further', () => {
    expect([1, 2, 3, 4].map((count) => startBackoffSeconds(count, 30))).to.deep.equal([30, 60, 120, 240]);
    expect(startBackoffSeconds(9, 30)).to.equal(3600);
    expect(startBackoffSeconds(10_000, 30)).to.equal(3600);
    expect(startBackoffSeconds(0, 30)).to.equal(30);
  });
});

describe('boot times', () => {
  const at = (seconds: number): string => toTimestamp(START + seconds * 1000);
  const served = (name: string, seconds: number, placement = 'here'): KamalHost => hostOf(name, { phase: 'InService', bootedAt: at(seconds), placement });

  it('are learned once a boot, in the order of their end', () => {
    const first = learnBoots(poolOf('web'), [served('b', 40.25), served('a', 12)]);
    expect(first.status).to.include({ lastBootAt: at(40.25) }).and.deep.include({ bootSeconds: [12, 40.3] });
    expect(learnBoots(first, [served('a', 12), served('b', 40.25)])).to.equal(first);
    expect(learnBoots(first, [served('a', 12), served('b', 40.25), served('c', 50)]).status?.bootSeconds).to.deep.equal([12, 40.3, 50]);
  });

  it('set the start deadline of their placement, within the limits of the pool', () => {
    const pool = (over: object, spec: object = {}): HostPool => ({ ...poolOf('web', { limits: { startTimeoutSeconds: 100, maxStartTimeoutSeconds: 400, ...spec } as never }), status: over });
    const slow = { placementBoots: [{ placement: 'slow', bootSeconds: [90, 110, 30] }, { placement: 'stuck', bootSeconds: [300] }, { placement: 'quick', bootSeconds: [5] }] };
    const rows: [title: string, pool: HostPool, placement: string | undefined, seconds: number][] = [
      ['nothing learned', pool({}), 'slow', 100],
      ['no placement yet', pool(slow), undefined, 100],
      ['three times the longest', pool(slow), 'slow', 330],
      ['not beyond the limit', pool(slow), 'stuck', 400],
      ['never less than written', pool(slow), 'quick', 100],
      ['half as long again after a failed start', pool({ startFailures: 1 }), 'slow', 150],
      ['and again', pool({ startFailures: 3 }), 'slow', 338],
      ['what was slow does not add up with what failed', pool({ ...slow, startFailures: 1 }), 'slow', 330],
      ['a limit below what is written: as written', pool(slow, { maxStartTimeoutSeconds: 60 }), 'slow', 100],
    ];
    for (const [title, given, placement, seconds] of rows) expect(startTimeoutSeconds(given, placement), title).to.equal(seconds);
  });

  it('are the last twenty', () => {
    const hosts = Array.from({ length: 25 }, (_, index) => served(`h${index}`, index + 1));
    expect(learnBoots(poolOf('web'), hosts).status?.bootSeconds).to.deep.equal(hosts.slice(5).map((_, index) => index + 6));
  });

  it('are nothing while no host came into service', () => {
    const pool = poolOf('web');
    expect(learnBoots(pool, [hostOf('a', { phase: 'Deploying' })])).to.equal(pool);
  });
});
