import { expect } from 'chai';
import fc from 'fast-check';
import { evaluate } from '../../../controller/decide/index.ts';
import type { EvaluateInput } from '../../../controller/decide/index.ts';
import type { ScalingPolicySpec } from '../../../controller/api/index.ts';
import type { Billing, Decision, HostCounts, LoadHistory, Observation } from '../../../controller/model/index.ts';
import { hostsOf, policyOf, START } from './build.ts';

const RUNS = 200;
type Mode = ScalingPolicySpec['prediction']['mode'];

/** Policies that forecast, with a limit and without one. */
const policies = fc.record({
  minHosts: fc.integer({ min: 0, max: 5 }),
  room: fc.integer({ min: 5, max: 60 }),
  limit: fc.option(fc.integer({ min: 70, max: 120 }), { nil: undefined }),
  cpu: fc.boolean(),
  caution: fc.integer({ min: 0, max: 100 }),
  keepSeconds: fc.constantFrom(0, 75, undefined),
}).map(({ minHosts, room, limit, cpu, caution, keepSeconds }) => policyOf({
  minHosts, maxHosts: minHosts + room, prediction: { mode: 'On', caution },
  metrics: [{ name: 'rps', target: 70, ...(limit !== undefined && { limit }) }, { name: 'p95', target: 0.2 }, ...(cpu ? [{ name: 'cpu', target: 60 }] : [])],
  scaleIn: keepSeconds === undefined ? {} : { stabilizationWindowSeconds: keepSeconds },
}));

/** A load that wanders, jumps and falls silent, a scrape at a time. */
const moments = fc.array(fc.record({
  step: fc.oneof({ weight: 6, arbitrary: fc.double({ min: 0.9, max: 1.12, noNaN: true }) }, { weight: 1, arbitrary: fc.double({ min: 0.2, max: 4, noNaN: true }) }),
  lost: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  gap: fc.oneof({ weight: 12, arbitrary: fc.constant(15) }, { weight: 1, arbitrary: fc.constantFrom(0, 1, 90, 700, -60) }),
  inFlight: fc.option(fc.double({ min: 0, max: 3000, noNaN: true }), { nil: undefined }),
  p95: fc.double({ min: 0.05, max: 0.5, noNaN: true }),
  boot: fc.option(fc.double({ min: 1, max: 400, noNaN: true }), { nil: undefined }),
}), { minLength: 5, maxLength: 60 });

const histories: fc.Arbitrary<LoadHistory | undefined> = fc.option(
  fc.array(fc.oneof({ weight: 8, arbitrary: fc.double({ min: 0, max: 5000, noNaN: true }) }, { weight: 1, arbitrary: fc.constant(NaN) }), { minLength: 0, maxLength: 600 })
    .map((loads) => ({ startAt: START - 2 * 86_400_000, stepSeconds: 300, loads })), { nil: undefined });

const streams = fc.record({ policy: policies, moments, history: histories, billing: fc.constantFrom<Billing>('Hour', 'Second', 'None'), start: fc.integer({ min: 1, max: 30 }) });
type Stream = typeof streams extends fc.Arbitrary<infer S> ? S : never;

interface Step {
  input: EvaluateInput;
  decision: Decision;
}

/** Hosts follow each decision and serve two evaluations later. */
function run({ policy, moments: seen, history, billing, start }: Stream): Step[] {
  let [engineState, load, now]: [unknown, number, number] = [undefined, 300, START];
  let hosts: HostCounts = hostsOf(start);
  let bootSeconds: number[] = [];
  return seen.map(({ step, lost, gap, inFlight, p95, boot }) => {
    load = Math.min(50_000, Math.max(1, load * step));
    now += gap * 1000;
    if (boot !== undefined) bootSeconds = [...bootSeconds, boot].slice(-20);
    const input: EvaluateInput = {
      policy, hosts, replicas: undefined, constraints: [], bootSeconds, billing, drainSeconds: 30, history, engineState, now,
      launchedAt: Array.from({ length: hosts.inService }, (_, index) => START - index * 400_000),
      observations: lost ? [] : observationsOf(load, now, inFlight, p95, hosts.inService),
    };
    const decision = evaluate(input);
    engineState = JSON.parse(JSON.stringify(decision.engineState));
    const served = Math.min(decision.desired, hosts.inService + hosts.booting);
    hosts = hostsOf(served, { booting: decision.desired - served });
    return { input, decision };
  });
}

function observationsOf(load: number, now: number, inFlight: number | undefined, p95: number, hosts: number): Observation[] {
  const at = { kind: 'Value', asOf: now - 5000, windowSeconds: 60 } as const;
  return [
    { ...at, metric: 'rps', value: load, latest: load * 1.02, ...(inFlight !== undefined && { inFlight }) },
    { ...at, metric: 'p95', value: p95 },
    { ...at, metric: 'cpu', value: Math.min(100, load / Math.max(1, hosts)) },
  ];
}

const inMode = (input: EvaluateInput, mode: Mode): EvaluateInput =>
  ({ ...input, policy: { ...input.policy, prediction: { ...input.policy.prediction, mode }, behavior: { ...input.policy.behavior, scaleIn: { ...input.policy.behavior.scaleIn, stabilizationWindowSeconds: 75 } } } });

describe('decide: laws of forecasts', function () {
  this.timeout(120_000);
  const law = (check: (step: Step) => void): void => fc.assert(fc.property(streams, (drawn) => run(drawn).forEach(check)), { numRuns: RUNS });

  it('stays between minHosts and maxHosts, in whole numbers, without NaN anywhere', () =>
    law(({ input: { policy }, decision }) => {
      expect(Number.isInteger(decision.desired)).to.equal(true);
      expect(decision.desired).to.be.within(policy.minHosts, policy.maxHosts);
      expect(JSON.parse(JSON.stringify(decision.engineState))).to.deep.equal(decision.engineState);
    }));

  it('an absence never shrinks, and a lost scrape is one', () =>
    law(({ input, decision }) => {
      if (input.observations.length === 0) expect(decision.desired).to.be.at.least(Math.min(decision.current, input.policy.maxHosts));
    }));

  it('a forecast never lowers the result: On is at least Off, and Shadow is Off', () =>
    law(({ input }) => {
      const [off, shadow, on] = (['Off', 'Shadow', 'On'] as const).map((mode) => evaluate(inMode(input, mode)).desired);
      expect(on).to.be.at.least(off!);
      expect(shadow).to.equal(off);
    }));

  it('with the same learned state, more load never gives fewer hosts', () =>
    fc.assert(fc.property(streams, fc.double({ min: 1, max: 5, noNaN: true }), (drawn, factor) => {
      for (const { input, decision } of run(drawn)) {
        const more = input.observations.map((seen): Observation => (seen.metric === 'rps' && seen.kind === 'Value'
          ? { ...seen, value: seen.value * factor, latest: seen.latest! * factor, ...(seen.inFlight !== undefined && { inFlight: seen.inFlight * factor }) }
          : seen.kind === 'Value' ? { ...seen, value: seen.value * factor } : seen));
        expect(evaluate({ ...input, observations: more }).desired).to.be.at.least(decision.desired);
      }
    }), { numRuns: RUNS }));

  it('a record of inputs and state replays to the same decisions', () =>
    law(({ input, decision }) => {
      // NaN stands for holes in a history, which JSON does not have.
      const record = structuredClone(input);
      expect(evaluate({ ...record, engineState: JSON.parse(JSON.stringify(record.engineState ?? null)) })).to.deep.equal(decision);
    }));

  it('without season a constant load settles, and then never moves', () =>
    fc.assert(fc.property(policies, fc.double({ min: 10, max: 3000, noNaN: true }), (policy, load) => {
      const seen = Array.from({ length: 1300 }, () => ({ step: 1, lost: false, gap: 15, inFlight: 20, p95: 0.1, boot: 60 }));
      let hosts = hostsOf(5);
      let engineState: unknown;
      const desired = seen.map((_, tick) => {
        const now = START + tick * 15_000;
        const decision = evaluate({
          policy, hosts, replicas: undefined, constraints: [], bootSeconds: [60], billing: 'Second', launchedAt: [], drainSeconds: 30, history: undefined, engineState, now,
          observations: observationsOf(load, now, 20, 0.1, hosts.inService).filter(({ metric }) => metric !== 'cpu' || policy.metrics.some(({ name }) => name === 'cpu')),
        });
        engineState = decision.engineState;
        hosts = hostsOf(decision.desired);
        return decision.desired;
      });
      // The climb from five saturated hosts is a surprise that is learned; four hours are enough to see that it was one.
      expect(new Set(desired.slice(1000)).size, desired.slice(1000).join(' ')).to.equal(1);
    }), { numRuns: 40 }));

  it('state stays under 16 KB through a simulated year of restless load and long boots', () => {
    const policy = policyOf({ maxHosts: 500, prediction: { mode: 'On', caution: 50 }, metrics: [{ name: 'rps', target: 70, limit: 78 }, { name: 'p95', target: 0.2 }] });
    let [engineState, bytes, hosts]: [unknown, number, HostCounts] = [undefined, 0, hostsOf(10)];
    // Every tenth hour of a year: what is remembered does not depend on the hours between.
    for (let hour = 0; hour < 8760; hour += 10) {
      for (let tick = 0; tick < 40; tick++) {
        const now = START + hour * 3_600_000 + tick * 15_000;
        const load = 2000 * (1.2 + Math.sin(hour / 24) + 0.3 * Math.sin(tick * 1.3) + (hour % 170 === 0 ? tick / 4 : 0));
        const decision = evaluate({
          policy, hosts, replicas: undefined, constraints: [], bootSeconds: [900, 1200], billing: 'Second', launchedAt: [], drainSeconds: 30, history: undefined, engineState, now,
          observations: observationsOf(load, now, 100, tick % 9 === 0 ? 0.3 : 0.1, hosts.inService),
        });
        engineState = decision.engineState;
        hosts = hostsOf(decision.desired);
      }
      bytes = Math.max(bytes, JSON.stringify(engineState).length);
    }
    expect(bytes).to.be.within(1000, 16_384);
  });
});
