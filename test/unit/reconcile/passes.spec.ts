import { expect } from 'chai';
import { ClassifiedError, type EngineState, seconds } from '../../../controller/model/index.ts';
import type { WorkKey } from '../../../controller/reconcile/context.ts';
import { createPasses, workKeyText } from '../../../controller/reconcile/dispatch.ts';
import { type EngineStates, createEngineStates } from '../../../controller/reconcile/engine-states.ts';
import { refused } from '../../support/refused.ts';
import { policyDraft } from '../../support/drafts.ts';
import { type Bench, WEB, createBench } from './bench.ts';

const POOL: WorkKey = { kind: 'Pool', key: WEB };

describe('passes', () => {
  let bench: Bench;
  let failed: [work: WorkKey, retry: number][];
  let pass: ReturnType<typeof createPasses>;
  beforeEach(() => {
    bench = createBench();
    failed = [];
    pass = createPasses(bench.context, { failed: (work, _error, retry) => void failed.push([work, retry]) });
  });
  const failWith = (error: Error): void => {
    bench.context.store = { ...bench.store, get: async () => { throw error; } };
  };
  const repeated = async (times: number): Promise<(number | undefined)[]> => {
    const waits = [];
    for (let time = 0; time < times; time += 1) waits.push(await pass(POOL));
    return waits;
  };

  it('are done, or come again when the outcome says so', async () => {
    expect(await pass(POOL)).to.equal(undefined);
    expect(await pass({ kind: 'Membership' })).to.equal(15_000);
    await bench.put('ScalingPolicy', policyDraft('default'));
    expect(await pass({ kind: 'Policy', key: WEB })).to.equal(60_000);
  });

  it('that fail come again after twice as long each time, at most a minute, and from the beginning after a success', async () => {
    failWith(new ClassifiedError('Unavailable', 'the store is away'));
    expect(await repeated(9)).to.deep.equal([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    expect(failed).to.have.length(9);
    bench.context.store = bench.store;
    await pass(POOL);
    failWith(new Error('a defect'));
    expect(await repeated(1)).to.deep.equal([500]);
    expect(await bench.context.meters.registry.metrics()).to.match(/reconcile_seconds_count{kind="Pool",result="Unavailable"} 9/);
  });

  it('in conflict come again at once, and are told of only when that goes on', async () => {
    failWith(new ClassifiedError('Conflict', 'somebody else wrote'));
    expect((await repeated(6)).slice(0, 3)).to.deep.equal([50, 100, 200]);
    expect(failed).to.have.length(1);
  });

  it('under a rate limit wait as long as that says', async () => {
    failWith(new ClassifiedError('RateLimited', 'too many', { retryAfterSeconds: 90 }));
    expect(await repeated(1)).to.deep.equal([90_000]);
  });

  it('of one who does not lead do nothing', async () => {
    failWith(new Error('asked'));
    bench.context.leadership = { isLeader: () => false, onChange: () => undefined };
    expect(await repeated(1)).to.deep.equal([undefined]);
  });

  it('have names', () => {
    expect([POOL, { kind: 'Orphans' } as const].map(workKeyText)).to.deep.equal(['Pool/default/web', 'Orphans']);
  });
});

describe('engine states', () => {
  const state = (value: number): EngineState => ({ version: 1, value });
  let bench: Bench;
  let states: EngineStates;
  beforeEach(() => {
    bench = createBench();
    states = createEngineStates(bench.store, bench.clock);
  });
  const written = async (): Promise<unknown> => (await bench.store.load('engine.default.web'))?.value;

  it('are written when the number changed, and else once a minute', async () => {
    expect(await states.load(WEB)).to.equal(undefined);
    await states.save(WEB, state(1), false);
    expect(await written(), 'the first').to.deep.equal(state(1));
    await states.save(WEB, state(2), false);
    expect(await written()).to.deep.equal(state(1));
    expect(await states.load(WEB)).to.deep.equal(state(2));
    await states.save(WEB, state(3), true);
    expect(await written()).to.deep.equal(state(3));
    await bench.clock.advance(seconds(60));
    await states.save(WEB, state(4), false);
    expect(await written()).to.deep.equal(state(4));
  });

  it('survive a restart, and are read again by who leads anew', async () => {
    await states.save(WEB, state(1), true);
    const other = createEngineStates(bench.store, bench.clock);
    expect(await other.load(WEB)).to.deep.equal(state(1));
    await other.save(WEB, state(2), true);
    expect(await states.load(WEB)).to.deep.equal(state(1));
    await refused('Conflict', states.save(WEB, state(3), true));
    expect(await states.load(WEB), 'after the conflict').to.deep.equal(state(2));
    await other.save(WEB, state(4), true);
    states.forget();
    expect(await states.load(WEB)).to.deep.equal(state(4));
  });
});
