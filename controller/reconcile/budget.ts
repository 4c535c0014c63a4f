import type { Budget, Instant, Tariff } from '../model/index.ts';
import { costWithin, monthBounds, monthOf } from './month.ts';
import { type Spend, money } from './spend.ts';

/** Whose budget it is, as messages name it. */
export interface BudgetScope {
  /** `spec.budget`, `the installation's budget`. */
  name: string;
  /** What raises it: `raise spec.budget.perMonth`. */
  liftedBy: string;
}

export const POLICY_BUDGET: BudgetScope = { name: "the policy's spec.budget", liftedBy: 'raise spec.budget.perMonth of the policy' };
export const INSTALLATION_BUDGET: BudgetScope = { name: "the installation's budget", liftedBy: 'raise --budget' };

/** What a budget says of further hosts. */
export type BudgetVerdict =
  /** Nothing is charged for them. */
  | { kind: 'Unlimited' }
  /** So many more, each running to the end of the month, fit into what is left. */
  | { kind: 'Room'; hosts: number; text: string; liftedBy: string; /** In a few words, for decisions. */ used: string }
  /** It cannot be told, and what cannot be told is not bought. */
  | { kind: 'Blind'; reason: 'PriceUnknown' | 'BudgetCurrency'; text: string; liftedBy: string };

/** Amounts are sums of fractions of cents. */
const ROUNDING = 1e-9;

/** Holds what a month has cost and will cost against a budget. Pure. */
export function judgeBudget(scope: BudgetScope, budget: Budget, spend: Spend, tariff: Tariff, now: Instant): BudgetVerdict {
  switch (tariff.kind) {
    case 'Free': return { kind: 'Unlimited' };
    case 'Unknown': return { kind: 'Blind', reason: 'PriceUnknown', text: `under ${scope.name} nothing is bought whose price is not known: ${tariff.why}`, liftedBy: 'wait for the price list' };
    case 'Priced': break;
  }
  const others = [tariff.price.currency, ...Object.keys(spend.amounts)].filter((currency) => currency !== budget.currency);
  if (others.length > 0) {
    return { kind: 'Blind', reason: 'BudgetCurrency', text: `${scope.name} is in ${budget.currency}, while hosts are paid in ${[...new Set(others)].join(' and ')}, and nothing is converted`, liftedBy: 'use placements of one currency, and a budget in it' };
  }
  if (spend.unpriced > 0) {
    return { kind: 'Blind', reason: 'PriceUnknown', text: `under ${scope.name} nothing is bought while the price of ${spend.unpriced} servers that run is not known`, liftedBy: 'wait for the price list' };
  }
  const month = monthOf(now);
  const { projected = 0 } = spend.amounts[budget.currency] ?? {};
  const each = costWithin(month, now, monthBounds(month).to, tariff);
  if (each <= 0) return { kind: 'Unlimited' };
  return {
    kind: 'Room', hosts: Math.max(0, Math.floor((budget.perMonth - projected) / each + ROUNDING)), liftedBy: scope.liftedBy,
    used: `${projected.toFixed(2)} of ${money(budget.perMonth, budget.currency)} are spoken for in ${month}`,
    text: `${scope.name} of ${money(budget.perMonth, budget.currency)} for ${month} has ${money(projected, budget.currency)} spoken for, and another host takes ${money(each, budget.currency)} to the month's end`,
  };
}

/** The installation's budget in the tariff's currency; amounts of several currencies are separate budgets. */
export function budgetFor(budgets: Readonly<Record<string, number>>, tariff: Tariff): Budget | undefined {
  const [first] = Object.entries(budgets);
  if (first === undefined) return undefined;
  const own = tariff.kind === 'Priced' ? budgets[tariff.price.currency] : undefined;
  return own !== undefined && tariff.kind === 'Priced' ? { perMonth: own, currency: tariff.price.currency } : { perMonth: first[1], currency: first[0] };
}

/** Of the spend in all currencies the part that a budget of one of several is about. */
export const inCurrency = ({ amounts, ...rest }: Spend, currency: string): Spend =>
  ({ ...rest, amounts: amounts[currency] === undefined ? {} : { [currency]: amounts[currency] } });
