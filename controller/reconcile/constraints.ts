import { type HostPool, type KamalHost, type ScalingPolicy, keyOf, keyText } from '../api/index.ts';
import { type Constraint, type Instant, type Tariff, toTimestamp } from '../model/index.ts';
import type { Placement } from '../ports/index.ts';
import { isQuarantined } from '../report/kept-hosts.ts';
import { isLeaving } from './assemble-fleet.ts';
import { type BudgetVerdict, INSTALLATION_BUDGET, POLICY_BUDGET, budgetFor, inCurrency, judgeBudget } from './budget.ts';
import { quotaOf } from './learned-limits.ts';
import { type Ledger, living } from './ledger.ts';
import { type InstallationLimits, serversAt } from './purchase-gate.ts';
import { monthBounds, monthOf, costWithin } from './month.ts';
import { spendOf } from './spend.ts';

export interface LimitFacts {
  policy: ScalingPolicy;
  pool: HostPool;
  hosts: readonly KamalHost[];
  ledger: Ledger;
  limits: InstallationLimits;
  /** Of the pool's placements, in their order. */
  tariffs: readonly Tariff[];
  now: Instant;
}

/** What limits a pool from outside its policy's metrics. The gate checks the same again, exactly, at each purchase. Pure. */
export function constraintsOf(facts: LimitFacts): Constraint[] {
  const { pool } = facts;
  return [
    { kind: 'Ceiling', hosts: pool.spec.maxReplicas, reason: 'maxReplicas', liftedBy: 'raise spec.maxReplicas of the pool' },
    ...budgetVerdicts(facts).flatMap(({ verdict, reason }) => budgetConstraint(facts, verdict, reason) ?? []),
    ...quotaConstraint(facts),
  ];
}

/** What the budgets over this pool say of its next host. */
export function budgetVerdicts({ policy, pool, hosts, ledger, limits, tariffs, now }: LimitFacts): { verdict: BudgetVerdict; reason: 'budget' | 'installationBudget' }[] {
  const tariff = leastTariff(tariffs, now);
  const leaving = new Set(hosts.filter(isLeaving).map(({ spec }) => spec.hostID));
  const own = policy.spec.budget;
  const installation = budgetFor(limits.budgets, tariff);
  return [
    ...(own === undefined ? [] : [{ reason: 'budget' as const, verdict: judgeBudget(POLICY_BUDGET, own, spendOf(ledger, now, { pool: keyText(keyOf(pool)), leaving }), tariff, now) }]),
    ...(installation === undefined ? [] : [{ reason: 'installationBudget' as const, verdict: judgeBudget(INSTALLATION_BUDGET, installation, inCurrency(spendOf(ledger, now, { leaving }), installation.currency), tariff, now) }]),
  ];
}

/** The cheapest placement says how many may still fit; whether the one that is taken fits is the gate's to say. Nobody's price is a price of nothing. */
function leastTariff(tariffs: readonly Tariff[], now: Instant): Tariff {
  const unknown = tariffs.find(({ kind }) => kind === 'Unknown');
  const free = tariffs.find(({ kind }) => kind === 'Free');
  if (unknown !== undefined || free !== undefined) return free ?? unknown ?? { kind: 'Free' };
  const month = monthOf(now);
  const priced = tariffs.flatMap((tariff) => (tariff.kind === 'Priced' ? [tariff] : []));
  const cost = (tariff: Tariff & { kind: 'Priced' }): number => costWithin(month, now, monthBounds(month).to, tariff);
  const [first] = priced;
  // Prices of two currencies cannot be compared: the first one that a budget does not understand is told.
  const mixed = priced.find((tariff) => tariff.price.currency !== first?.price.currency);
  return mixed ?? priced.toSorted((a, b) => cost(a) - cost(b))[0] ?? { kind: 'Free' };
}

/** Hosts below minHosts are bought all the same: a person wrote that so many must serve. */
function budgetConstraint({ policy, pool, hosts, ledger }: LimitFacts, verdict: BudgetVerdict, reason: string): Constraint | undefined {
  const there = staying(pool, hosts, ledger);
  switch (verdict.kind) {
    case 'Unlimited': return undefined;
    case 'Room': return { kind: 'Ceiling', hosts: Math.max(policy.spec.minHosts, there + verdict.hosts), reason, liftedBy: `${verdict.liftedBy}; ${verdict.used}` };
    case 'Blind': return { kind: 'Ceiling', hosts: Math.max(policy.spec.minHosts, there), reason, liftedBy: `${verdict.liftedBy}; ${verdict.text}` };
  }
}

/** Hosts of the pool that are there or paid for, and stay. One in quarantine is paid for and no capacity. */
function staying(pool: HostPool, hosts: readonly KamalHost[], ledger: Ledger): number {
  const leaving = new Set(hosts.filter((host) => isLeaving(host) || isQuarantined(host)).map(({ spec }) => spec.hostID));
  const bought = living(ledger).filter(([hostID, entry]) => entry.pool === keyText(keyOf(pool)) && !leaving.has(hostID));
  return (pool.spec.fixedHosts?.length ?? 0) + bought.length;
}

/** A provider that refused more servers limits a pool that has no other. */
function quotaConstraint({ pool, hosts, ledger, now }: LimitFacts): Constraint[] {
  const providers = [...new Set(pool.spec.placements.map(({ provider }: Placement) => provider))];
  const quotas = providers.flatMap((provider) => {
    const quota = quotaOf(ledger.limits, provider, now);
    return quota === undefined ? [] : [{ provider, ...quota, room: Math.max(0, quota.servers - serversAt(ledger, provider)) }];
  });
  if (quotas.length < providers.length) return [];
  const room = quotas.reduce((sum, quota) => sum + quota.room, 0);
  const until = Math.min(...quotas.map(({ untilAt }) => untilAt));
  const launched = hosts.filter((host) => !isLeaving(host) && !isQuarantined(host) && ledger.entries[host.spec.hostID]?.launchedAt !== undefined).length;
  return [{
    kind: 'Ceiling', reason: 'providerQuota', hosts: (pool.spec.fixedHosts?.length ?? 0) + launched + room,
    liftedBy: `${quotas.map(({ provider, servers }) => `have ${provider} allow more than the ${servers} servers it refused to exceed`).join(', ')}; asked again at ${toTimestamp(until)}`,
  }];
}
