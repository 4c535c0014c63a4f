import type { HostPool, KamalHost, ScalingPolicy } from '../api/index.ts';
import { type Constraint, messageOf } from '../model/index.ts';
import type { BudgetReport } from '../report/policy-report.ts';
import { budgetVerdicts, constraintsOf } from './constraints.ts';
import type { Context } from './context.ts';

/** What limits a pool from outside its metrics, and what its budgets say of the next host. Never throws: scale-in must not hang on money. */
export async function observeLimits(
  context: Context, policy: ScalingPolicy, pool: HostPool, hosts: readonly KamalHost[], current: number,
): Promise<{ constraints: Constraint[]; budget: BudgetReport }> {
  const { gate, prices, clock } = context;
  const underBudget = policy.spec.budget !== undefined || Object.keys(gate.limits.budgets).length > 0;
  try {
    const [ledger, tariffs] = await Promise.all([gate.glance(), Promise.all(underBudget ? pool.spec.placements.map((placement) => prices.tariffOf(placement)) : [])]);
    const facts = { policy, pool, hosts, ledger, limits: gate.limits, tariffs, now: clock.now() };
    return { constraints: constraintsOf(facts), budget: reportOf(budgetVerdicts(facts)) };
  } catch (error) {
    const why = `the ledger cannot be read, and nothing is bought without it: ${messageOf(error)}`;
    return { constraints: [{ kind: 'Veto', hosts: current, reason: 'ledger', liftedBy: why }], budget: { kind: 'None' } };
  }
}

/** The budget that stands in the way first; else the first one that there is. */
function reportOf(verdicts: ReturnType<typeof budgetVerdicts>): BudgetReport {
  const reports = verdicts.map(({ verdict }): BudgetReport => {
    switch (verdict.kind) {
      case 'Unlimited': return { kind: 'Within', text: 'the next host costs nothing' };
      case 'Blind': return { kind: verdict.reason, text: `${verdict.text}: ${verdict.liftedBy}` };
      case 'Room': return verdict.hosts > 0 ? { kind: 'Within', text: `${verdict.text}: room for ${verdict.hosts}` } : { kind: 'Exhausted', text: `${verdict.text}: ${verdict.liftedBy}` };
    }
  });
  return reports.find(({ kind }) => kind !== 'Within') ?? reports[0] ?? { kind: 'None' };
}
