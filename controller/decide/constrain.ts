import type { ScalingPolicySpec } from '../api/index.ts';
import type { Constraint } from '../model/index.ts';
import * as reasons from './reasons.ts';
import type { Verdict } from './verdict.ts';

export interface Limits {
  current: number;
  policy: ScalingPolicySpec;
  /** From outside the policy, and from its guards. */
  constraints: readonly Constraint[];
}

export type Constrained = Verdict & { limitedBy: Constraint[] };

/**
 * The last word, in one place: vetoes, then floors, then ceilings. Vetoes and ceilings from outside only stop growth,
 * for what serves is not released because a quota or a budget ran out. The policy's own minHosts and maxHosts were
 * written by a person and count at once, whatever else says.
 */
export function constrain(verdict: Verdict, { current, policy, constraints }: Limits): Constrained {
  const whole = constraints.map((constraint) => ({ constraint, hosts: wholeLimit(constraint, current) }));
  const of = (kind: Constraint['kind']) => whole.filter(({ constraint }) => constraint.kind === kind);
  const maxHosts: Constraint = { kind: 'Ceiling', hosts: policy.maxHosts, reason: 'maxHosts', liftedBy: 'raise spec.maxHosts' };
  const minHosts: Constraint = { kind: 'Floor', hosts: policy.minHosts, reason: 'minHosts', liftedBy: 'lower spec.minHosts' };

  const veto = tightest(of('Veto'), Math.min);
  const floor = tightest([...of('Floor'), { constraint: minHosts, hosts: policy.minHosts }], Math.max);
  const ceiling = tightest(of('Ceiling'), Math.min);
  let next: Constrained = { ...verdict, limitedBy: [] };
  if (veto) next = apply(next, veto.constraint, Math.min(next.hosts, Math.max(veto.hosts, current)));
  if (floor) next = apply(next, floor.constraint, Math.max(next.hosts, floor.hosts));
  if (ceiling) next = apply(next, ceiling.constraint, Math.min(next.hosts, Math.max(ceiling.hosts, current)));
  return apply(next, maxHosts, Math.min(next.hosts, policy.maxHosts));
}

interface Limit {
  constraint: Constraint;
  hosts: number;
}

/** A limit that is no number allows nothing: neither growth nor shrinking. */
function wholeLimit({ kind, hosts }: Constraint, current: number): number {
  if (Number.isNaN(hosts)) return current;
  return Math.max(0, kind === 'Floor' ? Math.ceil(hosts) : Math.floor(hosts));
}

/** The first of several limits that asks for the most. */
function tightest(limits: readonly Limit[], pick: (...hosts: number[]) => number): Limit | undefined {
  const hosts = pick(...limits.map((limit) => limit.hosts));
  return limits.find((limit) => limit.hosts === hosts);
}

function apply(before: Constrained, constraint: Constraint, hosts: number): Constrained {
  if (hosts === before.hosts) return before;
  return {
    hosts,
    reasons: [...before.reasons, reasons.constrained(hosts, constraint)],
    limitedBy: [...before.limitedBy, constraint],
    ...(constraint.kind === 'Floor' ? before.heldBy && { heldBy: before.heldBy } : { heldBy: constraint.kind }),
  };
}
