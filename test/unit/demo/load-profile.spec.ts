import { expect } from 'chai';
import fc from 'fast-check';
import { type RateProfile, arrivals, profileFromTrace } from '../../../controller/demo/load-profile.ts';
import { seeded } from './wall-clock.ts';

const points = (...pairs: [number, number][]): RateProfile => pairs.map(([atSeconds, requestsPerSecond]) => ({ atSeconds, requestsPerSecond }));

const anyProfile = fc.array(fc.tuple(fc.double({ min: 0, max: 20, noNaN: true }), fc.double({ min: 0, max: 50, noNaN: true })), { minLength: 2, maxLength: 6 })
  .map((steps): RateProfile => {
    let atSeconds = 0;
    return steps.map(([length, requestsPerSecond], index) => ({ atSeconds: (atSeconds += index === 0 ? 0 : length), requestsPerSecond }));
  });

const area = (profile: RateProfile): number => profile.slice(1).reduce((sum, to, index) => {
  const from = profile[index]!;
  return sum + ((from.requestsPerSecond + to.requestsPerSecond) / 2) * (to.atSeconds - from.atSeconds);
}, 0);

describe('rate profile of a load', () => {
  it('spaces requests evenly at a constant rate', () => {
    const due = [...arrivals(points([0, 4], [1.1, 4]), 'Even', () => 0)];
    expect(due.map((at) => Math.round(at * 1_000))).to.deep.equal([250, 500, 750, 1_000]);
  });

  it('sends as many requests as the profile adds up to, in order and within it', () => {
    fc.assert(fc.property(anyProfile, (profile) => {
      const due = [...arrivals(profile, 'Even', () => 0)];
      expect(due.length).to.be.within(Math.floor(area(profile) - 1e-6), Math.ceil(area(profile) + 1e-6));
      for (const [index, at] of due.entries()) expect(at).to.be.within(due[index - 1] ?? 0, profile.at(-1)!.atSeconds + 1e-9);
    }));
  });

  it('sends about as many by chance, the same for the same seed', () => {
    const profile = points([0, 100], [50, 300]);
    const [one, again, other] = [1, 1, 2].map((seed) => [...arrivals(profile, 'Poisson', seeded(seed))]) as [number[], number[], number[]];
    expect(one).to.deep.equal(again);
    expect(one).not.to.deep.equal(other);
    for (const due of [one, other]) expect(due.length).to.be.within(9_500, 10_500);
    // Gaps of arrivals that know nothing of each other vary as much as their mean; even ones do not vary.
    const gaps = one.slice(0, 2_000).map((at, index) => at - (one[index - 1] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const spread = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    expect(spread / mean).to.be.within(0.85, 1.25);
  });

  it('steps where two points are at the same time', () => {
    const due = [...arrivals(points([0, 1], [5.0001, 1], [5.0001, 100], [6.005, 100]), 'Even', () => 0)];
    expect([due.filter((at) => at < 5.001).length, due.filter((at) => at >= 5.001).length]).to.deep.equal([5, 100]);
  });

  describe('from a trace', () => {
    const csv = 'seconds,rps\n0,5\n60,10\n120,40\n180,20\n240,1\n';

    it('is compressed in time and scaled to the peak', () => {
      expect(profileFromTrace(csv, { fromSeconds: 60, toSeconds: 180, overSeconds: 12, peakRequestsPerSecond: 200 })).to.deep.equal(points([0, 50], [6, 200], [12, 100]));
    });

    it('is refused where the trace has no traffic', () => {
      expect(() => profileFromTrace(csv, { fromSeconds: 300, toSeconds: 400, overSeconds: 12, peakRequestsPerSecond: 200 })).to.throw('the trace has no traffic between 300 s and 400 s');
      expect(() => profileFromTrace('seconds,rps\n0,0\n60,0\n', { fromSeconds: 0, toSeconds: 60, overSeconds: 1, peakRequestsPerSecond: 200 })).to.throw('no traffic');
    });
  });
});
