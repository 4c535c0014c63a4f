import { expect } from 'chai';
import fc from 'fast-check';
import type { Observation } from '../../../controller/model/index.ts';
import { secondsToNextSample } from '../../../controller/reconcile/next-sample.ts';

const NOW = 1_000_000_000;
const value = (agoSeconds: number): Observation => ({ kind: 'Value', metric: 'rps', windowSeconds: 60, asOf: NOW - agoSeconds * 1_000, value: 1 });
const absence = (agoSeconds: number): Observation => ({ kind: 'Absence', metric: 'p95', windowSeconds: 60, asOf: NOW - agoSeconds * 1_000, absence: { kind: 'Empty', message: '' } });

describe('next sample', () => {
  const table: [what: string, observations: Observation[], expected: number][] = [
    ['right after a sample waits for the one that follows', [value(0.5)], 15],
    ['in the middle of the interval waits for its rest', [value(9.5)], 6],
    ['with pages of two times waits for the earlier one, not for the page that was read last', [value(0.5), value(12.5)], 3],
    ['looks again soon for a sample that is late', [value(0.5), value(16)], 1],
    ['does not hurry for a page that is gone', [value(0.5), value(31)], 15],
    ['waits for the next sample of a rate that had only one', [value(0.5), absence(11.5)], 4],
    ['looks every few seconds while nothing has a value', [absence(0)], 5],
    ['does so too without any observation', [], 5],
  ];
  for (const [what, observations, expected] of table) {
    it(what, () => expect(secondsToNextSample(observations, 15, 60, NOW)).to.be.closeTo(expected, 1e-9));
  }

  it('never waits longer than the policy says, nor less than a sample needs for its journey', () => {
    const seen = fc.array(fc.oneof(fc.double({ min: -100, max: 1_000, noNaN: true }).map(value), fc.double({ min: -100, max: 1_000, noNaN: true }).map(absence)));
    fc.assert(fc.property(seen, fc.integer({ min: 1, max: 3_600 }), fc.integer({ min: 1, max: 300 }), (observations, scrape, policy) => {
      const wait = secondsToNextSample(observations, scrape, policy, NOW);
      return wait >= 0.5 && wait <= policy;
    }));
  });
});
