import { expect } from 'chai';
import fc from 'fast-check';
import { REFERENCE_WORLD, type Tick, estimateHost } from '../../../controller/simulate/index.ts';
import { CourseRecorder } from '../../../controller/simulate/measures/course.ts';
import { Tally } from '../../../controller/simulate/measures/measures.ts';
import { WorstFinder } from '../../../controller/simulate/measures/worst.ts';
import { whyText } from '../../../controller/simulate/report/why.ts';

const NOTHING_BOUGHT = { startedHours: 0, starts: 0, stops: 0, changes: 0 };

/** Ticks of a minute: what is needed and what is ready. */
const ticksOf = (pairs: readonly (readonly [needed: number, ready: number])[], more: Partial<Tick> = {}): Tick[] =>
  pairs.map(([needed, ready], index) => ({ second: index * 60, seconds: 60, rate: 10, needed, ready, booting: 0, draining: 0, p95Seconds: ready < needed ? 1 : 0.1, turnedAway: 0, ...more }));

function measuresOf(ticks: readonly Tick[]) {
  const tally = new Tally(REFERENCE_WORLD);
  for (const tick of ticks) tally.add(tick);
  return tally.measures(NOTHING_BOUGHT);
}

describe('simulate: measures', () => {
  it('are the elasticity metrics of a small case, by hand', () => {
    // Minutes: 1 of 4 missing, equal, 2 over 4, equal.
    const measures = measuresOf(ticksOf([[4, 3], [4, 4], [4, 6], [4, 4]]));
    expect(measures.underAccuracy).to.be.closeTo(25 / 4, 1e-9);
    expect(measures.overAccuracy).to.be.closeTo(50 / 4, 1e-9);
    expect(measures.underTimeshare).to.be.closeTo(25, 1e-9);
    expect(measures.overTimeshare).to.be.closeTo(25, 1e-9);
    // Hosts moved in three of three steps, and the need in none.
    expect(measures.instability).to.be.closeTo(100, 1e-9);
    expect(measures.shortSecondsPerDay).to.be.closeTo(86_400 / 4, 1e-6);
    expect(measures.badPercent).to.be.closeTo(25, 1e-9);
    expect(measures.hostHours).to.be.closeTo(17 / 60, 1e-9);
  });

  it('count no instability where hosts follow the need at once', () => {
    expect(measuresOf(ticksOf([[1, 2], [2, 3], [3, 4], [2, 3], [2, 3]])).instability).to.equal(0);
  });

  it('say why hosts were missing: a ceiling, boots, or nobody ordered them', () => {
    const by = (tick: Partial<Tick>) => measuresOf(ticksOf([[100, 50]], tick)).shortSecondsPerDayBy;
    expect(by({ ready: 60 })).to.deep.equal({ Ceiling: 86_400, Booting: 0, NotOrdered: 0 });
    expect(by({ needed: 52, booting: 2 })).to.deep.equal({ Ceiling: 0, Booting: 86_400, NotOrdered: 0 });
    expect(by({ needed: 53, booting: 2 })).to.deep.equal({ Ceiling: 0, Booting: 0, NotOrdered: 86_400 });
  });

  it('a course keeps time, extremes and seconds short however often its slots were joined', () => {
    const recorder = new CourseRecorder(0, 60);
    const minutes = 50_000;
    for (let minute = 0; minute < minutes; minute++) recorder.add(ticksOf([[minute === 31_111 ? 9 : 2, 2]])[0]!);
    const { slotSeconds, needed, ready, rate, shortSeconds } = recorder.course;
    expect(slotSeconds).to.equal(240);
    expect(needed.length * slotSeconds).to.be.within((minutes - 4) * 60, minutes * 60);
    expect(needed[Math.floor((31_111 * 60) / slotSeconds)]).to.equal(9);
    expect(shortSeconds.reduce((sum, seconds) => sum + seconds, 0)).to.equal(60);
    for (const column of [ready, rate, shortSeconds]) expect(column.length).to.equal(needed.length);
  });

  it('the worst ten minutes are those that trying all windows finds', () => {
    fc.assert(fc.property(fc.array(fc.record({ rate: fc.integer({ min: 0, max: 100 }), slow: fc.boolean() }), { minLength: 10, maxLength: 60 }), (minutes) => {
      const finder = new WorstFinder({ p95LimitSeconds: 0.2, maxHosts: 60, tickSeconds: 60 });
      const bad = minutes.map(({ rate, slow }) => (slow ? rate * 60 : 0));
      minutes.forEach(({ rate, slow }, index) => finder.add({ second: index * 60, seconds: 60, rate, needed: 2, ready: 2, booting: 0, draining: 0, p95Seconds: slow ? 1 : 0.1, turnedAway: 0 }));
      const sums = bad.map((_, end) => bad.slice(Math.max(0, end - 9), end + 1).reduce((sum, one) => sum + one, 0));
      const most = Math.max(...sums);
      if (most === 0) expect(finder.worst).to.equal(undefined);
      else expect(finder.worst!.badRequests).to.be.within(most * 0.998, most * 1.000001);
    }));
  });

  it('explains them in sentences', () => {
    const worst = {
      from: 0, seconds: 600, requests: 9000, badRequests: 4000, turnedAway: 120, rateBefore: 400, rateMost: 900, neededMost: 12, readyLeast: 6, bootingMost: 4, p95Most: 3,
      shortSeconds: { Ceiling: 30, Booting: 90, NotOrdered: 45 }, releasedBefore: 2,
    };
    expect(whyText(worst, 10)).to.equal('The load went from 400 to 900 requests/s in less than twenty minutes; 12 hosts were needed and as few as 6 served.'
      + ' For 30 s more hosts were needed than the maximum of 10 allows. For 45 s too few were ordered. For 90 s enough were ordered, and up to 4 still booted.'
      + ' 2 hosts had been let go within the ten minutes before. 120 requests were turned away.');
    expect(whyText({ ...worst, rateBefore: 880, shortSeconds: { Ceiling: 0, Booting: 0, NotOrdered: 0 }, releasedBefore: 0, turnedAway: 0 }, 10))
      .to.equal('The load stayed at about 900 requests/s; 12 hosts were needed and as few as 6 served. There were enough hosts: what had waited before was being worked off.');
  });
});

describe('simulate: a host that is not described', () => {
  it('is the reference host for the limit of 78 requests/s at 200 ms', () => {
    const { host, hostLimitRate } = estimateHost({ p95LimitSeconds: 0.2, limitRate: 78 });
    expect(host).to.deep.equal({ workers: 5, serviceSeconds: 0.05 });
    expect(hostLimitRate).to.be.closeTo(78.1, 0.05);
  });

  it('carries what it must, with the fewest workers, whatever is known', () => {
    fc.assert(fc.property(fc.double({ min: 0.02, max: 2, noNaN: true }), fc.double({ min: 1, max: 300, noNaN: true }), (p95LimitSeconds, limitRate) => {
      fc.pre(limitRate * p95LimitSeconds < 400);
      const { host, hostLimitRate } = estimateHost({ p95LimitSeconds, limitRate });
      expect(hostLimitRate).to.be.at.least(limitRate * 0.995);
      if (host.workers > 1) expect(host.workers * 0.5).to.be.at.most(limitRate * host.serviceSeconds * 3 + 1);
    }));
  });

  it('takes a measured service time where it leaves room for waiting, and says so', () => {
    expect(estimateHost({ p95LimitSeconds: 0.5, limitRate: 50, measuredSeconds: 0.03 })).to.deep.include({ host: { workers: 2, serviceSeconds: 0.03 } });
    expect(estimateHost({ p95LimitSeconds: 0.5, limitRate: 50, measuredSeconds: 0.4 }).notes[0]).to.equal("service time 125 ms: a quarter of the P95 limit; the log's 400 ms would leave no room for waiting");
  });

  it('is refused where it cannot be', () => {
    expect(() => estimateHost({ p95LimitSeconds: 0.1, serviceSeconds: 0.05, workers: 4 })).to.throw('a service time of 0.05 s gives an idle host a P95 of 0.150 s, over the limit of 0.1 s');
    expect(() => estimateHost({ p95LimitSeconds: 0.2 })).to.throw('nothing says how many requests a second a host can serve');
  });
});
