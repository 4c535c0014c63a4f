import type { DeploySession, DeploySessionStatus, HostPool, HostPoolStatus, KamalHost, KamalHostStatus, ScalingPolicy, ScalingPolicyStatus } from '../api/index.ts';
import { type Instant, toTimestamp } from '../model/index.ts';
import { type ConditionDraft, clip, mergeConditions } from './conditions.ts';
import { standingConditions } from './host-report.ts';

/** Host with another status; the phase's and conditions' times move only when these change. */
export function withHostStatus(host: KamalHost, change: Partial<KamalHostStatus>, now: Instant, conditions: readonly ConditionDraft[] = []): KamalHost {
  const before = host.status ?? {};
  const status: KamalHostStatus = { ...before, ...change, observedGeneration: host.metadata.generation };
  if (change.reason !== undefined) status.reason = clip(change.reason, 300);
  if (change.failure !== undefined) status.failure = { ...change.failure, message: clip(change.failure.message, 1000) };
  if (change.phase !== undefined && change.phase !== before.phase) status.phaseSince = toTimestamp(now);
  status.conditions = mergeConditions(before.conditions as never, [...standingConditions(status), ...conditions], host.metadata.generation, now) as never;
  return { ...host, status };
}

/** Session with another status. */
export function withSessionStatus(session: DeploySession, change: Partial<DeploySessionStatus>): DeploySession {
  const status: DeploySessionStatus = { ...session.status, ...change, observedGeneration: session.metadata.generation };
  if (change.reason !== undefined) status.reason = clip(change.reason, 300);
  return { ...session, status };
}

export interface PoolReport {
  replicas: number;
  readyReplicas: number;
  bootingReplicas: number;
  drainingReplicas: number;
  quarantinedReplicas: number;
  fixedReplicas: number;
  selector: string;
  state: NonNullable<HostPoolStatus['state']>;
  reason: string;
  conditions: ConditionDraft[];
}

export function withPoolReport(pool: HostPool, report: PoolReport, now: Instant): HostPool {
  const { conditions, ...fields } = report;
  const before = pool.status ?? {};
  return {
    ...pool,
    status: {
      ...before,
      ...fields,
      reason: clip(fields.reason, 300),
      observedGeneration: pool.metadata.generation,
      stateSince: before.state === fields.state && before.stateSince !== undefined ? before.stateSince : toTimestamp(now),
      conditions: mergeConditions(before.conditions as never, conditions, pool.metadata.generation, now),
    },
  };
}

export interface PolicyReport {
  currentHosts?: number;
  desiredHosts?: number;
  reason: string;
  scaledAt?: Instant;
  /** A decision that changed something, to be remembered. */
  change?: { from: number; to: number; reason: string };
  metrics?: NonNullable<ScalingPolicyStatus['metrics']>;
  conditions: ConditionDraft[];
}

export function withPolicyReport(policy: ScalingPolicy, report: PolicyReport, now: Instant): ScalingPolicy {
  const before = policy.status ?? {};
  const time = toTimestamp(now);
  const status: ScalingPolicyStatus = {
    ...before,
    observedGeneration: policy.metadata.generation,
    reason: clip(report.reason, 300),
    reasonSince: before.reasonSince === undefined || before.desiredHosts !== report.desiredHosts ? time : before.reasonSince,
    conditions: mergeConditions(before.conditions as never, report.conditions, policy.metadata.generation, now),
  };
  if (report.currentHosts !== undefined) status.currentHosts = report.currentHosts;
  if (report.desiredHosts !== undefined) status.desiredHosts = report.desiredHosts;
  if (report.scaledAt !== undefined) status.lastScaleTime = toTimestamp(report.scaledAt);
  if (report.metrics !== undefined) status.metrics = report.metrics;
  if (report.change !== undefined) {
    const { from, to, reason } = report.change;
    status.decisions = [{ time, from, to, reason: clip(reason, 1000) }, ...(before.decisions ?? [])].slice(0, 10);
  }
  return { ...policy, status };
}

/** Deep equality of JSON values, whatever the order of keys: a status is written only when it changed. */
export function sameJSON(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a).filter(([, value]) => value !== undefined);
  const right = new Map(Object.entries(b).filter(([, value]) => value !== undefined));
  return left.length === right.size && left.every(([key, value]) => right.has(key) && sameJSON(value, right.get(key)));
}
