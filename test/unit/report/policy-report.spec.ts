import { expect } from 'chai';
import type { HostPoolSpec, ScalingPolicy, ScalingPolicyStatus } from '../../../controller/api/index.ts';
import { API_VERSION } from '../../../controller/api/index.ts';
import { type Decision, type Observation, toTimestamp } from '../../../controller/model/index.ts';
import { type PolicyFacts, policyReport, problemReport } from '../../../controller/report/policy-report.ts';
import { withPolicyReport } from '../../../controller/report/status.ts';
import { admit } from '../../../controller/runtime/store/validation/index.ts';
import { policyDraft } from '../../support/drafts.ts';
import { START, poolOf } from '../reconcile/bench.ts';

function policyOf(spec: Record<string, unknown> = {}, status?: ScalingPolicyStatus): ScalingPolicy {
  const { spec: admitted } = admit('ScalingPolicy', policyDraft('default', 'web', spec)) as ScalingPolicy;
  const metadata = { name: 'web', namespace: 'default', uid: 'uid-web', resourceVersion: '1', generation: 1, creationTimestamp: toTimestamp(START) };
  return { apiVersion: API_VERSION, kind: 'ScalingPolicy', metadata, spec: admitted, ...(status !== undefined && { status }) };
}

const cpu = (value: number, more: Partial<Observation> = {}): Observation => ({ metric: 'cpu', kind: 'Value', value, asOf: START, windowSeconds: 60, ...more }) as Observation;
const absent = (kind: 'Refused' | 'Unsupported' | 'Empty', metric = 'cpu'): Observation => ({ metric, kind: 'Absence', asOf: START, windowSeconds: 60, absence: { kind, message: `why ${metric}` } });
const decided = (change: Partial<Decision> = {}): Decision => ({
  time: START, current: 2, desired: 3, direction: 'Out', reasons: ['cpu 82 % of 60 % → 3'], recommendations: [{ metric: 'cpu', hosts: 3, reason: 'r', blocksScaleIn: false }],
  limitedBy: [], engineState: { version: 1 }, ...change,
});
const facts = (change: Partial<PolicyFacts> = {}, pool: Partial<HostPoolSpec> = {}): PolicyFacts => ({
  policy: policyOf(), pool: poolOf('web', { replicas: 2, ...pool }), rules: [{ name: 'cpu', target: 60 }], counts: { inService: 2, warming: 0, booting: 1, draining: 1 },
  observations: [cpu(82)], decision: decided(), failure: undefined, scaled: false, budget: { kind: 'None' }, now: START, ...change,
});
const conditionOf = (change: Partial<PolicyFacts>, type: string, pool: Partial<HostPoolSpec> = {}): object | undefined =>
  policyReport(facts(change, pool)).conditions.find((candidate) => candidate.type === type);

describe('the report of an evaluation', () => {
  for (const [budget, condition] of [
    [{ kind: 'None' }, { status: 'True', reason: 'NoBudget', message: 'no budget is set' }],
    [{ kind: 'Within', text: 'room for 3' }, { status: 'True', reason: 'RoomLeft', message: 'room for 3' }],
    [{ kind: 'Exhausted', text: 'raise it' }, { status: 'False', reason: 'BudgetExhausted', message: 'raise it' }],
    [{ kind: 'PriceUnknown', text: 'wait' }, { status: 'Unknown', reason: 'PriceUnknown', message: 'wait' }],
    [{ kind: 'BudgetCurrency', text: 'EUR and USD' }, { status: 'Unknown', reason: 'BudgetCurrency', message: 'EUR and USD' }],
  ] as [PolicyFacts['budget'], object][]) {
    it(`has a condition for a budget that is ${budget.kind}`, () => expect(conditionOf({ budget }, 'WithinBudget')).to.deep.equal({ type: 'WithinBudget', ...condition }));
  }

  it('counts what serves and boots, and carries number, reason and values', () => {
    expect(policyReport(facts({ scaled: true }))).to.deep.include({
      currentHosts: 3, desiredHosts: 3, reason: 'cpu 82 % of 60 % → 3', scaledAt: START, change: { from: 2, to: 3, reason: 'cpu 82 % of 60 % → 3' },
      metrics: [{ name: 'cpu', state: 'Value', value: 82, target: 60, proposal: 3, asOf: toTimestamp(START) }],
    });
  });

  it('names absences and warnings of metrics', () => {
    expect(policyReport(facts({ observations: [absent('Empty')] })).metrics?.[0]).to.deep.equal({ name: 'cpu', state: 'Empty', target: 60, proposal: 3, message: 'why cpu', asOf: toTimestamp(START) });
    expect(policyReport(facts({ observations: [cpu(82, { warning: 'the buckets are too coarse' })] })).metrics?.[0]).to.include({ value: 82, message: 'the buckets are too coarse' });
  });

  it('is a change only when the number is another than the one told last', () => {
    const told = withPolicyReport(policyOf(), policyReport(facts()), START);
    expect(told.status?.decisions).to.have.length(1);
    expect(policyReport(facts({ policy: told }))).to.not.have.property('change');
    expect(policyReport(facts({ policy: told, decision: decided({ desired: 2, direction: 'None' }) })).change).to.include({ from: 3, to: 2 });
  });

  it('keeps the time of the reason while the number stays', () => {
    const told = withPolicyReport(policyOf(), policyReport(facts()), START);
    const later = START + 120_000;
    const same = withPolicyReport(told, policyReport(facts({ policy: told, now: later, decision: decided({ reasons: ['cpu 84 % of 60 % → 3'] }) })), later);
    expect(same.status).to.include({ reason: 'cpu 84 % of 60 % → 3', reasonSince: toTimestamp(START) });
  });

  const refused = [absent('Empty', 'rps'), absent('Refused', 'mine'), cpu(82)];
  const maxHosts = { kind: 'Ceiling', hosts: 3, reason: 'maxHosts', liftedBy: 'raise spec.maxHosts' } as const;
  const ROWS: [title: string, type: string, change: Partial<PolicyFacts>, pool: Partial<HostPoolSpec>, expected: object][] = [
    ['what it does', 'AbleToScale', {}, {}, { status: 'True', reason: 'ModeEnforce', message: 'mode Enforce: sets replicas of the pool' }],
    ['that it only observes', 'AbleToScale', { policy: policyOf({ mode: 'Observe' }) }, {}, { status: 'True', reason: 'ModeObserve' }],
    ['that the pool is paused', 'AbleToScale', {}, { paused: true }, { status: 'False', reason: 'PoolPaused', message: 'HostPool web is paused: set spec.paused to false' }],
    ['what failed, before all else', 'AbleToScale', { failure: 'may not scale' }, { paused: true }, { status: 'False', reason: 'SetReplicasFailed', message: 'may not scale' }],
    ['that every metric has a value', 'ScalingActive', {}, {}, { status: 'True', reason: 'MetricsRead' }],
    ['which metric is refused, before the absent ones', 'ScalingActive', { observations: refused }, {}, { status: 'False', reason: 'MetricRefused', message: 'metric mine: why mine' }],
    ['which metric the source does not know', 'ScalingActive', { observations: [absent('Unsupported')] }, {}, { status: 'False', reason: 'MetricUnsupported' }],
    ['that some metrics are absent', 'ScalingActive', { observations: [absent('Empty', 'rps'), cpu(82)] }, {}, { status: 'True', reason: 'MetricsAbsent', message: 'rps: Empty: why rps' }],
    ['that all metrics are absent', 'ScalingActive', { observations: [absent('Empty', 'rps'), absent('Empty')] }, {}, { status: 'False', reason: 'MetricsAbsent', message: 'rps: Empty: why rps; cpu: Empty: why cpu' }],
    ['what limits it', 'ScalingLimited', { decision: decided({ limitedBy: [maxHosts] }) }, {}, { status: 'True', reason: 'MaxHosts', message: 'limited to 3 by maxHosts: raise spec.maxHosts' }],
    ['that nothing limits it', 'ScalingLimited', {}, {}, { status: 'False', reason: 'WithinLimits' }],
    ['what it recommends', 'Recommendation', { policy: policyOf({ mode: 'Recommend' }) }, {}, { status: 'True', reason: 'ChangeRecommended', message: '2 → 3: cpu 82 % of 60 % → 3; write mode Enforce to let the policy do it' }],
    ['that there is nothing to recommend', 'Recommendation', { policy: policyOf({ mode: 'Recommend' }) }, { replicas: 3 }, { status: 'False', reason: 'NothingToChange' }],
    ['that it recommends nothing as one who sets it', 'Recommendation', {}, {}, { status: 'False', reason: 'NothingToChange' }],
  ];
  for (const [title, type, change, pool, expected] of ROWS) {
    it(`says in ${type} ${title}`, () => {
      expect(conditionOf(change, type, pool)).to.include(expected);
    });
  }

  it('of a policy that cannot be evaluated is the one problem', () => {
    const report = problemReport('PoolNotFound', 'create it');
    expect(withPolicyReport(policyOf(), report, START).status?.conditions?.map(({ type, status, reason, message }) => [type, status, reason, message])).to.deep.equal([
      ['AbleToScale', 'False', 'PoolNotFound', 'create it'], ['ScalingActive', 'False', 'PoolNotFound', 'create it'],
    ]);
  });
});
