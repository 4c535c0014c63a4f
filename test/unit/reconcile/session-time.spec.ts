import { expect } from 'chai';
import { createPasses, workKeyText } from '../../../controller/reconcile/dispatch.ts';
import type { WorkKey } from '../../../controller/reconcile/context.ts';
import { createDeployLockView } from '../../../controller/reconcile/deploy-lock-view.ts';
import { wire } from '../../../controller/reconcile/wiring.ts';
import { createWorkQueue } from '../../../controller/runtime/work-queue.ts';
import { poolDraft } from '../../support/drafts.ts';
import { INSTALLATION } from '../../support/context.ts';
import { createMemoryKamal } from '../../support/memory-kamal.ts';
import { createBench } from './bench.ts';

const DEPLOY_SECONDS = 8;
const TICK_MILLISECONDS = 50;

/** Seconds of simulated time until so many newcomers serve, over the real queue and wiring; calls take the time that they take over SSH. */
async function secondsToServe(newcomers: number, maxParallelDeploys: number): Promise<number> {
  const bench = createBench({}, 'Kamal');
  const { clock, context, world } = bench;
  const kamal = createMemoryKamal(world, INSTALLATION, 700);
  Object.assign(kamal, { deployMilliseconds: DEPLOY_SECONDS * 1000, inspectMilliseconds: 400 });
  Object.assign(context, { deployer: kamal.deployer(), locks: createDeployLockView(kamal.lock, clock), enqueue: (key: WorkKey) => queue.add(key) });
  const failures: unknown[] = [];
  const queue = createWorkQueue<WorkKey>({ clock, concurrency: 16, textOf: workKeyText, run: createPasses(context, { failed: (_work, error) => void failures.push(error) }) });
  const { address, ports } = world.addFixedHost('primary', 'v1');
  await bench.put('HostPool', poolDraft('default', 'web', {
    replicas: newcomers + 1, maxReplicas: 20, fixedHosts: [{ name: 'primary', address, ports }], placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 1000 } }],
    health: { intervalSeconds: 1 }, limits: { maxParallelDeploys },
  } as never));
  const started = clock.now();
  const wiring = wire(context);
  while ((await bench.pool()).status?.readyReplicas !== newcomers + 1) {
    await clock.advance(TICK_MILLISECONDS);
    if (clock.now() - started > 300_000) throw new Error(`only ${(await bench.pool()).status?.readyReplicas} serve: ${JSON.stringify((await bench.hosts()).map(({ status }) => [status?.phase, status?.reason]))}`);
  }
  const took = (clock.now() - started) / 1000;
  wiring.close();
  const stopped = queue.stop();
  await clock.advance(60_000);
  await stopped;
  expect(kamal.faults).to.deep.equal([]);
  expect(world.dropped).to.deep.equal([]);
  expect(failures).to.deep.equal([]);
  return took;
}

describe('ten hosts under one deploy lock', () => {
  it('cost the controller at most twice the time of one beside their deploys', async () => {
    const one = await secondsToServe(1, 10) - DEPLOY_SECONDS;
    const ten = await secondsToServe(10, 10) - DEPLOY_SECONDS;
    expect(ten).to.be.at.most(2 * one);
  });

  it('cost little more in waves of five', async () => {
    const one = await secondsToServe(1, 5) - DEPLOY_SECONDS;
    const waves = await secondsToServe(10, 5) - 2 * DEPLOY_SECONDS;
    expect(waves).to.be.at.most(2 * one);
  });
});
