import { expect } from 'chai';
import fc from 'fast-check';
import { evaluate } from '../../../controller/decide/index.ts';
import type { EvaluateInput } from '../../../controller/decide/index.ts';
import type { ScalingPolicySpec } from '../../../controller/api/index.ts';
import type { Decision, Observation } from '../../../controller/model/index.ts';
import { absence, hostsOf, policyOf, START, UNPAID, value } from './build.ts';

const RUNS = 300;

const rates = fc.option(
  fc.array(fc.record({
    type: fc.constantFrom('Hosts' as const, 'Percent' as const),
    value: fc.integer({ min: 1, max: 200 }),
    periodSeconds: fc.integer({ min: 1, max: 1800 }),
  }), { maxLength: 3 }),
  { nil: undefined },
);
const direction = (longestWindow: number) => fc.record({
  stabilizationWindowSeconds: fc.constantFrom(0, 15, 60, 300, longestWindow),
  tolerancePercent: fc.integer({ min: 0, max: 50 }),
  selectPolicy: fc.constantFrom('Max' as const, 'Min' as const, 'Disabled' as const),
  policies: rates,
});
const metrics: ScalingPolicySpec['metrics'] = [
  { name: 'rps', target: 70 },
  { name: 'cpu', target: 60 },
  { name: 'p95', target: 0.2 },
  { name: 'dbConnections', target: 80 },
];
const policies = fc
  .record({
    minHosts: fc.integer({ min: 0, max: 10 }),
    room: fc.integer({ min: 1, max: 40 }),
    metrics: fc.subarray(metrics, { minLength: 1 }),
    scaleOut: direction(3600),
    scaleIn: direction(86_400),
    fallback: fc.option(fc.record({ afterAbsences: fc.integer({ min: 1, max: 5 }), hosts: fc.integer({ min: 1, max: 60 }) }), { nil: undefined }),
    hold: fc.option(fc.constant({ hosts: 7, until: '2026-11-23T12:05:00Z' }), { nil: undefined }),
  })
  .map(({ room, ...parts }) => policyOf({ ...parts, maxHosts: parts.minHosts + room }));

const odd = fc.constantFrom(Number.NaN, Infinity, -Infinity, -1, 0, Number.MAX_VALUE, Number.MIN_VALUE);
const observation = (metric: string, most: number, values = fc.double({ min: 0, max: most, noNaN: true })): fc.Arbitrary<Observation[]> =>
  fc.oneof(
    { weight: 8, arbitrary: values.map((amount): Observation[] => [value(metric, amount)]) },
    { weight: 1, arbitrary: odd.map((amount): Observation[] => [value(metric, amount)]) },
    { weight: 1, arbitrary: fc.constant<Observation[]>([absence(metric)]) },
    { weight: 1, arbitrary: fc.constant<Observation[]>([]) },
  );
const observations = fc
  .tuple(observation('rps', 5000), observation('cpu', 150), observation('p95', 2), observation('dbConnections', 100))
  .map((lists) => lists.flat());

/** A stream: gaps are mostly a scrape interval, sometimes a long pause or a clock that is set back. */
const moment = fc.record({
  gap: fc.oneof(
    { weight: 10, arbitrary: fc.constant(15) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 120 }) },
    { weight: 1, arbitrary: fc.integer({ min: -4000, max: 4000 }) },
  ),
  observations,
  drift: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: -3, max: 3 }) }),
  booting: fc.integer({ min: 0, max: 4 }),
  warming: fc.integer({ min: 0, max: 4 }),
});
const streams = fc.record({ policy: policies, start: fc.integer({ min: 0, max: 60 }), moments: fc.array(moment, { minLength: 1, maxLength: 40 }) });

interface Step {
  input: EvaluateInput;
  decision: Decision;
}

/** Runs a stream; hosts follow the decisions, apart from a drift that stands for hosts that died or came by hand. */
function run({ policy, start, moments }: typeof streams extends fc.Arbitrary<infer S> ? S : never): Step[] {
  let engineState: unknown;
  let hosts = start;
  let now = START;
  return moments.map(({ gap, drift, booting, warming, ...seen }) => {
    now += gap * 1000;
    hosts = Math.max(0, hosts + drift);
    const onTheWay = Math.min(booting, hosts);
    const input: EvaluateInput = {
      policy,
      observations: seen.observations,
      hosts: hostsOf(hosts - onTheWay, { booting: onTheWay, warming: Math.min(warming, hosts - onTheWay) }),
      replicas: undefined,
      constraints: [], ...UNPAID,
      engineState,
      now,
    };
    const decision = evaluate(input);
    engineState = JSON.parse(JSON.stringify(decision.engineState));
    hosts = decision.desired;
    return { input, decision };
  });
}

const law = (check: (step: Step) => void): void =>
  fc.assert(fc.property(streams, (drawn) => run(drawn).forEach(check)), { numRuns: RUNS });

describe('decide: laws', function () {
  this.timeout(60_000);

  it('minHosts ≤ desired ≤ maxHosts', () =>
    law(({ input: { policy }, decision: { desired } }) => {
      expect(desired).to.be.at.least(policy.minHosts);
      expect(desired).to.be.at.most(policy.maxHosts);
    }));

  it('every number is whole and finite, and the direction is that of the numbers', () =>
    law(({ decision: { current, desired, direction: way } }) => {
      expect(Number.isInteger(current) && Number.isInteger(desired)).to.equal(true);
      expect(way).to.equal(desired > current ? 'Out' : desired < current ? 'In' : 'None');
    }));

  it('absence never shrinks: only a lowered maxHosts or a hold takes hosts away then', () =>
    law(({ input: { policy, now }, decision }) => {
      const blind = decision.recommendations.some(({ hosts, blocksScaleIn }) => blocksScaleIn && hosts === undefined);
      const held = policy.hold !== undefined && now < Date.parse(policy.hold.until);
      if (blind && !held) expect(decision.desired).to.be.at.least(Math.min(decision.current, policy.maxHosts));
    }));

  it('an absent metric never gives fewer hosts than there are, whichever of them goes away', () =>
    fc.assert(
      fc.property(streams, fc.constantFrom(...metrics.map(({ name }) => name)), (drawn, lost) => {
        const { hold: _, ...policy } = drawn.policy;
        const steps = run({ ...drawn, policy });
        for (const { input } of steps.filter(({ decision }) => decision.current <= policy.maxHosts)) {
          if (!policy.metrics.some(({ name }) => name === lost)) continue;
          const decision = evaluate({ ...input, observations: input.observations.filter(({ metric }) => metric !== lost) });
          expect(decision.desired).to.be.at.least(decision.current);
        }
      }),
      { numRuns: RUNS },
    ));

  it('with the same state more load never yields fewer hosts', () =>
    fc.assert(
      fc.property(streams, fc.constantFrom('rps', 'cpu', 'p95'), fc.double({ min: 1, max: 10, noNaN: true }), (drawn, metric, factor) => {
        for (const { input, decision } of run(drawn)) {
          const more = input.observations.map((seen): Observation =>
            seen.metric === metric && seen.kind === 'Value' && Number.isFinite(seen.value * factor) && seen.value > 0 ? { ...seen, value: seen.value * factor } : seen);
          expect(evaluate({ ...input, observations: more }).desired).to.be.at.least(decision.desired);
        }
      }),
      { numRuns: RUNS },
    ));

  it('the same input gives the same decision, and leaves the input as it was', () =>
    law(({ input, decision }) => {
      const before = JSON.stringify(input);
      expect(evaluate(structuredClone(input))).to.deep.equal(decision);
      expect(JSON.stringify(input)).to.equal(before);
    }));

  it('state survives JSON: nothing in it is lost or changed', () =>
    law(({ decision: { engineState } }) => {
      expect(JSON.parse(JSON.stringify(engineState))).to.deep.equal(engineState);
    }));

  it('says why, and lets the first reason name a metric or the hold', () =>
    law(({ input: { policy }, decision }) => {
      expect(decision.reasons.length).to.be.at.least(1);
      const names = policy.metrics.map(({ name }) => name);
      expect(decision.reasons[0]).to.satisfy((reason: string) =>
        reason.startsWith('no metric asks') || reason.startsWith('held at 7 by spec.hold') || names.some((name) => reason.startsWith(name)));
      decision.reasons.forEach((reason) => expect(reason.length).to.be.at.most(240));
    }));

  it('garbage as state is a fresh start', () => {
    const seen = [value('rps', 70)];
    const input = { policy: policyOf(), observations: seen, hosts: hostsOf(4), replicas: undefined, constraints: [], ...UNPAID, now: START };
    const fresh = evaluate({ ...input, engineState: undefined });
    fc.assert(
      fc.property(fc.anything(), (engineState) => {
        expect(evaluate({ ...input, engineState })).to.deep.equal(fresh);
      }),
      { numRuns: RUNS },
    );
    expect(evaluate({ ...input, engineState: { ...fresh.engineState, version: 2 } })).to.deep.equal(fresh);
  });

  it('garbage inside a state never throws and never leaves the limits', () => {
    const field = fc.oneof(fc.anything(), fc.array(fc.tuple(fc.double(), fc.double())), fc.double(), fc.integer({ min: START - 900_000, max: START + 900_000 }));
    const states = fc.record({
      version: fc.constant(1), evaluatedAt: field, observedSince: field, absentSince: field, absences: field,
      absenceCountedAt: field, highs: field, lows: field, added: field, removed: field,
      pending: fc.oneof(field, fc.record({ at: field, from: field, to: field })),
    });
    fc.assert(
      fc.property(states, policies, observations, fc.integer({ min: 0, max: 10 }), (engineState, policy, seen, count) => {
        const current = Math.min(count, policy.maxHosts);
        const { desired } = evaluate({ policy, observations: seen, hosts: hostsOf(current), replicas: undefined, constraints: [], ...UNPAID, engineState, now: START });
        expect(desired).to.be.within(policy.minHosts, policy.maxHosts);
      }),
      { numRuns: RUNS },
    );
  });

  it('odd host counts never give NaN', () =>
    fc.assert(
      fc.property(fc.record({ inService: fc.double(), warming: fc.double(), booting: fc.double(), draining: fc.double() }), fc.option(fc.double(), { nil: undefined }), observations, (hosts, replicas, seen) => {
        const { desired, current } = evaluate({ policy: policyOf({ metrics }), observations: seen, hosts, replicas, constraints: [], ...UNPAID, engineState: undefined, now: START });
        expect(Number.isInteger(desired) && Number.isInteger(current)).to.equal(true);
      }),
      { numRuns: RUNS },
    ));

  it('a constant load settles and then never moves', () =>
    fc.assert(
      fc.property(
        fc.record({ load: fc.double({ min: 0.1, max: 30, noNaN: true }), start: fc.integer({ min: 1, max: 40 }), boot: fc.integer({ min: 0, max: 8 }), tolerancePercent: fc.integer({ min: 0, max: 50 }) }),
        ({ load, start, boot, tolerancePercent }) => {
          const policy = policyOf({ maxHosts: 100, metrics: metrics.slice(0, 2), scaleOut: { tolerancePercent }, scaleIn: { tolerancePercent } });
          const settled = live(policy, load, start, boot, 400).slice(200);
          expect(new Set(settled).size, `${settled.join(' ')}`).to.equal(1);
          expect(settled[0]! * (1 + tolerancePercent / 100)).to.be.at.least(load - 1e-6);
        },
      ),
      { numRuns: 60 },
    ));

  it('state stays under 16 KB, whatever the load does, and under 1 KB for a calm one', () => {
    const longest = policyOf({
      maxHosts: 500,
      scaleOut: { stabilizationWindowSeconds: 3600, policies: [{ type: 'Hosts', value: 1, periodSeconds: 1 }] },
      scaleIn: { stabilizationWindowSeconds: 86_400, policies: [{ type: 'Hosts', value: 1, periodSeconds: 1 }] },
    });
    const quick = { ...longest, behavior: { scaleOut: { ...longest.behavior.scaleOut, stabilizationWindowSeconds: 0 }, scaleIn: { ...longest.behavior.scaleIn, stabilizationWindowSeconds: 0 } } };
    const largest = (policy: ScalingPolicySpec, total: (tick: number) => number): number => {
      let engineState: unknown;
      let hosts = 250;
      let bytes = 0;
      for (let tick = 0; tick < 6000; tick++) {
        const decision = evaluate({ policy, observations: [value('rps', total(tick))], hosts: hostsOf(hosts), replicas: undefined, constraints: [], ...UNPAID, engineState, now: START + tick * 1000 });
        engineState = decision.engineState;
        hosts = decision.desired;
        bytes = Math.max(bytes, JSON.stringify(engineState).length);
      }
      return bytes;
    };
    const falling = (tick: number) => 70 * (500 - (tick % 500));
    const rising = (tick: number) => 70 * (1 + (tick % 500));
    const restless = (tick: number) => (tick % 2 === 0 ? 0 : 35_000);
    for (const policy of [longest, quick]) {
      for (const load of [falling, rising, restless]) expect(largest(policy, load)).to.be.below(16_384);
    }
    expect(largest(longest, () => 70 * 250)).to.be.below(1024);
  });
});

/** A small world: hosts boot for `boot` evaluations, the load is worth `load` hosts at their targets. */
function live(policy: ScalingPolicySpec, load: number, start: number, boot: number, ticks: number): number[] {
  let engineState: unknown;
  let replicas = start;
  let inService = start;
  let booting: number[] = [];
  return Array.from({ length: ticks }, (_, tick) => {
    inService += booting.filter((ready) => ready <= tick).length;
    booting = booting.filter((ready) => ready > tick);
    const decision = evaluate({
      policy,
      observations: [value('rps', load * 70), value('cpu', Math.min(100, (60 * load) / inService))],
      hosts: hostsOf(inService, { booting: booting.length }),
      replicas,
      constraints: [], ...UNPAID,
      engineState,
      now: START + tick * 15_000,
    });
    engineState = decision.engineState;
    replicas = decision.desired;
    while (inService + booting.length < replicas) booting.push(tick + boot);
    while (inService + booting.length > replicas && booting.length > 0) booting.pop();
    inService = Math.min(inService, replicas - booting.length);
    return replicas;
  });
}
