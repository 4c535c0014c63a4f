import { expect } from 'chai';
import fc from 'fast-check';
import { addChange, addHigh, addLow, MOST_MARKS, within } from '../../../controller/decide/timeline.ts';
import type { Mark, Timeline } from '../../../controller/decide/timeline.ts';

const fill = (add: (timeline: Timeline, mark: Mark) => Timeline, marks: readonly Mark[]): Timeline =>
  marks.reduce<Timeline>((timeline, mark) => add(timeline, mark), []);
const hostsOf = (timeline: Timeline): number[] => timeline.map(([, hosts]) => hosts);

/** One mark a second of few hosts, so that nothing needs joining. */
const proposals = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 200 })
  .map((hosts) => hosts.map((count, second): Mark => [second * 1000, count]));

describe('decide: timeline', () => {
  it('gives the extremes of any window as a full history would', () => {
    fc.assert(fc.property(proposals, fc.integer({ min: 0, max: 220 }), (marks, windowSeconds) => {
      const now = marks.at(-1)![0];
      const full = hostsOf(within(marks, windowSeconds, now));
      expect(Math.max(...hostsOf(within(fill(addHigh, marks), windowSeconds, now)))).to.equal(Math.max(...full));
      expect(Math.min(...hostsOf(within(fill(addLow, marks), windowSeconds, now)))).to.equal(Math.min(...full));
    }));
  });

  it('keeps no more than its bound, and errs to the careful side: never lower highs, lows or sums', () => {
    const falling = Array.from({ length: 400 }, (_, second): Mark => [second * 1000, 400 - second]);
    const rising = Array.from({ length: 400 }, (_, second): Mark => [second * 1000, second]);
    const [highs, lows, changes] = [fill(addHigh, falling), fill(addLow, rising), fill(addChange, rising)];
    for (const timeline of [highs, lows, changes]) expect(timeline.length).to.equal(MOST_MARKS);
    const sum = (timeline: Timeline): number => hostsOf(timeline).reduce((total, hosts) => total + hosts, 0);
    expect(sum(changes)).to.equal(sum(rising));
    for (const windowSeconds of [1, 30, 150, 399]) {
      const of = (timeline: Timeline) => hostsOf(within(timeline, windowSeconds, 399_000));
      expect(Math.max(...of(highs))).to.be.at.least(Math.max(...of(falling)));
      expect(Math.min(...of(lows))).to.be.at.most(Math.min(...of(rising)));
      expect(sum(within(changes, windowSeconds, 399_000))).to.be.at.least(sum(within(rising, windowSeconds, 399_000)));
    }
  });

  it('leaves out what is older than the window and what claims to be from the future', () => {
    expect(within([[0, 1], [1000, 2], [61_000, 3], [61_001, 4]], 60, 61_000)).to.deep.equal([[1000, 2], [61_000, 3]]);
  });
});
