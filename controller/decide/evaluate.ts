import type { ScalingPolicySpec } from '../api/index.ts';
import { fromTimestamp, scaleInWindow } from '../model/index.ts';
import type { Billing, Constraint, Decision, HostCounts, Instant, LoadHistory, Observation } from '../model/index.ts';
import { capacityOf } from './capacity.ts';
import { combine, highestOf } from './combine.ts';
import { constrain } from './constrain.ts';
import { look } from './coverage.ts';
import type { Sight } from './coverage.ts';
import { addForecast, forecastOf, lookAhead } from './look-ahead.ts';
import { keepPaid } from './paid-hours.ts';
import { limitRate, settlePending } from './rate.ts';
import { readingsOf } from './readings.ts';
import * as reasons from './reasons.ts';
import { propose, toRecommendation } from './recommend.ts';
import type { Proposal } from './recommend.ts';
import { metricRules } from './rules.ts';
import { remember, stabilize } from './stabilize.ts';
import { restore, store } from './state.ts';
import { judgeSteps } from './thresholds.ts';
import type { Verdict } from './verdict.ts';
import type { Mechanism } from './without.ts';

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
  /** What the load was like before, for the season; undefined where nothing is known. */
  history: LoadHistory | undefined;
  /** `engineState` of the last decision as it was stored; undefined, another version or garbage starts afresh. */
  engineState: unknown;
  now: Instant;
}

/**
 * How many hosts a pool should have, and why. Pure: the same input gives the same decision. Never throws and never
 * answers NaN, whatever the observations, the stored state or the clock say. `without` leaves a mechanism out, to see
 * what it is worth.
 */
export function evaluate(input: EvaluateInput, without?: Mechanism): Decision {
  const { policy, observations, hosts, now } = input;
  const capacity = capacityOf(hosts, input.replicas);
  const { current } = capacity;
  const windows = { outSeconds: policy.behavior.scaleOut.stabilizationWindowSeconds, inSeconds: scaleInWindow(policy) };
  const before = settlePending(restore(input.engineState, now), current, now);

  const readings = readingsOf(metricRules(policy), observations, capacity.inService, without === 'OfferedLoad' ? undefined : before.inFlight);
  const foresight = lookAhead(before.foresight, readings.all, capacity, input, without);
  const forecast = forecastOf(foresight, policy, now);
  const proposals = propose(readings.all, without === 'Elsewhere' ? {} : before.steps, capacity, policy);
  const sight = sightOf(proposals);
  const memory = look(before, sight, { scaleInSeconds: windows.inSeconds, intervalSeconds: policy.intervalSeconds }, now);

  const wanted = addForecast(combine(proposals, current), forecast);
  const stable = stabilize(wanted, current, memory, windows, now);
  const fallback = fallbackHosts(policy, memory.absences);
  const covered = fallback === undefined ? stable : raise(stable, fallback, memory.absences);
  const paced = limitRate(covered, current, memory, policy.behavior, now);
  const paid = without === 'PaidHours' ? paced : keepPaid(paced, current, { ...input, booting: hosts.booting, intervalSeconds: policy.intervalSeconds }, now);
  const held = hold(policy, now);
  const final = constrain(
    held === undefined ? paid : { ...held, reasons: [...held.reasons, ...wanted.reasons.slice(0, 1)] },
    { policy, current, constraints: [...(held === undefined ? vetoesOf(proposals) : []), ...input.constraints] },
  );

  const proposed = Math.max(highestOf(proposals) ?? current, forecast?.acts === true ? forecast.hosts : 0);
  const seen = remember(memory, { proposed, current, sight, atLeast: fallback ?? 0 }, windows, now);
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
    ...(forecast !== undefined && { forecast: { hosts: forecast.hosts, leadSeconds: forecast.outlook.leadSeconds, mode: policy.prediction.mode } }),
    engineState: store({
      ...seen,
      foresight,
      steps: judgeSteps(before.steps, readings.all, capacity.settled, foresight.sample, now),
      ...(readings.inFlight !== undefined && { inFlight: readings.inFlight }),
      ...(desired !== current && { pending: { at: now, from: current, to: desired } }),
    }),
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
