import { expect } from 'chai';
import { metricRules } from '../../../controller/decide/index.ts';
import type { ScalingPolicySpec } from '../../../controller/api/index.ts';
import { decide, direct, hostsOf, policyOf, value, valuesOf } from './build.ts';

type Metrics = ScalingPolicySpec['metrics'];
interface Row {
  name: string;
  metrics: Metrics;
  values: Record<string, number | null>;
  hosts?: ReturnType<typeof hostsOf>;
  replicas?: number;
  /** Out and in, per cent. */
  tolerance?: [number, number];
  desired: number;
  says: string;
}

const rps: Metrics = [{ name: 'rps', target: 70 }];
const cpu: Metrics = [{ name: 'cpu', target: 60 }];
const p95: Metrics = [{ name: 'p95', target: 0.2 }];

/** From 4 hosts in service, windows and rates out of the way. */
const rows: Row[] = [
  { name: 'a total: 350 / 70 = 5', metrics: rps, values: { rps: 350 }, desired: 5, says: 'rps 350 requests/s of 70 a host → 5' },
  { name: 'a total: 351 / 70 = 5.01, rounded up', metrics: rps, values: { rps: 351 }, desired: 6, says: 'rps 351 requests/s of 70 a host → 6' },
  { name: 'a total: 140 / 70 = 2', metrics: rps, values: { rps: 140 }, desired: 2, says: 'rps 140 requests/s of 70 a host → 2' },
  { name: 'no rounding error buys a host: 4.2 / 0.6 = 7.000000000000001', metrics: [{ name: 'own', promql: 'x', type: 'Ratio', target: 0.6 }], values: { own: 4.2 }, desired: 7, says: 'own 4.2 of 0.6 a host → 7' },
  { name: 'within 10 % above: 308 / 70 = 4.4 = 4 × 1.1', metrics: rps, values: { rps: 308 }, desired: 4, says: 'rps 308 requests/s of 70 a host → 4 (within tolerance, else 5)' },
  { name: 'just over the tolerance: 309 / 70 = 4.414', metrics: rps, values: { rps: 309 }, desired: 5, says: 'rps 309 requests/s of 70 a host → 5' },
  { name: 'within 10 % below, 20 hosts: 1280 / 70 = 18.3 > 18', metrics: rps, values: { rps: 1280 }, hosts: hostsOf(20), desired: 20, says: 'rps 1280 requests/s of 70 a host → 20 (within tolerance, else 19)' },
  { name: 'each direction has a tolerance of its own, out 30 %: 350 / 70 = 5 < 5.2', metrics: rps, values: { rps: 350 }, tolerance: [30, 10], desired: 4, says: 'rps 350 requests/s of 70 a host → 4 (within tolerance, else 5)' },
  { name: 'each direction has a tolerance of its own, in 10 %: 210 / 70 = 3 < 3.6', metrics: rps, values: { rps: 210 }, tolerance: [30, 10], desired: 3, says: 'rps 210 requests/s of 70 a host → 3' },
  { name: 'a mean: 4 × 82 / 60 = 5.47', metrics: cpu, values: { cpu: 82 }, desired: 6, says: 'cpu 82 % of 60 % → 6' },
  { name: 'a mean: 4 × 20 / 60 = 1.33', metrics: cpu, values: { cpu: 20 }, desired: 2, says: 'cpu 20 % of 60 % → 2' },
  { name: 'booting hosts count: 4 × 90 / 60 = 6 = 4 + 2 on their way', metrics: cpu, values: { cpu: 90 }, hosts: hostsOf(4, { booting: 2 }), desired: 6, says: 'cpu 90 % of 60 % → 6' },
  { name: 'warming hosts do not add to a purchase: 4 × 90 / 60 = 6, not 6 × 90 / 60 = 9', metrics: cpu, values: { cpu: 90 }, hosts: hostsOf(6, { warming: 2 }), desired: 6, says: 'cpu 90 % of 60 % → 6' },
  { name: 'warming hosts are not released for being new: 2 × 60 / 60 = 2, but 4 × 60 / 60 = 4', metrics: cpu, values: { cpu: 60 }, hosts: hostsOf(4, { warming: 2 }), desired: 4, says: 'cpu 60 % of 60 % → 4 (hosts are warming, else 2)' },
  { name: 'all are warming: they are the base, 2 × 90 / 60 = 3', metrics: cpu, values: { cpu: 90 }, hosts: hostsOf(2, { warming: 2 }), desired: 3, says: 'cpu 90 % of 60 % → 3' },
  { name: 'a mean over no host sizes nothing', metrics: cpu, values: { cpu: 5 }, hosts: hostsOf(0, { booting: 2 }), desired: 2, says: 'cpu 5 %, but no host is in service to size from: nothing is removed' },
  { name: 'a total sizes a pool without hosts: 210 / 70 = 3', metrics: rps, values: { rps: 210 }, hosts: hostsOf(0), desired: 3, says: 'rps 210 requests/s of 70 a host → 3' },
  { name: 'replicas wanted are the current number: 420 / 70 = 6', metrics: rps, values: { rps: 420 }, replicas: 6, desired: 6, says: 'rps 420 requests/s of 70 a host → 6' },
  { name: 'draining hosts are no capacity: 280 / 70 = 4', metrics: rps, values: { rps: 280 }, hosts: hostsOf(4, { draining: 3 }), desired: 4, says: 'rps 280 requests/s of 70 a host → 4' },
  { name: 'a threshold 50 % over: 4 + 4 × 0.5 = 6', metrics: p95, values: { p95: 0.3 }, desired: 6, says: 'p95 0.3 s over 0.2 s → 6 (a step up from 4)' },
  { name: 'a threshold barely over: at least one more', metrics: p95, values: { p95: 0.201 }, desired: 5, says: 'p95 0.201 s over 0.2 s → 5 (a step up from 4)' },
  { name: 'a threshold far over: at most twice as many', metrics: p95, values: { p95: 60 }, desired: 8, says: 'p95 60 s over 0.2 s → 8 (a step up from 4)' },
  { name: 'a threshold exactly met asks for nothing', metrics: p95, values: { p95: 0.2 }, desired: 4, says: 'no metric asks for another number than 4' },
  { name: 'no compounding while boots are under way: 4 + 2 booting = 6', metrics: p95, values: { p95: 0.3 }, hosts: hostsOf(4, { booting: 2 }), desired: 6, says: 'p95 0.3 s over 0.2 s → 6 (a step up from 4)' },
  { name: 'nor while they are warming: 4 + 2 of 6', metrics: p95, values: { p95: 0.3 }, hosts: hostsOf(6, { warming: 2 }), desired: 6, says: 'p95 0.3 s over 0.2 s → 6 (a step up from 4)' },
  { name: 'a threshold alone never shrinks', metrics: p95, values: { p95: 0.01 }, desired: 4, says: 'no metric asks for another number than 4' },
  { name: 'the highest wins: rps 3, cpu 6', metrics: [...rps, ...cpu], values: { rps: 210, cpu: 90 }, desired: 6, says: 'cpu 90 % of 60 % → 6' },
  { name: 'an exceeded threshold over a ratio that would shrink: 4 + 2', metrics: [...rps, ...p95], values: { rps: 70, p95: 0.3 }, desired: 6, says: 'p95 0.3 s over 0.2 s → 6 (a step up from 4)' },
  { name: 'a ratio shrinks while a threshold is content', metrics: [...rps, ...p95], values: { rps: 70, p95: 0.1 }, desired: 1, says: 'rps 70 requests/s of 70 a host → 1' },
];

describe('decide: values from a part of the data', () => {
  const of = (metrics: Metrics, values: Record<string, number>) => decide({
    policy: direct({ metrics }), hosts: hostsOf(4), observations: Object.entries(values).map(([metric, amount]) => ({ ...value(metric, amount), partial: true })),
  });

  for (const [title, metrics, values, desired] of [
    ['a total that asks for more is followed: what is missing would add to it', rps, { rps: 420 }, 6],
    ['a total that asks for less is not', rps, { rps: 70 }, 4],
    ['nor one that asks for what is there', rps, { rps: 280 }, 4],
    ['nor a mean that asks for less', cpu, { cpu: 15 }, 4],
    ['a threshold that is exceeded is followed', p95, { p95: 0.3 }, 6],
    ['one that is not exceeded lets nothing go', [...rps, ...p95], { rps: 70, p95: 0.01 }, 4],
  ] as [string, Metrics, Record<string, number>, number][]) {
    it(title, () => expect(of(metrics, values).desired).to.equal(desired));
  }

  it('says why nothing is removed, and blocks what other metrics would release', () => {
    const decision = decide({ policy: direct({ metrics: [...rps, ...cpu] }), hosts: hostsOf(4), observations: [{ ...value('rps', 70), partial: true }, value('cpu', 15)] });
    expect(decision.desired).to.equal(4);
    expect(decision.reasons.join('; ')).to.include('a part of its data could not be read: nothing is removed');
  });
});

describe('decide: one recommendation for each metric', () => {
  for (const { name, metrics, values, hosts, replicas, tolerance: [out, into] = [10, 10], desired, says } of rows) {
    it(name, () => {
      const policy = direct({ metrics, scaleOut: { tolerancePercent: out }, scaleIn: { tolerancePercent: into } });
      const decision = decide({ policy, observations: valuesOf(values), hosts: hosts ?? hostsOf(4), replicas });
      expect(decision.desired).to.equal(desired);
      expect(decision.reasons[0]).to.equal(says);
    });
  }

  it('lists every metric with its number, its clause and whether it blocks scale-in', () => {
    const metrics: Metrics = [...rps, ...cpu, ...p95, { name: 'dbConnections', target: 80 }];
    const decision = decide({ policy: direct({ metrics }), observations: valuesOf({ rps: 350, cpu: null, p95: 0.3, dbConnections: 50 }) });
    expect(decision.recommendations).to.deep.equal([
      { metric: 'rps', hosts: 5, reason: 'rps 350 requests/s of 70 a host → 5', blocksScaleIn: false },
      { metric: 'cpu', reason: 'cpu absent (Unreachable: the source did not answer): nothing is removed', blocksScaleIn: true },
      { metric: 'p95', hosts: 6, reason: 'p95 0.3 s over 0.2 s → 6 (a step up from 4)', blocksScaleIn: true },
      { metric: 'dbConnections', reason: 'dbConnections 50 % within 80 %', blocksScaleIn: false },
    ]);
  });

  it('blocks scale-in while a threshold is exceeded and booting hosts already answer it', () => {
    const decision = decide({
      policy: direct({ metrics: [...rps, ...p95] }),
      observations: valuesOf({ rps: 70, p95: 0.21 }),
      hosts: hostsOf(4, { booting: 3 }),
    });
    expect(decision).to.include({ current: 7, desired: 7, direction: 'None', heldBy: 'Threshold' });
    expect(decision.reasons).to.deep.equal(['p95 0.21 s over 0.2 s → 7 (a step up from 4)', 'held at 7: p95 over target']);
  });
});

describe('decide: metric rules', () => {
  it('resolves ready-made signals by name or query, and own PromQL by its fields', () => {
    const rules = metricRules(policyOf({
      metrics: [
        { name: 'cpu', target: 60 },
        { name: 'busy', query: 'pumaBusy', target: 70 },
        { name: 'p95', promql: 'my_p95', type: 'Threshold', target: 1 },
        { name: 'load', promql: 'avg(node_load1)', type: 'Ratio', aggregation: 'Mean', target: 3 },
        { name: 'jobs', promql: 'sum(jobs)', type: 'Ratio', target: 10 },
        { name: 'memory', type: 'Guard', target: 90 },
      ],
    }));
    expect(rules).to.deep.equal([
      { name: 'cpu', signal: 'cpu', type: 'Ratio', aggregation: 'Mean', target: 60, limit: 66, sizing: 'Tolerant', unit: '%', title: 'CPU' },
      { name: 'busy', signal: 'pumaBusy', type: 'Ratio', aggregation: 'Mean', target: 70, limit: 77, sizing: 'Tolerant', unit: '%', title: 'busy Puma threads' },
      { name: 'p95', signal: undefined, type: 'Threshold', aggregation: 'Sum', target: 1, limit: 1.1, sizing: 'Tolerant', unit: '', title: 'p95' },
      { name: 'load', signal: undefined, type: 'Ratio', aggregation: 'Mean', target: 3, limit: 3 * 1.1, sizing: 'Tolerant', unit: '', title: 'load' },
      { name: 'jobs', signal: undefined, type: 'Ratio', aggregation: 'Sum', target: 10, limit: 11, sizing: 'Tolerant', unit: '', title: 'jobs' },
      { name: 'memory', signal: 'memory', type: 'Guard', aggregation: 'Mean', target: 90, limit: 90 * 1.1, sizing: 'Tolerant', unit: '%', title: 'memory' },
    ]);
  });
});
