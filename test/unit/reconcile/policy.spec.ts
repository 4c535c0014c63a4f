import { expect } from 'chai';
import type { HostPoolSpec, ScalingPolicy } from '../../../controller/api/index.ts';
import { ClassifiedError, toTimestamp } from '../../../controller/model/index.ts';
import { policyDraft, poolDraft } from '../../support/drafts.ts';
import { refused } from '../../support/refused.ts';
import { type Bench, PRIMARY, WEB, createBench } from './bench.ts';

/** Without forecasts, so that each number is that of the newest value. */
const POLICY = { metrics: [{ name: 'rps', target: 10 }], maxHosts: 5, prediction: { mode: 'Off' } };

describe('a pass over a policy', () => {
  let bench: Bench;
  let rps: number;
  beforeEach(() => {
    bench = createBench();
    rps = 30;
    bench.observe = ({ metric }) => ({ metric, kind: 'Value', value: rps, asOf: bench.clock.now(), windowSeconds: 60 });
  });

  async function start(policy: Record<string, unknown> = {}, pool: Partial<HostPoolSpec> = {}): Promise<void> {
    await bench.put('HostPool', poolDraft('default', 'web', { fixedHosts: [PRIMARY], replicas: 1, ...pool }));
    await bench.put('ScalingPolicy', policyDraft('default', 'web', { ...POLICY, ...policy }));
  }
  const pass = (): Promise<unknown> => bench.pass('Policy', WEB);
  const replicas = async (): Promise<number | undefined> => (await bench.pool()).spec.replicas;
  const status = async (): Promise<NonNullable<ScalingPolicy['status']>> => (await bench.policy()).status ?? {};
  const condition = async (type: string): Promise<object | undefined> => (await status()).conditions?.find((candidate) => candidate.type === type);

  describe('in mode Enforce', () => {
    it('sets replicas, and tells what it did and why', async () => {
      await start();
      await pass();
      expect(await replicas()).to.equal(3);
      expect(await status()).to.deep.include({ currentHosts: 1, desiredHosts: 3, lastScaleTime: toTimestamp(bench.clock.now()) });
      expect((await status()).decisions).to.have.length(1);
      expect((await status()).decisions?.[0]).to.include({ from: 1, to: 3 });
      expect((await status()).metrics?.[0]).to.include({ name: 'rps', state: 'Value', value: 30, target: 10, proposal: 3 });
      const [event] = await bench.events('ScalingPolicy');
      expect(event).to.match(/^Scaled: 1 → 3: /);
      expect(await condition('AbleToScale')).to.include({ status: 'True', reason: 'ModeEnforce' });
      expect(await condition('ScalingActive')).to.include({ status: 'True', reason: 'MetricsRead' });
      expect(await bench.context.meters.registry.metrics()).to.include('kamal_autoscaler_scale_events_total{pool="default/web",direction="Out"} 1');
    });

    it('says what limited it and what would lift that', async () => {
      rps = 900;
      await start({}, { maxReplicas: 4 });
      await pass();
      expect(await replicas()).to.equal(4);
      expect(await condition('ScalingLimited')).to.include({ status: 'True', reason: 'MaxReplicas', message: 'limited to 4 by maxReplicas: raise spec.maxReplicas of the pool' });
    });

    it('sets the number of a pool that holds what is there', async () => {
      rps = 10;
      await start({}, { replicas: undefined } as never);
      await pass();
      expect(await replicas()).to.equal(1);
    });

    it('changes nothing of a paused pool, and says who must act', async () => {
      await start({}, { paused: true });
      await pass();
      expect(await replicas()).to.equal(1);
      expect(await condition('AbleToScale')).to.include({ status: 'False', reason: 'PoolPaused', message: 'HostPool web is paused: set spec.paused to false' });
    });

    it('holds the number that a person asked for until that expires', async () => {
      await start({ hold: { hosts: 5, until: toTimestamp(bench.clock.now() + 60_000), reason: 'sale' } });
      await pass();
      expect(await replicas()).to.equal(5);
      expect((await status()).reason).to.include('sale');
      await bench.clock.advance(60_000);
      await pass();
      expect((await status()).reason).to.not.include('sale');
    });

    it('writes nothing when the pool was changed since it looked', async () => {
      await start();
      const { store } = bench;
      const seen = await bench.pool();
      bench.context.store = { ...store, get: (async (kind: never, key: never, from?: never) => (from === 'Cached' && kind === 'HostPool' ? seen : store.get(kind, key))) as typeof store.get };
      await store.scale(WEB, 2);
      await pass();
      expect(await replicas()).to.equal(2);
    });

    it('throws a conflict, to be read again', async () => {
      await start();
      bench.context.store = { ...bench.store, scale: async () => { throw new ClassifiedError('Conflict', 'somebody else wrote'); } };
      await refused('Conflict', pass());
    });

    it('tells of a refusal, and counts it', async () => {
      await start();
      bench.context.store = { ...bench.store, scale: async () => { throw new ClassifiedError('Forbidden', 'the service account may not scale: grant update on hostpools/scale'); } };
      await pass();
      expect(await replicas()).to.equal(1);
      expect(await bench.events('ScalingPolicy')).to.deep.equal(['ScaleFailed: 1 → 3: the service account may not scale: grant update on hostpools/scale']);
      expect(await condition('AbleToScale')).to.include({ status: 'False', reason: 'SetReplicasFailed', message: 'the service account may not scale: grant update on hostpools/scale' });
      expect(await bench.context.meters.registry.metrics()).to.include('kamal_autoscaler_scale_failures_total{pool="default/web",reason="Forbidden"} 1');
    });

    it('does nothing as one who no longer leads', async () => {
      await start();
      bench.context.leadership = { isLeader: () => false, onChange: () => undefined };
      await pass();
      expect(await replicas()).to.equal(1);
    });
  });

  it('in mode Recommend publishes the number, an Event and a condition, and sets nothing', async () => {
    await start({ mode: 'Recommend' });
    await pass();
    expect(await replicas()).to.equal(1);
    expect(await status()).to.include({ desiredHosts: 3 }).and.not.have.property('lastScaleTime');
    expect((await bench.events('ScalingPolicy'))[0]).to.match(/^Recommended: 1 → 3: /);
    const recommendation = await condition('Recommendation');
    expect(recommendation).to.include({ status: 'True', reason: 'ChangeRecommended' });
    expect(recommendation).to.have.property('message').that.matches(/^1 → 3: .+; write mode Enforce to let the policy do it$/);
  });

  it('in mode Observe computes and records, and tells nobody', async () => {
    await start({ mode: 'Observe' });
    const records: unknown[] = [];
    bench.context.decisionLog = { append: async (record) => void records.push(record), recent: async () => [] };
    await pass();
    expect(await replicas()).to.equal(1);
    expect(await status()).to.include({ desiredHosts: 3 });
    expect(records).to.have.length(1);
    expect(await bench.events('ScalingPolicy')).to.deep.equal([]);
    expect(await condition('Recommendation')).to.include({ status: 'False' });
  });

  for (const mode of ['Observe', 'Recommend', 'Enforce']) {
    it(`writes its status once a minute while nothing but values changes, in mode ${mode}`, async () => {
      await start({ mode });
      await pass();
      const versions = new Set<string>();
      for (let second = 0; second < 60; second += 5) {
        rps = 29 - second / 50;
        await pass();
        versions.add((await bench.policy()).metadata.resourceVersion);
        await bench.clock.advance(5000);
      }
      expect(versions.size, 'writes within the first minute').to.be.at.most(2);
      const before = (await bench.policy()).metadata.resourceVersion;
      await pass();
      expect((await bench.policy()).metadata.resourceVersion).to.not.equal(before);
      expect((await status()).metrics?.[0]?.value).to.equal(rps);
    });
  }

  it('writes its status at once when its spec was changed', async () => {
    await start({ mode: 'Recommend' });
    await pass();
    const policy = await bench.policy();
    await bench.store.update('ScalingPolicy', { ...policy, spec: { ...policy.spec, metrics: [{ name: 'rps', target: 11 }] } });
    await pass();
    expect((await status()).metrics?.[0]).to.include({ target: 11 });
    expect((await status()).observedGeneration).to.equal(2);
  });

  it('keeps the last ten changes, the newest first', async () => {
    await start({ maxHosts: 100, behavior: { scaleOut: { tolerancePercent: 0 } } }, { maxReplicas: 100 });
    for (let change = 1; change <= 12; change += 1) {
      rps = 10 * (change + 1);
      await pass();
      await bench.clock.advance(60_000);
    }
    const { decisions = [] } = await status();
    expect(decisions).to.have.length(10);
    expect(decisions[0]).to.include({ to: 13 });
  });

  it('never shrinks on an absence, and says which metric is absent', async () => {
    bench.observe = ({ metric }) => ({ metric, kind: 'Absence', asOf: bench.clock.now(), windowSeconds: 60, absence: { kind: 'Unreachable', message: 'Prometheus is away' } });
    await start({}, { replicas: 4 });
    for (let minute = 0; minute < 20; minute += 1) {
      await pass();
      await bench.clock.advance(60_000);
    }
    expect(await replicas()).to.equal(4);
    expect(await condition('ScalingActive')).to.include({ status: 'False', reason: 'MetricsAbsent', message: 'rps: Unreachable: Prometheus is away' });
  });

  it('names a refused metric before one that is only absent, and goes on with the rest', async () => {
    bench.observe = ({ metric }) => {
      const common = { metric, asOf: bench.clock.now(), windowSeconds: 60 };
      if (metric === 'rps') return { ...common, kind: 'Value', value: rps };
      return { ...common, kind: 'Absence', absence: metric === 'mine' ? { kind: 'Refused', message: 'parse error at char 3' } : { kind: 'Empty', message: 'no series' } };
    };
    await start({ metrics: [{ name: 'cpu', target: 60 }, { name: 'rps', target: 10 }, { name: 'mine', promql: 'a b', type: 'Ratio', target: 1 }] });
    await pass();
    expect(await replicas()).to.equal(3);
    expect(await condition('ScalingActive')).to.include({ status: 'False', reason: 'MetricRefused', message: 'metric mine: parse error at char 3' });
  });

  it('looks again right after the next sample, and never later than its interval', async () => {
    await start({ intervalSeconds: 20 });
    expect(await pass()).to.deep.equal({ kind: 'RequeueAfter', seconds: 15.5 });
    bench.observe = ({ metric }) => ({ metric, kind: 'Value', value: rps, asOf: bench.clock.now() - 14_000, windowSeconds: 60 });
    expect(await pass()).to.deep.equal({ kind: 'RequeueAfter', seconds: 1.5 });
    bench.observe = ({ metric }) => ({ metric, kind: 'Value', value: rps, asOf: bench.clock.now() + 50_000, windowSeconds: 60 });
    expect(await pass()).to.deep.equal({ kind: 'RequeueAfter', seconds: 20 });
  });

  describe('that cannot scale', () => {
    const stalled = async (reason: string, message: string): Promise<void> => {
      expect(await pass()).to.deep.equal({ kind: 'Stalled', reason, message });
      for (const type of ['AbleToScale', 'ScalingActive']) expect(await condition(type)).to.include({ status: 'False', reason, message });
    };

    it('says that its pool is missing, and begins when that comes', async () => {
      await bench.put('ScalingPolicy', policyDraft('default', 'web', POLICY));
      await stalled('PoolNotFound', 'HostPool web does not exist in namespace default: create it, or mend spec.targetRef.name');
      const { resourceVersion } = (await bench.policy()).metadata;
      await pass();
      expect((await bench.policy()).metadata.resourceVersion, 'told once').to.equal(resourceVersion);
      await bench.put('HostPool', poolDraft('default', 'web', { fixedHosts: [PRIMARY], replicas: 1 }));
      await pass();
      expect(await replicas()).to.equal(3);
      expect(await condition('AbleToScale')).to.include({ status: 'True' });
    });

    it('leaves the pool to an older policy, and takes over when that goes', async () => {
      await start({ mode: 'Observe' });
      const elder = await bench.policy();
      await bench.clock.advance(1000);
      await bench.put('ScalingPolicy', policyDraft('default', 'young', POLICY));
      const young = { namespace: 'default', name: 'young' };
      const message = 'ScalingPolicy web is older and scales HostPool web already: delete one of the two, or point spec.targetRef.name elsewhere';
      expect(await bench.pass('Policy', young)).to.deep.equal({ kind: 'Stalled', reason: 'Conflict', message });
      expect((await bench.policy(young)).status?.conditions?.find(({ type }) => type === 'AbleToScale')).to.include({ status: 'False', reason: 'Conflict', message });
      expect(await replicas()).to.equal(1);
      await pass();
      expect(await condition('AbleToScale'), 'the older one').to.include({ status: 'True' });
      await bench.store.delete('ScalingPolicy', { namespace: 'default', name: elder.metadata.name });
      await bench.pass('Policy', young);
      expect(await replicas()).to.equal(3);
    });

    it('is done when it is gone', async () => {
      expect(await pass()).to.deep.equal({ kind: 'Done' });
    });
  });
});
