import { expect } from 'chai';
import fc from 'fast-check';
import type { Budget, Tariff } from '../../../controller/model/index.ts';
import { POLICY_BUDGET, budgetFor, judgeBudget } from '../../../controller/reconcile/budget.ts';
import { emptyLedger, markAlive, noteTariff, prune, readLedger, release, reserve } from '../../../controller/reconcile/ledger.ts';
import { costWithin, monthBounds, monthsBetween } from '../../../controller/reconcile/month.ts';
import { spendOf } from '../../../controller/reconcile/spend.ts';

const HOUR = 3_600_000;
const at = (day: number, hours = 0, month = 10): number => Date.UTC(2026, month - 1, day) + hours * HOUR;
const POOL = { namespace: 'default', name: 'web' };
const tariff = (hour: number, monthCap?: number, billing: 'Hour' | 'Second' = 'Hour', currency = 'EUR'): Tariff & { kind: 'Priced' } =>
  ({ kind: 'Priced', billing, price: { currency, hour, ...(monthCap === undefined ? {} : { monthCap }) } });
const server = (createdAt: number, placement = 'near') => ({ provider: 'Hetzner', placement, createdAt });

describe('what a server costs in a month', () => {
  const ROWS: [title: string, month: string, from: number, to: number, of: Tariff & { kind: 'Priced' }, cost: number][] = [
    ['a started hour counts whole', '2026-10', at(1), at(1, 0.01), tariff(1), 1],
    ['two hours to the second are two', '2026-10', at(1), at(1, 2), tariff(1), 2],
    ['one second more is three', '2026-10', at(1), at(1, 2) + 1000, tariff(1), 3],
    ['nothing before it is there', '2026-10', at(1), at(1), tariff(1), 0],
    ['an hour belongs to the month in which it starts', '2026-10', at(31, 23.5), at(1, 0.4, 11), tariff(1), 1],
    ['and not to the next', '2026-11', at(31, 23.5), at(1, 0.4, 11), tariff(1), 0],
    ['the next month begins with the next start of an hour', '2026-11', at(31, 23.5), at(1, 2, 11), tariff(1), 2],
    ['a month costs no more than its cap', '2026-10', at(1), at(1, 0, 11), tariff(1, 620), 620],
    ['and less where the hours are less', '2026-10', at(1), at(2), tariff(1, 620), 24],
    ['a month in between is whole', '2026-10', at(1, 0, 9), at(1, 0, 12), tariff(1), 744],
    ['a month before has nothing', '2026-09', at(1), at(2), tariff(1), 0],
    ['a month after has nothing', '2026-12', at(1), at(2), tariff(1), 0],
    ['seconds are billed to the second', '2026-10', at(1), at(1, 0.5), tariff(1, undefined, 'Second'), 0.5],
    ['and split between months', '2026-11', at(31, 23), at(1, 2, 11), tariff(1, undefined, 'Second'), 2],
  ];
  for (const [title, month, from, to, of, cost] of ROWS) it(title, () => expect(costWithin(month, from, to, of)).to.be.closeTo(cost, 1e-9));

  it('adds up over months to the started hours, and grows with time', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 400 * 24 * 3600 }), fc.integer({ min: 1, max: 120 * 24 * 3600 }), (start, length) => {
      const from = Date.UTC(2026, 0, 1) + start * 1000;
      const to = from + length * 1000;
      const sum = monthsBetween(from, to).reduce((total, month) => total + costWithin(month, from, to, tariff(1)), 0);
      expect(sum).to.equal(Math.ceil(length / 3600));
      const [month = ''] = monthsBetween(from, to);
      expect(costWithin(month, from, to, tariff(1))).to.be.at.most(costWithin(month, from, to + HOUR, tariff(1)));
      expect(monthBounds(month).from).to.be.at.most(from);
    }));
  });
});

describe('the ledger in money', () => {
  const reserved = (of: Tariff = tariff(0.01, 6)) => reserve(emptyLedger(), 'a', POOL, 'Hetzner', 'near', of, at(1));

  it('projects a reservation, counts what runs, and books what is gone once', () => {
    const first = reserved();
    expect(spendOf(first, at(1)).amounts).to.deep.equal({ EUR: { soFar: 0, projected: 6 } });
    const alive = markAlive(first, 'a', POOL, server(at(1)));
    expect(spendOf(alive, at(1, 1.5)).amounts['EUR']?.soFar).to.be.closeTo(0.02, 1e-9);
    expect(spendOf(alive, at(1, 1.5), { leaving: new Set(['a']) }).amounts['EUR']?.projected).to.be.closeTo(0.02, 1e-9);
    const gone = release(alive, 'a', at(1, 1.5));
    expect(release(gone, 'a', at(5))).to.equal(gone);
    expect(gone.spent).to.deep.equal({ '2026-10': { 'default/web': { EUR: 0.02 } } });
    expect(spendOf(gone, at(5)).amounts).to.deep.equal({ EUR: { soFar: 0.02, projected: 0.02 } });
    expect(spendOf(gone, at(1, 0, 11)).amounts, 'a new month begins at nothing').to.deep.equal({});
  });

  it('has cost nothing where a create was refused, and an hour where the server came and went', () => {
    expect(release(reserved(), 'a', at(2)).spent).to.equal(undefined);
    expect(release(markAlive(reserved(), 'a', POOL, server(at(1))), 'a', at(1)).spent?.['2026-10']?.['default/web']).to.deep.equal({ EUR: 0.01 });
  });

  it('keeps pools apart', () => {
    const two = markAlive(reserve(markAlive(reserved(), 'a', POOL, server(at(1))), 'b', { ...POOL, name: 'job' }, 'Hetzner', 'near', tariff(0.02), at(1)), 'b', { ...POOL, name: 'job' }, server(at(1)));
    expect(spendOf(two, at(1, 1), { pool: 'default/job' }).amounts['EUR']?.soFar).to.equal(0.02);
    expect(spendOf(two, at(1, 1)).amounts['EUR']?.soFar).to.be.closeTo(0.03, 1e-9);
  });

  it('counts servers without a price, until somebody tells it', () => {
    const unknown = markAlive(reserved({ kind: 'Unknown', why: 'away' }), 'a', POOL, server(at(1)));
    expect(spendOf(unknown, at(2))).to.deep.equal({ month: '2026-10', amounts: {}, unpriced: 1 });
    const told = noteTariff(unknown, 'a', tariff(0.01));
    expect(spendOf(told, at(1, 2))).to.deep.include({ unpriced: 0 });
    expect(noteTariff(told, 'a', tariff(99)), 'what runs is billed by the price of its purchase').to.equal(told);
  });

  it('takes the price of the placement that was bought from in the end', () => {
    const moved = markAlive(reserved(), 'a', POOL, server(at(1), 'far'));
    expect(spendOf(moved, at(2)).unpriced).to.equal(1);
  });

  it('costs nothing where nothing is charged', () => {
    const free = markAlive(reserved({ kind: 'Free' }), 'a', POOL, server(at(1)));
    expect(spendOf(free, at(2))).to.deep.equal({ month: '2026-10', amounts: {}, unpriced: 0 });
    expect(release(free, 'a', at(3)).spent).to.equal(undefined);
  });

  it('goes on with a ledger from before prices were known', () => {
    const old = readLedger({ version: 1, entries: { a: { pool: 'default/web', provider: 'Local', placement: 'here', state: 'Alive', reservedAt: '2026-10-01T00:00:00Z', launchedAt: '2026-10-01T00:00:00Z' } }, hostHours: {} });
    expect(spendOf(old, at(2)).unpriced).to.equal(1);
    expect(release(old, 'a', at(2)).hostHours).to.deep.equal({ '2026-10': { 'default/web': 24 } });
  });

  it('forgets months after a year', () => {
    const gone = release(markAlive(reserved(), 'a', POOL, server(at(1))), 'a', at(2));
    expect(prune(gone, at(1) + 360 * 24 * HOUR).spent).to.have.all.keys('2026-10');
    expect(prune(gone, at(1) + 800 * 24 * HOUR).spent).to.deep.equal({});
  });
});

describe('a budget', () => {
  const budget = (perMonth: number, currency = 'EUR'): Budget => ({ perMonth, currency });
  const spent = (projected: number, more: object = {}) => ({ month: '2026-10', amounts: { EUR: { soFar: 1, projected } }, unpriced: 0, ...more });

  it('has room for as many hosts as run to the end of the month within it', () => {
    const verdict = judgeBudget(POLICY_BUDGET, budget(40), spent(10), tariff(0.01, 6), at(1));
    expect(verdict).to.include({ kind: 'Room', hosts: 5, liftedBy: 'raise spec.budget.perMonth of the policy' });
    expect(verdict).to.include({ text: "the policy's spec.budget of 40.00 EUR for 2026-10 has 10.00 EUR spoken for, and another host takes 6.00 EUR to the month's end" });
    expect(judgeBudget(POLICY_BUDGET, budget(40), spent(10), tariff(0.01, 6), at(30)), 'late in the month a host costs less').to.include({ kind: 'Room', hosts: 62 });
  });

  it('fits to the cent', () => {
    expect(judgeBudget(POLICY_BUDGET, budget(0.3), { month: '2026-10', amounts: { EUR: { soFar: 0, projected: 0.1 + 0.1 } }, unpriced: 0 }, tariff(0.1), at(31, 23))).to.include({ hosts: 1 });
  });

  it('that is used up has room for none, and never for fewer', () => {
    expect(judgeBudget(POLICY_BUDGET, budget(5), spent(10), tariff(0.01, 6), at(1))).to.include({ kind: 'Room', hosts: 0 });
  });

  const BLIND: [title: string, of: Tariff, spend: ReturnType<typeof spent>, reason: string, text: RegExp][] = [
    ['a price that is not known', { kind: 'Unknown', why: 'placement near: away' }, spent(1), 'PriceUnknown', /nothing is bought whose price is not known: placement near: away/],
    ['a price in another currency', tariff(1, 600, 'Hour', 'USD'), spent(1), 'BudgetCurrency', /is in EUR, while hosts are paid in USD, and nothing is converted/],
    ['hosts that are paid in another currency', tariff(0.01), { ...spent(1), amounts: { USD: { soFar: 1, projected: 1 } } } as never, 'BudgetCurrency', /paid in USD/],
    ['servers whose price is not known', tariff(0.01), spent(1, { unpriced: 2 }), 'PriceUnknown', /the price of 2 servers that run is not known/],
  ];
  for (const [title, of, spend, reason, text] of BLIND) {
    it(`cannot tell with ${title}`, () => {
      const verdict = judgeBudget(POLICY_BUDGET, budget(40), spend, of, at(1));
      expect(verdict).to.include({ kind: 'Blind', reason });
      expect('text' in verdict && verdict.text).to.match(text);
    });
  }

  it('says nothing about what costs nothing', () => {
    expect(judgeBudget(POLICY_BUDGET, budget(1), spent(99), { kind: 'Free' }, at(1))).to.deep.equal({ kind: 'Unlimited' });
  });

  it('of the installation is one for each currency', () => {
    expect(budgetFor({}, tariff(1))).to.equal(undefined);
    expect(budgetFor({ EUR: 600, USD: 100 }, tariff(1, 1, 'Hour', 'USD'))).to.deep.equal({ perMonth: 100, currency: 'USD' });
    expect(budgetFor({ EUR: 600 }, tariff(1, 1, 'Hour', 'USD')), 'which then cannot tell').to.deep.equal({ perMonth: 600, currency: 'EUR' });
  });
});
