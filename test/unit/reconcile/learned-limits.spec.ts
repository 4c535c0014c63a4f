import { expect } from 'chai';
import { type ErrorClass, seconds, toTimestamp } from '../../../controller/model/index.ts';
import type { Placement } from '../../../controller/ports/index.ts';
import { choosePlacement } from '../../../controller/reconcile/choose-placement.ts';
import { type Limits, askedFor, pauseOf, pausesPlacement, pruneLimits, quotaOf, withPause, withQuota, withoutCapacityPauses } from '../../../controller/reconcile/learned-limits.ts';
import { emptyLedger } from '../../../controller/reconcile/ledger.ts';
import { START, poolOf } from './bench.ts';

const cloud = (name: string, location: string): Placement => ({ name, provider: 'Hetzner', hetzner: { serverType: 'cpx11', location, image: 'docker-ce', publicNetwork: 'Both' } });
const paused = (limits: Limits, asked: string): number => ((pauseOf(limits, asked, START)?.untilAt ?? START) - START) / 1000;

describe('what one host learned', () => {
  it('pauses a placement without capacity for longer with each time in a row', () => {
    let limits: Limits | undefined;
    const pauses = Array.from({ length: 7 }, () => paused(limits = withPause(limits, 'x', 'Capacity', 'none left', START), 'x'));
    expect(pauses).to.deep.equal([30, 60, 120, 240, 480, 600, 600]);
  });

  it('pauses what a person must mend for a minute each time', () => {
    const once = withPause(undefined, 'x', 'Invalid', 'no such image', START);
    expect([paused(once, 'x'), paused(withPause(once, 'x', 'Invalid', 'no such image', START), 'x')]).to.deep.equal([60, 60]);
  });

  it('pauses at once what the same call would meet again, and an API that takes no orders after three', () => {
    const pauses = (errorClass: ErrorClass): number | undefined => [1, 2, 3].find((attempts) => pausesPlacement(errorClass, attempts));
    const cases: [ErrorClass, number | undefined][] = [
      ['Capacity', 1], ['Invalid', 1], ['Forbidden', 1], ['Unauthorized', 1], ['Unavailable', 3], ['OutcomeUnknown', 3], ['Transient', undefined], ['RateLimited', undefined], ['Quota', undefined],
    ];
    for (const [errorClass, attempts] of cases) expect(pauses(errorClass), errorClass).to.equal(attempts);
  });

  it('is over when its time is', () => {
    const limits = withQuota(withPause(undefined, 'x', 'Capacity', 'm', START), 'Hetzner', 7, 'm', START);
    expect(pauseOf(limits, 'x', START + seconds(30))).to.equal(undefined);
    expect(quotaOf(limits, 'Hetzner', START + seconds(899))).to.include({ servers: 7 });
    expect(quotaOf(limits, 'Hetzner', START + seconds(900))).to.equal(undefined);
    expect(pruneLimits(limits, START + seconds(900))).to.deep.include({ quotas: {} });
    expect(pruneLimits(limits, START + seconds(900)).pauses, 'the row is remembered').to.have.all.keys('x');
    expect(pruneLimits(limits, START + seconds(4000))).to.deep.equal({ quotas: {}, pauses: {} });
  });

  it('is of what is asked for, not of names', () => {
    expect(askedFor(cloud('a', 'nbg1'), 'default/web')).to.equal(askedFor(cloud('b', 'nbg1'), 'default/job'));
    expect(askedFor(cloud('a', 'nbg1'), 'default/web')).to.not.equal(askedFor(cloud('a', 'fsn1'), 'default/web'));
    expect(askedFor({ name: 'here', provider: 'Local' }, 'default/web')).to.not.equal(askedFor({ name: 'here', provider: 'Local' }, 'default/job'));
    const spare = (...machines: string[]): Placement => ({ name: 's', provider: 'Static', static: { machines: machines.map((name) => ({ name, address: name })) } });
    expect(askedFor(spare('m1'), 'p'), 'another machine is another chance').to.not.equal(askedFor(spare('m1', 'm2'), 'p'));
  });

  it('about capacity is forgotten when a machine is given back', () => {
    const limits = withPause(withPause(withPause(undefined, 'Hetzner a b', 'Capacity', 'm', START), 'Hetzner c d', 'Invalid', 'm', START), 'Static p', 'Capacity', 'm', START);
    expect(Object.keys(withoutCapacityPauses(limits, 'Hetzner').pauses)).to.deep.equal(['Hetzner c d', 'Static p']);
  });
});

describe('the choice of a placement', () => {
  const pool = poolOf('web', { placements: [cloud('near', 'nbg1'), cloud('far', 'fsn1'), { name: 'here', provider: 'Local', local: { bootMilliseconds: 0 } }] });
  const [near, far] = pool.spec.placements;
  if (near === undefined || far === undefined) throw new Error('no placements');
  const choose = (limits: Limits | undefined, setUp: readonly string[] = ['Hetzner', 'Local']) =>
    choosePlacement(pool, { ...emptyLedger(), ...(limits === undefined ? {} : { limits }) }, { isSetUp: (name) => setUp.includes(name), away: () => undefined }, START);
  const pause = (limits: Limits | undefined, placement: Placement, message: string): Limits => withPause(limits, askedFor(placement, 'default/web'), 'Capacity', message, START);

  it('is the first in order that nothing stands against', () => {
    expect(choose(undefined)).to.deep.equal({ kind: 'Take', placement: near });
    expect(choose(pause(undefined, near, 'none left'))).to.deep.equal({ kind: 'Take', placement: far });
    expect(choose(undefined, ['Local'])).to.deep.include({ kind: 'Take', placement: pool.spec.placements[2] });
    expect(choose(withQuota(undefined, 'Hetzner', 0, 'full', START))).to.deep.include({ kind: 'Take', placement: pool.spec.placements[2] });
  });

  it('is none while all are paused: the first that may be asked again, and what stands against each', () => {
    const limits = pause(pause(pause(undefined, near, 'old'), near, 'none left'), far, 'none here');
    expect(choose(limits, ['Hetzner'])).to.deep.equal({
      kind: 'Wait', placement: far, class: 'Capacity', until: START + seconds(30),
      message: 'near: none left; far: none here; provider Local of placement here is not set up in this installation',
    });
  });

  it('says when a quota is asked for again', () => {
    const limits = withQuota(undefined, 'Hetzner', 0, 'server limit exceeded', START);
    const choice = choose(limits, ['Hetzner']);
    expect(choice).to.include({ kind: 'Wait', class: 'Invalid', until: START + seconds(60) });
    expect('message' in choice && choice.message).to.include(`near: Hetzner refuses more than the 0 servers that are there; it is asked again when one has left, or at ${toTimestamp(START + seconds(900))}: server limit exceeded`);
  });
});
