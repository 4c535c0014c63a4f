import { expect } from 'chai';
import fc from 'fast-check';
import { type Settings, type Tried, adjustableOf, choose, firstRound, secondRound, tradeOff, withSettings } from '../../../controller/simulate/index.ts';
import { policyOf } from '../decide/build.ts';

const policy = policyOf({ minHosts: 2, maxHosts: 5, metrics: [{ name: 'p95', target: 0.2 }, { name: 'rps', target: 70 }], prediction: { mode: 'On', caution: 50 } });
const settings: Settings = { target: 70, limit: 78, minHosts: 2, caution: 50 };

const tried = fc.array(fc.record({
  settings: fc.constant(settings),
  cost: fc.double({ min: 1, max: 2, noNaN: true }),
  shortSecondsPerDay: fc.double({ min: 0, max: 5000, noNaN: true }),
  badPercent: fc.constant(0),
  actionsPerDay: fc.integer({ min: 0, max: 500 }),
}), { minLength: 1, maxLength: 30 });

describe('simulate: suggestions', () => {
  it('change the target of the metric that sizes the pool, its limit, the minimum and the caution, and nothing else', () => {
    const adjustable = adjustableOf(policy)!;
    expect(adjustable).to.deep.equal({ metricIndex: 1, metric: 'rps', now: { target: 70, limit: undefined, minHosts: 2, caution: 50 } });
    expect(withSettings(policy, adjustable, { target: 66, limit: 78, minHosts: 3, caution: 25 })).to.deep.equal({
      ...policy, minHosts: 3, metrics: [policy.metrics[0], { name: 'rps', target: 66, limit: 78 }], prediction: { mode: 'On', caution: 25 },
    });
    expect(adjustableOf({ ...policy, metrics: [{ name: 'p95', target: 0.2 }] })).to.equal(undefined);
  });

  it('begin with the policy as it is, and never leave what its rules allow', () => {
    const adjustable = adjustableOf(policy)!;
    const first = firstRound(adjustable, 78.1263);
    expect(first[0]).to.deep.equal(adjustable.now);
    const all = [...first, ...first.flatMap((best) => secondRound(best, policy))];
    for (const { target, limit, minHosts, caution } of all) {
      expect(target).to.be.at.most(limit ?? Infinity);
      expect(minHosts).to.be.within(2, 5);
      expect(caution).to.be.within(0, 100);
    }
    expect(new Set(first.map((one) => JSON.stringify(one))).size).to.equal(first.length);
  });

  it('are the cheapest within the limit, or short the least where none is', () => {
    fc.assert(fc.property(tried, fc.double({ min: 0, max: 5000, noNaN: true }), (all, limit) => {
      const { best, within } = choose(all, limit);
      const good = all.filter(({ shortSecondsPerDay }) => shortSecondsPerDay <= limit);
      expect(within).to.equal(good.length > 0);
      if (within) {
        expect(best.shortSecondsPerDay).to.be.at.most(limit);
        expect(best.cost).to.be.at.most(Math.min(...good.map(({ cost }) => cost)) + 0.005);
      } else expect(best.shortSecondsPerDay).to.equal(Math.min(...all.map(({ shortSecondsPerDay }) => shortSecondsPerDay)));
    }));
  });

  it('of equal cost are those with fewer changes a day', () => {
    const one: Tried = { settings, cost: 1.1, shortSecondsPerDay: 10, badPercent: 0, actionsPerDay: 300 };
    expect(choose([one, { ...one, cost: 1.104, actionsPerDay: 90 }, { ...one, cost: 1.12, actionsPerDay: 1 }], 300).best.actionsPerDay).to.equal(90);
  });

  it('come with a curve on which no point is beaten by another', () => {
    fc.assert(fc.property(tried, (all) => {
      const curve = tradeOff(all);
      for (const [index, point] of curve.entries()) {
        expect(all.some((other) => other.cost < point.cost && other.shortSecondsPerDay < point.shortSecondsPerDay)).to.equal(false);
        if (index > 0) expect(point.cost >= curve[index - 1]!.cost && point.shortSecondsPerDay < curve[index - 1]!.shortSecondsPerDay).to.equal(true);
      }
    }));
  });
});
