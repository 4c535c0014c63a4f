import { expect } from 'chai';
import { acceptedRisk } from '../../../controller/decide/accepted-risk.ts';
import { evaluate } from '../../../controller/decide/index.ts';
import type { EvaluateInput, Mechanism } from '../../../controller/decide/index.ts';
import { spreadOf } from '../../../controller/decide/situation.ts';
import { leadSeconds } from '../../../controller/model/index.ts';
import type { Decision, LoadHistory, Observation } from '../../../controller/model/index.ts';
import { hostsOf, policyOf, START, UNPAID } from './build.ts';

const forecasting = (parts: Parameters<typeof policyOf>[0] = {}) => policyOf({
  maxHosts: 60, metrics: [{ name: 'rps', target: 70, limit: 78 }], ...parts, prediction: { mode: 'On', caution: 50, ...parts.prediction },
});

interface Moment {
  rps: number;
  latest?: number;
  inFlight?: number;
  p95?: number;
  hosts?: number;
}

/** Evaluates a scrape every 15 s; hosts follow at once unless a moment says how many there are. */
function follow(moments: readonly Moment[], input: Partial<EvaluateInput> = {}, without?: Mechanism): Decision[] {
  let engineState: unknown;
  let hosts = input.hosts?.inService ?? 5;
  return moments.map(({ rps, latest = rps, inFlight, p95, hosts: given }, index) => {
    const now = START + index * 15_000;
    const at = { kind: 'Value', asOf: now, windowSeconds: 60 } as const;
    const observations: Observation[] = [
      { ...at, metric: 'rps', value: rps, latest, ...(inFlight !== undefined && { inFlight }) },
      ...(p95 === undefined ? [] : [{ ...at, metric: 'p95', value: p95 }]),
    ];
    const decision = evaluate({ policy: forecasting(), replicas: undefined, constraints: [], ...UNPAID, ...input, hosts: hostsOf(given ?? hosts), observations, engineState, now }, without);
    engineState = JSON.parse(JSON.stringify(decision.engineState));
    hosts = decision.desired;
    return decision;
  });
}
const desired = (decisions: readonly Decision[]): number[] => decisions.map((decision) => decision.desired);
const steady = (count: number, moment: Moment): Moment[] => Array.from({ length: count }, () => moment);

describe('decide: a limit', () => {
  it('sizes the pool in place of the target, without tolerance: 780 of 78 is 10, 781 is 11', () => {
    const off = forecasting({ prediction: { mode: 'Off', caution: 50 } });
    expect(desired(follow([{ rps: 780, hosts: 9 }], { policy: off }))).to.deep.equal([10]);
    expect(desired(follow([{ rps: 781, hosts: 10 }], { policy: off }))).to.deep.equal([11]);
  });
});

describe('decide: offered load', () => {
  // Five hosts finish 500 requests/s at the most, and 300 requests more are in the system after each 15 s: 520 came in.
  const saturated: Moment[] = [{ rps: 500, inFlight: 100, hosts: 5 }, { rps: 500, inFlight: 400, hosts: 5 }];

  it('is what was finished and what the requests in flight grew by, where hosts are busy', () => {
    const policy = forecasting({ prediction: { mode: 'Off', caution: 50 } });
    expect(follow(saturated, { policy }).at(-1)!.reasons[0]).to.equal('rps 520 requests/s of 78 a host → 7');
    expect(follow(saturated, { policy }, 'OfferedLoad').at(-1)!.reasons[0]).to.equal('rps 500 requests/s of 78 a host → 7');
  });

  it('keeps connections out that stay open: hosts that are not busy have no queue', () => {
    const policy = forecasting({ prediction: { mode: 'Off', caution: 50 } });
    const sockets: Moment[] = [{ rps: 100, inFlight: 10, hosts: 5 }, { rps: 100, inFlight: 9000, hosts: 5 }];
    expect(follow(sockets, { policy }).at(-1)!.reasons[0]).to.match(/^rps 100 requests/);
  });

  it('never takes more than half of the requests for hidden: a stuck backend cannot buy the maximum', () => {
    const policy = forecasting({ prediction: { mode: 'Off', caution: 50 } });
    const stuck: Moment[] = [{ rps: 450, inFlight: 10, hosts: 5 }, { rps: 450, inFlight: 1e6, hosts: 5 }];
    expect(follow(stuck, { policy }).at(-1)!.reasons[0]).to.match(/^rps 900 requests/);
  });
});

describe('decide: the lead time', () => {
  it('is what the slower boots took, and one evaluation', () => {
    expect(leadSeconds([40, 50, 60, 70, 80], 15)).to.equal(85);
    expect(leadSeconds([], 15)).to.equal(105);
    expect(leadSeconds([NaN, -1, 1e9, 50], 15)).to.equal(65);
  });

  it('decides how far a rise is followed: slow boots buy earlier', () => {
    const rise = Array.from({ length: 12 }, (_, index) => ({ rps: 500 + index * 12, hosts: 9 }));
    const [quick, slow] = [[20], [240]].map((bootSeconds) => follow(rise, { bootSeconds }).at(-1)!.desired);
    expect(slow).to.be.above(quick!);
  });
});

describe('decide: forecasts', () => {
  const rise = Array.from({ length: 12 }, (_, index) => ({ rps: 300 + index * 25, hosts: 8 }));

  it('buy ahead of a rise, and say so', () => {
    const last = follow(rise, { bootSeconds: [60] }).at(-1)!;
    expect(last.desired).to.be.above(8);
    expect(last.reasons[1]).to.match(/^forecast: load for 7\.\d+ hosts now, up to [\d.]+ in 75 s → \d+$/);
    expect(follow(rise, { bootSeconds: [60] }, 'Trend').at(-1)!.desired).to.be.below(last.desired);
  });

  it('are recorded and not acted on in Shadow, and not made in Off', () => {
    const [shadow, off] = (['Shadow', 'Off'] as const).map((mode) => follow(rise, { policy: forecasting({ prediction: { mode, caution: 50 } }) }).at(-1)!);
    expect(shadow!.forecast).to.include({ mode: 'Shadow' });
    expect(shadow!.forecast!.hosts).to.be.above(shadow!.desired);
    expect([shadow!.desired, off!.forecast]).to.deep.equal([8, undefined]);
  });

  it('learn headroom from their own errors: a restless load gets more than a calm one of the same size', () => {
    const calm = steady(400, { rps: 600 });
    const restless = calm.map((_, index) => ({ rps: 600 + (index % 7 === 0 ? 150 : -25) }));
    const policy = forecasting({ scaleIn: { stabilizationWindowSeconds: 0 } });
    const mean = (moments: Moment[]) => desired(follow(moments, { policy })).slice(200).reduce((sum, hosts) => sum + hosts, 0) / 200;
    expect(mean(calm)).to.equal(8);
    expect(mean(restless)).to.be.above(8.5);
  });

  it('count booting hosts: what was ordered for a rise is not ordered again', () => {
    const ordered = evaluate({ policy: forecasting(), replicas: undefined, constraints: [], ...UNPAID, hosts: hostsOf(5, { booting: 10 }), observations: [{ kind: 'Value', metric: 'rps', value: 600, latest: 600, asOf: START, windowSeconds: 60 }], engineState: undefined, now: START });
    expect(ordered.desired).to.equal(15);
  });
});

describe('decide: the accepted risk', () => {
  it('is the knob\'s for a forecast an eighth as wide as the usual load, and before that is known', () => {
    expect(acceptedRisk(0.1, 1.2, 10)).to.be.closeTo(0.1, 1e-9);
    expect(acceptedRisk(0.1, 1.2, undefined)).to.equal(0.1);
  });

  it('is greater for a small fleet and for a wide forecast, within half and twice the knob\'s', () => {
    expect(acceptedRisk(0.1, 1.2, 5)).to.be.greaterThan(acceptedRisk(0.1, 1.2, 10));
    expect(acceptedRisk(0.1, 2.4, 10)).to.be.greaterThan(acceptedRisk(0.1, 1.2, 10));
    expect(acceptedRisk(0.1, 100, 0)).to.equal(0.2);
    expect(acceptedRisk(0.1, 0.01, 1000)).to.equal(0.05);
  });
});

describe('decide: the spread of forecasts', () => {
  const calm = { load: 10, change: 0, apart: 0, restless: 0.5 };

  it('is wider for many hosts, a moving load, trends that disagree and a restless hour', () => {
    for (const doubt of [{ load: 20 }, { change: 2 }, { change: -2 }, { apart: 2 }, { apart: -2 }, { restless: 1 }]) {
      expect(spreadOf({ ...calm, ...doubt }), JSON.stringify(doubt)).to.be.greaterThan(spreadOf(calm));
    }
  });

  it('is never nothing, so that errors can be measured in it', () => {
    expect(spreadOf({ load: 0, change: 0, apart: 0, restless: 0 })).to.be.greaterThan(0.001);
  });
});

describe('decide: the season', () => {
  const DAY = 86_400_000;
  const STEP = 300;
  /** A load that swings within the hour, and rises steeply 75 minutes after START. */
  const loadAt = (second: number): number => 400 + 100 * Math.sin(second / 600) + (second < 4500 ? 0 : Math.min(600, (second - 4500) * 2));
  /** The same a day before. */
  const yesterday: LoadHistory = {
    startAt: START - DAY - 3_600_000, stepSeconds: STEP,
    loads: Array.from({ length: 60 }, (_, step) => loadAt((step + 0.5) * STEP - 3600)),
  };
  const moments = Array.from({ length: 300 }, (_, index) => ({ rps: loadAt(index * 15) + 15 * Math.sin(index * 2.1) }));

  it('is trusted once it was closer than the trends, and then hosts are there before yesterday repeats itself', () => {
    const [known, unknown] = [yesterday, undefined].map((history) => follow(moments, { history, bootSeconds: [120] }));
    expect(known!.some(({ reasons }) => reasons.some((reason) => reason.includes('as a season ago')))).to.equal(true);
    known!.forEach((decision, index) => expect(decision.desired).to.be.at.least(unknown![index]!.desired));
    const before = (decisions: Decision[]) => decisions[4485 / 15]!.desired;
    expect(before(known!)).to.be.above(before(unknown!));
  });

  it('says nothing where yesterday has a hole', () => {
    const holes = { ...yesterday, loads: Array.from(yesterday.loads, () => NaN) };
    expect(desired(follow(moments, { history: holes }))).to.deep.equal(desired(follow(moments)));
  });
});

describe('decide: paid hours', () => {
  const calm = steady(60, { rps: 150, hosts: 6 });
  const policy = forecasting({ scaleIn: { stabilizationWindowSeconds: 0 } });
  const launched = (agoSeconds: readonly number[]) => agoSeconds.map((ago) => START - ago * 1000);

  it('let a host go at the last evaluation before its paid hour ends, drain included', () => {
    // Its hour ends at 600 s; it must begin to drain at 570 s, and evaluations are a little late at times.
    const launchedAt = launched([3600 - 600, 100, 100, 100, 100, 100]);
    const decisions = follow(calm, { policy, billing: 'Hour', launchedAt });
    const shrinks = decisions.flatMap(({ desired: hosts }, index) => (hosts < 6 ? [index * 15] : []));
    expect(shrinks).to.deep.equal([555]);
    expect(decisions[10]!).to.include({ desired: 6, heldBy: 'PaidHour' });
    expect(desired(follow(calm, { policy, billing: 'Hour', launchedAt }, 'PaidHours')).at(10)).to.be.below(6);
    expect(desired(follow(calm, { policy, billing: 'Second', launchedAt })).at(10)).to.be.below(6);
  });

  it('never break off a boot', () => {
    const decide = (billing: 'Hour' | 'Second') => evaluate({
      policy, replicas: undefined, constraints: [], ...UNPAID, billing, launchedAt: launched([3555, 3555, 3555]), hosts: hostsOf(3, { booting: 2 }),
      observations: [{ kind: 'Value', metric: 'rps', value: 70, latest: 70, asOf: START, windowSeconds: 60 }], engineState: undefined, now: START,
    });
    expect(decide('Hour')).to.include({ desired: 5, heldBy: 'PaidHour' });
    expect(decide('Second').desired).to.be.below(5);
  });
});

describe('decide: thresholds that hosts do not help', () => {
  const metrics = [{ name: 'rps', target: 70 }, { name: 'p95', target: 0.2 }, { name: 'dbPool', target: 80 }];
  const policy = policyOf({ metrics, maxHosts: 60 });
  const slow = steady(40, { rps: 280, p95: 0.4 });

  it('stop stepping up once half as many more made no difference, keep what is there, and name the suspect', () => {
    const decisions = follow(slow, { policy: policyOf({ metrics: metrics.slice(0, 2), maxHosts: 60 }) });
    expect(Math.max(...desired(decisions))).to.be.below(20);
    expect(decisions.at(-1)!.reasons[0]).to.match(/p95 0\.4 s over 0\.2 s, but more hosts did not help: the bottleneck is elsewhere$/);
    expect(Math.max(...desired(follow(slow, { policy: policyOf({ metrics: metrics.slice(0, 2), maxHosts: 60 }) }, 'Elsewhere')))).to.equal(60);
    const withPool = (value: number) => evaluate({
      policy, replicas: undefined, constraints: [], ...UNPAID, hosts: hostsOf(10), now: START, engineState: { ...decisions.at(-1)!.engineState },
      observations: [['rps', 280], ['p95', 0.4], ['dbPool', value]].map(([metric, seen]): Observation => ({ kind: 'Value', metric: String(metric), value: Number(seen), asOf: START, windowSeconds: 60 })),
    });
    expect(withPool(78).reasons.length).to.be.at.least(1);
  });

  it('step up again when the load has grown since, or the value came down in between', () => {
    const decisions = follow([...slow, { rps: 280, p95: 0.1 }, { rps: 280, p95: 0.4 }], { policy: policyOf({ metrics: metrics.slice(0, 2), maxHosts: 60 }) });
    expect(decisions.at(-1)!.reasons[0]).to.match(/a step up from/);
  });
});
