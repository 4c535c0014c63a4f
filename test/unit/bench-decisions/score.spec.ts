import { expect } from 'chai';
import { type Score, atEqualCost, cellOf, costAtEqualShortage, meanOf } from '../../../hack/bench/decisions/score.ts';
import { compared, isAhead } from '../../../hack/bench/decisions/tables.ts';

const score = (cost: number, shortSecondsPerDay: number): Score => ({ cost, hourlyCost: 2 * cost, shortSecondsPerDay, badPercent: shortSecondsPerDay / 100, actionsPerDay: 10 });

describe('bench:decisions', () => {
  const curve = [score(1.3, 100), score(1.1, 900), score(1.2, 300)];

  it('reads what a baseline reaches at a cost between its settings, by either bill', () => {
    expect(atEqualCost(curve, 1.15, 'cost')!.shortSecondsPerDay).to.be.closeTo(600, 1e-9);
    expect(atEqualCost(curve, 2.5, 'hourlyCost')!.shortSecondsPerDay).to.be.closeTo(200, 1e-9);
  });

  it('compares nothing with a baseline that cannot cost the same', () => {
    expect(atEqualCost(curve, 1.05, 'cost')).to.equal(undefined);
    expect(atEqualCost(curve, 1.35, 'cost')).to.equal(undefined);
  });

  it('reads what a curve would cost at equal shortage', () => {
    expect(costAtEqualShortage(curve, 300, 'cost')).to.be.closeTo(1.2, 1e-9);
    expect(costAtEqualShortage(curve, 173, 'cost')).to.be.within(1.2, 1.3).and.to.be.closeTo(1.25, 0.005);
    expect(costAtEqualShortage(curve, 50, 'cost')).to.equal(undefined);
  });

  it('is ahead only where both seconds short and bad requests are no more', () => {
    expect(isAhead(compared(score(1.15, 599), curve, 'cost'))).to.equal(true);
    expect(isAhead(compared(score(1.15, 700), curve, 'cost'))).to.equal(false);
    expect(isAhead(compared({ ...score(1.15, 100), badPercent: 7 }, curve, 'cost'))).to.equal(false);
  });

  it('takes means field by field, and writes a cell as the published tables do', () => {
    expect(cellOf(meanOf([score(1.1, 100), score(1.3, 300)]))).to.equal('1.20 / 2.40 / 200 / 2.0 / 10');
  });
});
