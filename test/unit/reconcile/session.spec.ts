import { expect } from 'chai';
import { type DeploySession, keyOf } from '../../../controller/api/index.ts';
import type { Operation } from '../../../controller/ports/index.ts';
import { createDeployLockView } from '../../../controller/reconcile/deploy-lock-view.ts';
import { poolDraft } from '../../support/drafts.ts';
import { INSTALLATION } from '../../support/context.ts';
import { memoryEndpoint } from '../../support/memory-world.ts';
import { type Bench, WEB, createBench } from './bench.ts';

const SESSION = { namespace: 'default', name: 'shop' };
/** The shortest time for which people who wait have the lock for themselves. */
const PEOPLE_MILLISECONDS = 20_000;

describe('Kamal\'s deploy lock', () => {
  let bench: Bench;
  beforeEach(() => { bench = createBench({}, 'Kamal'); });
  afterEach(() => {
    expect(bench.kamal.faults).to.deep.equal([]);
    expect(bench.world.dropped).to.deep.equal([]);
  });

  async function start(replicas: number, limits: object = {}): Promise<void> {
    const { address, ports } = bench.world.addFixedHost('primary', 'v1');
    await bench.put('HostPool', poolDraft('default', 'web', {
      replicas, fixedHosts: [{ name: 'primary', address, ports }], placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 1000 } }],
      health: { intervalSeconds: 1 }, limits, drain: { timeoutSeconds: 6 },
    } as never));
  }
  const session = (): Promise<DeploySession | undefined> => bench.store.get('DeploySession', SESSION);
  const ready = async (): Promise<number> => (await bench.pool()).status?.readyReplicas ?? 0;
  const serve = (count: number): Promise<void> => bench.drive(`${count} hosts serve`, async () => await ready() === count);
  const gone = (): Promise<void> => bench.drive('the session is gone', async () => await session() === undefined);
  const reasons = async (): Promise<string[]> => (await bench.hosts()).flatMap(({ status }) => status?.reason ?? []);
  const running = (): number => bench.kamal.runs.size;

  it('is taken for a newcomer, after its own host key took over, and given back', async () => {
    await start(2);
    await serve(2);
    const [host] = await bench.hosts();
    expect(host?.status?.hostKey).to.match(/^ssh-ed25519 own-/);
    expect(bench.kamal.begun.map((line) => line.split(' ')[0])).to.deep.equal(['Rotate', 'Deploy']);
    await gone();
    expect(bench.kamal.holder()).to.equal(undefined);
  });

  it('carries an id of the installation, stored before it is taken', async () => {
    await start(2);
    await bench.drive('a session is stored', async () => await session() !== undefined);
    expect(bench.kamal.holder()).to.equal(undefined);
    const { spec } = (await session())!;
    expect(spec.operationID).to.match(new RegExp(`^${INSTALLATION}/`));
    await bench.drive('the lock is held', async () => bench.kamal.holder() !== undefined);
    expect(bench.kamal.holder()?.operationID).to.equal(spec.operationID);
    await serve(2);
  });

  it('lets as many hosts of a pool work at a time as it allows', async () => {
    await start(6, { maxParallelDeploys: 2 });
    let most = 0;
    await bench.drive('six hosts serve', async () => {
      most = Math.max(most, running());
      return await ready() === 6;
    });
    expect(most).to.equal(2);
    await gone();
  });

  it('is shared by the pools of a service and destination, and by no other', async () => {
    await start(2);
    const { address, ports } = bench.world.addFixedHost('jobs', 'v1');
    const { address: elsewhere, ports: otherPorts } = bench.world.addFixedHost('staging', 'v1');
    const small = { replicas: 2, placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 1000 } }], loadBalancer: undefined, roleKind: 'Job' };
    await bench.put('HostPool', poolDraft('default', 'job', { ...small, kamal: { service: 'shop', role: 'job' }, fixedHosts: [{ name: 'jobs', address, ports }] } as never));
    await bench.put('HostPool', poolDraft('default', 'staging', { ...small, kamal: { service: 'shop', destination: 'staging', role: 'job' }, fixedHosts: [{ name: 'staging', address: elsewhere, ports: otherPorts }] } as never));
    const names = new Set<string>();
    await bench.drive('all serve', async () => {
      for (const { metadata, spec } of await bench.store.list('DeploySession')) names.add(`${metadata.name} ${spec.service} ${spec.destination ?? '-'}`);
      return (await bench.store.list('HostPool')).every(({ status }) => status?.readyReplicas === 2);
    });
    expect([...names].sort()).to.deep.equal(['shop shop -', 'shop.staging shop staging']);
  });

  it('that a person holds is waited for, and the hosts say who holds it', async () => {
    bench.kamal.hold({ by: 'alice', message: 'a long migration' });
    await start(2);
    await bench.drive('the host waits', async () => (await reasons()).some((reason) => reason.includes('waits for the deploy lock')));
    await bench.drive('it says for whom', async () => (await reasons()).some((reason) => /^waits for the deploy lock: held by alice since .+: a long migration$/.test(reason)));
    expect((await session())?.status?.phase).to.equal('Waiting');
    expect(bench.kamal.begun.filter((line) => !line.startsWith('Rotate'))).to.deep.equal([]);
    bench.kamal.hold(undefined);
    await serve(2);
  });

  it('is given back at its deadline, for longer than a person\'s look takes, whoever waits', async () => {
    bench.kamal.deployMilliseconds = 25_000;
    await start(9, { maxParallelDeploys: 1, startTimeoutSeconds: 900 });
    let freeSince: number | undefined;
    await bench.drive('it is held', async () => running() > 0);
    const person = bench.kamal.deploy('v2', 10, 'Waits').then(() => bench.clock.now());
    const began = bench.clock.now();
    await bench.drive('it is free although hosts wait', async () => bench.kamal.holder() === undefined);
    freeSince = bench.clock.now();
    expect(freeSince - began).to.be.within(115_000, 120_000 + 30_000);
    expect((await reasons()).filter((reason) => reason.startsWith('waits for'))).to.not.deep.equal([]);
    await bench.drive('a person has it', async () => bench.kamal.holder()?.by === 'alice');
    expect(bench.clock.now() - freeSince).to.be.at.most(PEOPLE_MILLISECONDS);
    await bench.drive('their deploy ends', async () => bench.kamal.holder()?.by !== 'alice');
    await person;
  });

  it('is not taken again before people had time to look, where nobody waits', async () => {
    bench.kamal.deployMilliseconds = 25_000;
    await start(9, { maxParallelDeploys: 1, startTimeoutSeconds: 900 });
    await bench.drive('it is held', async () => running() > 0);
    await bench.drive('it is free', async () => bench.kamal.holder() === undefined);
    const freeSince = bench.clock.now();
    await bench.drive('it is taken again', async () => bench.kamal.holder() !== undefined);
    expect(bench.clock.now() - freeSince).to.be.within(PEOPLE_MILLISECONDS - 500, PEOPLE_MILLISECONDS + 2000);
  });

  it('that a person took away is left to them: what runs ends, nothing new begins until they are done', async () => {
    bench.kamal.deployMilliseconds = 30_000;
    await start(4, { maxParallelDeploys: 1 });
    await bench.drive('it is held', async () => running() > 0);
    bench.kamal.hold({ by: 'alice', message: 'I need it now' });
    await bench.drive('the loss is seen', async () => (await bench.events('DeploySession', 'shop')).some((line) => line.startsWith('LockTakenAway: the lock was taken away: held by alice')));
    const begun = bench.kamal.begun.filter((line) => line.startsWith('Deploy')).length;
    await bench.drive('what ran has ended', async () => running() === 0);
    for (let round = 0; round < 20; round += 1) await bench.drive('time passes', async () => bench.clock.now() % 1000 === 0);
    expect(bench.kamal.begun.filter((line) => line.startsWith('Deploy'))).to.have.length(begun);
    expect(bench.kamal.holder()?.by).to.equal('alice');
    bench.kamal.hold(undefined);
    await serve(4);
  });

  it('is asked for in a drain only when no request is in flight any more', async () => {
    await start(2);
    await serve(2);
    await gone();
    await bench.store.scale(WEB, 1);
    await bench.drive('it is held', async () => bench.kamal.holder() !== undefined);
    const [host] = await bench.hosts();
    const server = bench.world.hosts().find(({ order }) => order.name === host?.metadata.name);
    expect(await bench.world.probe.inFlight(memoryEndpoint(server!))).to.deep.equal({ kind: 'Count', requests: 0 });
    await bench.drive('the host is gone', async () => (await bench.hosts()).length === 0);
    expect(bench.kamal.begun.slice(-2).map((line) => line.split(' ')[0])).to.deep.equal(['Quiesce', 'Stop']);
    await gone();
  });

  it('is not waited for by a drain of what cannot be reached, while the primary is dead', async () => {
    await start(3);
    await serve(3);
    await gone();
    bench.kamal.primary = 'Dead';
    const [victim] = await bench.hosts();
    bench.world.kill(victim!.metadata.name);
    await bench.drive('it is replaced as far as it can be', async () => (await bench.hosts()).every(({ metadata }) => metadata.name !== victim!.metadata.name || metadata.uid !== victim!.metadata.uid));
    await bench.drive('the newcomer says what it waits for', async () => (await reasons()).some((reason) => reason.startsWith('waits for the deploy lock: the deploy lock cannot be asked (Unavailable)')));
    expect(await ready()).to.equal(2);
    bench.kamal.primary = 'Alive';
    await serve(3);
  });

  it('of a controller that died goes on to be used by the next one, when what it began has ended', async () => {
    bench.kamal.deployMilliseconds = 20_000;
    await start(3, { maxParallelDeploys: 1 });
    await bench.drive('a deploy runs', async () => running() === 1);
    const held = bench.kamal.holder()?.operationID;
    bench.context.deployer = bench.kamal.deployer();
    bench.context.locks = createDeployLockView(bench.kamal.lock, bench.clock);
    await bench.drive('the first host serves', async () => await ready() === 2);
    expect(bench.kamal.begun.filter((line) => line.startsWith('Deploy')), 'one run a host').to.have.length(2);
    expect(bench.kamal.holder()?.operationID).to.equal(held);
    await serve(3);
    await gone();
  });

  it('covers no work of a process that stood still at the last moment: another leads, and may have released it', async () => {
    await start(2);
    const { deployer } = bench.context;
    let late: Operation | undefined;
    bench.context.deployer = { ...deployer, start: async (operation) => { if (operation.kind === 'Deploy') late = operation; else await deployer.start(operation); } };
    await bench.drive('a deploy is about to begin', async () => late !== undefined);
    bench.context.leadership = { isLeader: () => false, onChange: () => undefined };
    await deployer.start(late!);
    await bench.clock.settle();
    expect(deployer.observe(late!.id)).to.include({ kind: 'Failed', class: 'NotLeader' });
    expect(bench.kamal.begun.filter((line) => line.startsWith('Deploy'))).to.deep.equal([]);
  });

  it('with an id of ours that no session knows is broken once nothing can run under it, and a person\'s never', async () => {
    bench.kamal.hold({ by: 'us', operationID: `${INSTALLATION}/lost`, message: 'Automatic deploy lock' });
    const since = bench.clock.now();
    await start(2, { deployTimeoutSeconds: 30, startTimeoutSeconds: 7200 });
    await bench.drive('it says so', async () => (await reasons()).some((reason) => reason.includes('no session knows it')));
    for (let tries = 0; bench.kamal.holder()?.operationID === `${INSTALLATION}/lost` && tries < 3; tries += 1) {
      await bench.drive('it is broken', async () => bench.kamal.holder()?.operationID !== `${INSTALLATION}/lost` || bench.clock.now() - since > (tries + 1) * 150_000);
    }
    expect(bench.clock.now() - since).to.be.within(210_000, 220_000);
    await serve(2);
  });

  it('with such an id is broken although no host asks for it: people do', async () => {
    await start(1, { deployTimeoutSeconds: 30 });
    const lost = { by: 'us', operationID: `${INSTALLATION}/lost`, message: 'Automatic deploy lock' };
    bench.kamal.hold(lost);
    for (let passes = 0; passes < 3; passes += 1) {
      await bench.pass('Pool', WEB);
      await bench.clock.settle();
    }
    expect(bench.asked).to.deep.include({ kind: 'Session', key: SESSION });
    await bench.drive('it says so', async () => (await session())?.status?.reason?.includes('no session knows it') === true);
    await bench.clock.advance(209_000);
    expect(bench.kamal.holder()?.operationID).to.equal(lost.operationID);
    await bench.drive('it is broken', async () => bench.kamal.holder() === undefined);
    await gone();
  });

  it('is not released under the work on a host whose pool goes away with Retain: the host is let go after it', async () => {
    bench.kamal.deployMilliseconds = 10_000;
    await start(2);
    await bench.drive('a deploy runs', async () => running() === 1);
    await bench.store.delete('HostPool', WEB);
    await bench.drive('the host is let go', async () => (await bench.hosts()).length === 0);
    expect(running()).to.equal(0);
    await gone();
    expect(bench.kamal.holder()).to.equal(undefined);
  });

  it('is released when its session is deleted, and hosts that ask get another', async () => {
    bench.kamal.deployMilliseconds = 10_000;
    await start(3, { maxParallelDeploys: 1 });
    await bench.drive('a deploy runs', async () => running() === 1);
    const first = (await session())!;
    await bench.store.delete('DeploySession', keyOf(first));
    await serve(3);
    expect((await session())?.metadata.uid).to.not.equal(first.metadata.uid);
    await gone();
  });
});
