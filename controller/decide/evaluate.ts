import type { ScalingPolicySpec } from '../api/index.ts';
import { fromTimestamp } from '../model/index.ts';
import type { Billing, Constraint, Decision, HostCounts, Instant, Observation } from '../model/index.ts';
import { capacityOf } from './capacity.ts';
import { combine, highestOf } from './combine.ts';
import { constrain } from './constrain.ts';
import { look } from './coverage.ts';
import type { Sight } from './coverage.ts';
import { limitRate, settlePending } from './rate.ts';
import * as reasons from './reasons.ts';
import { propose, toRecommendation } from './recommend.ts';
import type { Proposal } from './recommend.ts';
import { remember, stabilize } from './stabilize.ts';
import { restore, store } from './state.ts';
import type { Verdict } from './verdict.ts';

export interface EvaluateInput {
  /** After defaulting. */
  policy: ScalingPolicySpec;
  observations: readonly Observation[];
  hosts: HostCounts;
  /** Hosts that are wanted now: the pool's `spec.replicas`; undefined means what is there or coming. */
  replicas: number | undefined;
  /** Beyond the policy's own minHosts, maxHosts and guards. */
  constraints: readonly Constraint[];
  /** The pool's last boots from intent to in service, oldest first. */
  bootSeconds: readonly number[];
  /** How the hosts that are bought are charged. */
  billing: Billing;
  /** Creation times of bought hosts in service; with `Hour` their paid hours count from there. */
  launchedAt: readonly Instant[];
  /** For how long a leaving host is still paid for. */
  drainSeconds: number;
  /** `engineState` of the last decision as it was stored; undefined, another version or garbage starts afresh. */
  engineState: unknown;
  now: Instant;
}

/**
 * How many hosts a pool should have, and why. Pure: the same input gives the same decision. Never throws and never
 * answers NaN, whatever the observations, the stored state or the clock say.
 */
export function evaluate({ policy, observations, hosts, replicas, constraints, engineState, now }: EvaluateInput): Decision {
  const capacity = capacityOf(hosts, replicas);
  const { current } = capacity;
  const proposals = propose(policy, observations, capacity);
  const sight = sightOf(proposals);
  const windows = {
    scaleInSeconds: policy.behavior.scaleIn.stabilizationWindowSeconds,
    intervalSeconds: policy.intervalSeconds,
  };
  const memory = look(settlePending(restore(engineState, now), current, now), sight, windows, now);

  const wanted = combine(proposals, current);
  const stable = stabilize(wanted, current, memory, policy.behavior, now);
  const fallback = fallbackHosts(policy, memory.absences);
  const covered = fallback === undefined ? stable : raise(stable, fallback, memory.absences);
  const paced = limitRate(covered, current, memory, policy.behavior, now);
  const held = hold(policy, now);
  const guards = held === undefined ? vetoesOf(proposals) : [];
  const final = constrain(
    held === undefined ? paced : { ...held, reasons: [...held.reasons, ...wanted.reasons.slice(0, 1)] },
    { policy, current, constraints: [...guards, ...constraints] },
  );

  const seen = remember(memory, { proposed: highestOf(proposals) ?? current, current, sight, atLeast: fallback ?? 0 }, policy.behavior, now);
  const desired = final.hosts;
  return {
    time: now,
    current,
    desired,
    direction: desired > current ? 'Out' : desired < current ? 'In' : 'None',
    reasons: [...final.reasons],
    recommendations: proposals.map(toRecommendation),
    limitedBy: final.limitedBy,
    ...(final.heldBy !== undefined && { heldBy: final.heldBy }),
    engineState: store({ ...seen, ...(desired !== current && { pending: { at: now, from: current, to: desired } }) }),
  };
}

/** Guards size nothing: their absence blocks scale-in but hides no load. */
const sightOf = (proposals: readonly Proposal[]): Sight =>
  proposals.some(({ kind, rule }) => kind === 'Absent' && rule.type !== 'Guard') ? 'Partial' : 'Complete';

const vetoesOf = (proposals: readonly Proposal[]): Constraint[] =>
  proposals.flatMap((proposal) => (proposal.kind === 'Vetoes' ? [proposal.veto] : []));

/** The least number while metrics stay away. */
const fallbackHosts = ({ fallback }: ScalingPolicySpec, absences: number): number | undefined =>
  fallback !== undefined && absences >= fallback.afterAbsences ? fallback.hosts : undefined;

const raise = (verdict: Verdict, hosts: number, absences: number): Verdict =>
  verdict.hosts >= hosts ? verdict : { hosts, reasons: [...verdict.reasons, reasons.fallenBack(hosts, absences)] };

/** A person's number goes before metrics, windows, rates and guards until it expires; constraints from outside remain. */
function hold({ hold: wish }: ScalingPolicySpec, now: Instant): Verdict | undefined {
  const until = fromTimestamp(wish?.until);
  if (wish === undefined || until === undefined || until <= now) return undefined;
  return { hosts: wish.hosts, reasons: [reasons.onHold(wish.hosts, until, wish.reason)] };
}
