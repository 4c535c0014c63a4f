import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { type ObjectKey, keyText } from '../api/index.ts';
import type { Decision, ErrorClass, HostCounts, ProviderName } from '../model/index.ts';

/** The controller's own metrics; names begin with `kamal_autoscaler_`. */
export interface Meters {
  decided(policy: ObjectKey, pool: ObjectKey, mode: string, decision: Decision): void;
  scaled(pool: ObjectKey, direction: 'Out' | 'In'): void;
  scaleFailed(pool: ObjectKey, reason: ErrorClass): void;
  purchaseRefused(pool: ObjectKey, reason: string): void;
  counted(pool: ObjectKey, counts: HostCounts, wanted: number | undefined): void;
  hostHours(pool: ObjectKey, monthToDate: number): void;
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
  const boots = histogram('boot_seconds', 'Time from intent to in service.', ['pool'], [5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200]);
  const startFailures = counter('start_failures_total', 'Hosts that did not come into service.', ['pool', 'reason']);
  const lockWaits = histogram('deploy_lock_wait_seconds', 'Waits for the deploy lock of Kamal, from the first wish of a host to the hold.', ['service'], [1, 2, 5, 10, 30, 60, 120, 300, 900]);
  const lockHolds = histogram('deploy_lock_hold_seconds', 'Holds of the deploy lock of Kamal.', ['service'], [1, 2, 5, 10, 30, 60, 120, 300, 900]);
  const calls = histogram('provider_call_seconds', 'Calls to providers.', ['provider', 'call', 'result'], [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]);
  const passes = histogram('reconcile_seconds', 'Passes by kind and result.', ['kind', 'result'], [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]);
  const depth = gauge('queue_depth', 'Keys that wait for a pass.', []);
  const leader = gauge('leader', '1 while this instance leads.', []);

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
      for (const state of ['ready', 'warming', 'booting', 'draining']) hosts.remove({ ...labels, state });
    },
  };
}
