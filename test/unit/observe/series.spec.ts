import { expect } from 'chai';
import fc from 'fast-check';
import { bucketWarning, histogramQuantile } from '../../../controller/observe/buckets.ts';
import { increase, latestRate, rate } from '../../../controller/observe/scrape/series.ts';
import type { Point } from '../../../controller/observe/scrape/series.ts';

const every15 = (values: number[], from = 0): Point[] => values.map((value, index) => ({ time: from + 15 * index, value }));

describe('rates as Prometheus computes them', () => {
  // Expected values are those of `promtool test rules` with the same samples; test/real/observe.spec.ts asks it anew.
  const cases: [title: string, points: Point[], start: number, end: number, increase: number | undefined][] = [
    ['a steady counter', every15([0, 150, 300, 450, 600]), 0, 60, 600],
    ['nothing', [], 0, 60, undefined],
    ['one sample: the first value of a new series is lost', every15([1000]), -30, 60, undefined],
    ['a counter that stands still', every15([5, 5, 5, 5, 5]), 0, 60, 0],
    ['a reset counts from zero', every15([0, 100, 200, 50, 150]), 0, 60, 250 * (60 / 45)],
    ['a young series reaches back half a gap', every15([1000, 1010], 45), 0, 60, 10 * (22.5 / 15)],
    ['never below zero', every15([1, 101], 45), 0, 60, 100 * ((15 + 0.15) / 15)],
  ];
  for (const [title, points, start, end, expected] of cases) {
    it(title, () => {
      const seen = increase(points, start, end);
      if (expected === undefined) expect(seen).to.equal(undefined);
      else expect(seen).to.be.closeTo(expected, 1e-9);
      expect(rate(points, start, end)).to.equal(seen === undefined ? undefined : seen / (end - start));
    });
  }

  it('the latest rate looks at two samples only', () => {
    expect(latestRate(every15([0, 0, 0, 300]), 0, 60)).to.equal(20);
    expect(latestRate(every15([500, 30]), -1, 60), 'after a reset').to.equal(2);
    expect(latestRate(every15([1]), -1, 60)).to.equal(undefined);
  });

  it('no counter has a negative rate', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { maxLength: 20 }), (values) => {
      expect(increase(every15(values), -1, 300) ?? 0).to.be.at.least(0);
    }));
  });
});

describe('quantiles of buckets as Prometheus computes them', () => {
  const cases: [title: string, buckets: [number, number][], quantile: number, expected: number][] = [
    ['within a bucket', [[0.1, 120], [0.3, 140], [1.2, 148], [5, 148], [Infinity, 150]], 0.95, 0.58125],
    ['within the lowest bucket', [[0.1, 120], [0.3, 140], [Infinity, 150]], 0.5, 0.0625],
    ['beyond the last bound', [[0.1, 1], [5, 1], [Infinity, 100]], 0.95, 5],
    ['no request', [[0.1, 0], [Infinity, 0]], 0.95, NaN],
    ['no +Inf bucket', [[0.1, 1], [0.3, 2]], 0.95, NaN],
    ['buckets in any order', [[Infinity, 150], [0.3, 140], [0.1, 120]], 0.5, 0.0625],
    ['a lower bucket ahead of a higher one', [[0.1, 100], [0.3, 99], [Infinity, 100]], 0.95, 0.095],
  ];
  for (const [title, buckets, quantile, expected] of cases) {
    it(title, () => {
      const seen = histogramQuantile(quantile, new Map(buckets));
      if (Number.isNaN(expected)) expect(seen).to.be.NaN;
      else expect(seen).to.be.closeTo(expected, 1e-12);
    });
  }
});

describe('what buckets can show', () => {
  const traefik = [0.1, 0.3, 1.2, 5, Infinity];
  it('a target near a bound', () => {
    for (const target of [0.1, 0.3, 0.35, 1, 1.2, 5]) expect(bucketWarning('Traefik', traefik, target), String(target)).to.equal(undefined);
  });
  it('no target between bounds or above the last', () => {
    for (const target of [0.05, 0.2, 0.5, 3, 10]) expect(bucketWarning('Traefik', traefik, target), String(target)).to.match(/metrics: \{prometheus: \{buckets: \[/);
    expect(bucketWarning('kamal-proxy', [0.005, 10, Infinity], 1)).to.match(/Its buckets are fixed: choose a target near one of 0.005, 10/);
  });
  it('says nothing where no bucket was seen', () => expect(bucketWarning('Traefik', [], 1)).to.equal(undefined));
  it('the buckets it proposes can show the target', () => {
    fc.assert(fc.property(fc.double({ min: 0.001, max: 100, noNaN: true }), (target) => {
      const list = /buckets: \[(.*)\]/.exec(bucketWarning('Traefik', traefik, target) ?? '')?.[1]?.split(', ').map(Number);
      if (list !== undefined) expect(bucketWarning('Traefik', list, target)).to.equal(undefined);
    }));
  });
});
