import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { type ObjectKey, keyText } from '../api/index.ts';
import type { Budget, Decision, ErrorClass, HostCounts, ProviderName } from '../model/index.ts';

/** The controller's own metrics; names begin with `kamal_autoscaler_`. */
export interface Meters {
  decided(policy: ObjectKey, pool: ObjectKey, mode: string, decision: Decision): void;
  scaled(pool: ObjectKey, direction: 'Out' | 'In'): void;
  scaleFailed(pool: ObjectKey, reason: ErrorClass): void;
  purchaseRefused(pool: ObjectKey, reason: string): void;
  counted(pool: ObjectKey, counts: HostCounts, wanted: number | undefined): void;
  hostHours(pool: ObjectKey, monthToDate: number): void;
  /** What the pool's hosts cost this month, by currency. */
  spent(pool: ObjectKey, amounts: Readonly<Record<string, { soFar: number; projected: number }>>, unpriced: number): void;
  /** Over all pools, with the installation's budgets. */
  installationSpent(amounts: Readonly<Record<string, { soFar: number; projected: number }>>, budgets: Readonly<Record<string, number>>): void;
  /** A policy's budget; undefined where it has none. */
  budgeted(policy: ObjectKey, budget: Budget | undefined): void;
  /** Servers that a provider refused to exceed; undefined where nothing is known. */
  providerQuota(provider: ProviderName, servers: number | undefined): void;
  booted(pool: ObjectKey, seconds: number): void;
  startFailed(pool: ObjectKey, reason: ErrorClass): void;
  /** From the first wish for Kamal's deploy lock to its hold. */
  lockWaited(service: string, seconds: number): void;
  lockHeld(service: string, seconds: number): void;
  providerCalled(provider: ProviderName, call: string, result: 'ok' | ErrorClass, seconds: number): void;
  reconciled(kind: string, result: string, seconds: number): void;
  queueDepth(depth: number): void;
  leading(leader: boolean): void;
  forgetPool(pool: ObjectKey): void;
  readonly registry: Registry;
}

/** A registry of its own, so that several controllers may live in one process. */
export function createMeters(options: { process: boolean } = { process: false }): Meters {
  const registry = new Registry();
  if (options.process) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]) => new Gauge({ name: `kamal_autoscaler_${name}`, help, labelNames, registers });
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) => new Counter({ name: `kamal_autoscaler_${name}`, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, labelNames: L[], buckets: number[]) =>
    new Histogram({ name: `kamal_autoscaler_${name}`, help, labelNames, buckets, registers });

  const decisions = counter('decisions_total', 'Evaluations of a policy by the direction that they gave.', ['policy', 'mode', 'direction']);
  const recommended = gauge('recommended_hosts', 'Hosts that the last decision wants; in Observe and Recommend too.', ['policy', 'pool']);
  const forecast = gauge('forecast_hosts', 'Hosts that the forecast asks for by the time at which a host ordered now serves; in Shadow it is not acted on.', ['policy', 'pool', 'mode']);
  const skipped = counter('skipped_scale_events_total', 'Decisions that something held back.', ['policy', 'reason']);
  const scaleEvents = counter('scale_events_total', 'Changes of replicas by a policy.', ['pool', 'direction']);
  const scaleFailures = counter('scale_failures_total', 'Changes of replicas that failed.', ['pool', 'reason']);
  const refusals = counter('refused_purchases_total', 'Create calls that the purchase gate refused.', ['pool', 'reason']);
  const desired = gauge('desired_hosts', 'Hosts wanted: replicas of the pool.', ['pool']);
  const hosts = gauge('hosts', 'Hosts by state: ready (fixed ones included), warming (part of ready), booting, draining.', ['pool', 'state']);
  const hours = gauge('host_hours_month', 'Host-hours of bought hosts in this calendar month, UTC.', ['pool']);
  const spent = gauge('spend_month', 'What bought hosts have cost in this calendar month, UTC, net of tax.', ['pool', 'currency']);
  const projected = gauge('spend_projected_month', 'What they will have cost at the end of the month if the hosts stay that are there.', ['pool', 'currency']);
  const unpriced = gauge('unpriced_hosts', 'Bought hosts whose price the provider has not told: they are in no amount.', ['pool']);
  const allSpent = gauge('installation_spend_month', 'spend_month over all pools, gone ones included.', ['currency']);
  const allProjected = gauge('installation_spend_projected_month', 'spend_projected_month over all pools, gone ones included.', ['currency']);
  const allBudget = gauge('installation_budget_month', 'Most that a month may cost over all pools.', ['currency']);
  const budget = gauge('budget_month', 'Most that a month may cost, of a policy.', ['policy', 'currency']);
  const quota = gauge('provider_quota_servers', 'Servers that a provider refused to exceed, while that is taken for granted.', ['provider']);
  const boots = histogram('boot_seconds', 'Time from intent to in service.', ['pool'], [5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200]);
  const startFailures = counter('start_failures_total', 'Hosts that did not come into service.', ['pool', 'reason']);
  const lockWaits = histogram('deploy_lock_wait_seconds', 'Waits for the deploy lock of Kamal, from the first wish of a host to the hold.', ['service'], [1, 2, 5, 10, 30, 60, 120, 300, 900]);
  const lockHolds = histogram('deploy_lock_hold_seconds', 'Holds of the deploy lock of Kamal.', ['service'], [1, 2, 5, 10, 30, 60, 120, 300, 900]);
  const calls = histogram('provider_call_seconds', 'Calls to providers.', ['provider', 'call', 'result'], [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]);
  const passes = histogram('reconcile_seconds', 'Passes by kind and result.', ['kind', 'result'], [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]);
  const depth = gauge('queue_depth', 'Keys that wait for a pass.', []);
  const leader = gauge('leader', '1 while this instance leads.', []);

  const currencies = new Map<string, string[]>();
  const budgets = new Map<string, string>();
  const forgetSpend = (pool: string, currency: string): void => {
    spent.remove({ pool, currency });
    projected.remove({ pool, currency });
  };

  return {
    registry,
    decided(policy, pool, mode, decision) {
      decisions.inc({ policy: keyText(policy), mode, direction: decision.direction });
      recommended.set({ policy: keyText(policy), pool: keyText(pool) }, decision.desired);
      for (const known of ['On', 'Shadow'] as const) {
        const labels = { policy: keyText(policy), pool: keyText(pool), mode: known };
        if (decision.forecast?.mode === known) forecast.set(labels, decision.forecast.hosts);
        else forecast.remove(labels);
      }
      if (decision.heldBy !== undefined) skipped.inc({ policy: keyText(policy), reason: decision.heldBy });
    },
    scaled: (pool, direction) => scaleEvents.inc({ pool: keyText(pool), direction }),
    scaleFailed: (pool, reason) => scaleFailures.inc({ pool: keyText(pool), reason }),
    purchaseRefused: (pool, reason) => refusals.inc({ pool: keyText(pool), reason }),
    counted(pool, counts, wanted) {
      const labels = { pool: keyText(pool) };
      hosts.set({ ...labels, state: 'ready' }, counts.inService);
      hosts.set({ ...labels, state: 'warming' }, counts.warming);
      hosts.set({ ...labels, state: 'booting' }, counts.booting);
      hosts.set({ ...labels, state: 'draining' }, counts.draining);
      if (wanted === undefined) desired.remove(labels);
      else desired.set(labels, wanted);
    },
    hostHours: (pool, monthToDate) => hours.set({ pool: keyText(pool) }, monthToDate),
    spent(pool, amounts, count) {
      const current = Object.keys(amounts);
      const before = currencies.get(keyText(pool)) ?? [];
      currencies.set(keyText(pool), current);
      for (const currency of before.filter((old) => !current.includes(old))) forgetSpend(keyText(pool), currency);
      for (const [currency, amount] of Object.entries(amounts)) {
        spent.set({ pool: keyText(pool), currency }, amount.soFar);
        projected.set({ pool: keyText(pool), currency }, amount.projected);
      }
      unpriced.set({ pool: keyText(pool) }, count);
    },
    installationSpent(amounts, budgets) {
      for (const [currency, amount] of Object.entries(amounts)) {
        allSpent.set({ currency }, amount.soFar);
        allProjected.set({ currency }, amount.projected);
      }
      for (const [currency, amount] of Object.entries(budgets)) allBudget.set({ currency }, amount);
    },
    budgeted(policy, limit) {
      const key = keyText(policy);
      const before = budgets.get(key);
      if (before !== undefined && before !== limit?.currency) budget.remove({ policy: key, currency: before });
      if (limit === undefined) budgets.delete(key);
      else {
        budgets.set(key, limit.currency);
        budget.set({ policy: key, currency: limit.currency }, limit.perMonth);
      }
    },
    providerQuota: (provider, servers) => (servers === undefined ? quota.remove({ provider }) : quota.set({ provider }, servers)),
    booted: (pool, seconds) => boots.observe({ pool: keyText(pool) }, seconds),
    startFailed: (pool, reason) => startFailures.inc({ pool: keyText(pool), reason }),
    lockWaited: (service, seconds) => lockWaits.observe({ service }, seconds),
    lockHeld: (service, seconds) => lockHolds.observe({ service }, seconds),
    providerCalled: (provider, call, result, seconds) => calls.observe({ provider, call, result }, seconds),
    reconciled: (kind, result, seconds) => passes.observe({ kind, result }, seconds),
    queueDepth: (count) => depth.set(count),
    leading: (yes) => leader.set(yes ? 1 : 0),
    forgetPool(pool) {
      const labels = { pool: keyText(pool) };
      desired.remove(labels);
      hours.remove(labels);
      unpriced.remove(labels);
      for (const currency of currencies.get(labels.pool) ?? []) forgetSpend(labels.pool, currency);
      currencies.delete(labels.pool);
      for (const state of ['ready', 'warming', 'booting', 'draining']) hosts.remove({ ...labels, state });
    },
  };
}
