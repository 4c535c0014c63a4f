import { expect } from 'chai';
import type { Condition } from '../../../controller/report/conditions.ts';
import type { DeployTarget, Operation } from '../../../controller/ports/index.ts';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { poolDraft } from '../../support/drafts.ts';
import { type Bench, createBench } from './bench.ts';

/** What `kubectl describe` shows of each thing that goes wrong with real machines. */
describe('what people read', () => {
  let bench: Bench;
  beforeEach(() => { bench = createBench({}, 'Kamal'); });

  async function start(replicas: number, limits: object = {}, change: object = {}): Promise<void> {
    const { address, ports } = bench.world.addFixedHost('primary', 'v1');
    await bench.put('HostPool', poolDraft('default', 'web', {
      replicas, fixedHosts: [{ name: 'primary', address, ports }], placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 1000 } }],
      health: { intervalSeconds: 1 }, drain: { timeoutSeconds: 6 }, limits, ...change,
    } as never));
  }
  const condition = (conditions: unknown, type: string): Condition | undefined => (conditions as Condition[] | undefined)?.find((one) => one.type === type);
  const ofPool = async (type: string): Promise<Condition | undefined> => condition((await bench.pool()).status?.conditions, type);
  const ofHost = async (type: string): Promise<Condition | undefined> => condition((await bench.hosts())[0]?.status?.conditions, type);
  const eventsOfHost = async (): Promise<string[]> => bench.events('KamalHost', (await bench.hosts())[0]?.metadata.name);
  const becomes = (what: string, look: () => Promise<Condition | undefined>, status: string): Promise<void> => bench.drive(what, async () => (await look())?.status === status);

  function deployFails(error: ClassifiedError): void {
    const { deployer } = bench.context;
    const ended = new Set<string>();
    bench.context.deployer = {
      ...deployer,
      start: async (operation: Operation) => (operation.kind === 'Deploy' ? void ended.add(operation.id) : deployer.start(operation)),
      observe: (id) => (ended.has(id) ? { kind: 'Failed', class: error.class, message: error.message, replaceHost: false } : deployer.observe(id)),
    };
  }

  it('an image that cannot be pulled: on the host at once, and on its pool', async () => {
    deployFails(new ClassifiedError('NotFound', 'manifest for registry.example.com/shop:v1 not found'));
    await start(2, { startTimeoutSeconds: 900 });
    await becomes('the host says it', () => ofHost('Failing'), 'True');
    expect(await ofHost('Failing')).to.include({ reason: 'NotFound', message: 'manifest for registry.example.com/shop:v1 not found' });
    expect(await eventsOfHost()).to.include('DeployFailed: NotFound: manifest for registry.example.com/shop:v1 not found');
    await becomes('the pool says it', () => ofPool('Stuck'), 'True');
    expect(await ofPool('Stuck')).to.include({ reason: 'NotFound' });
    expect((await ofPool('Stuck'))?.message).to.match(/^web-0-\w+: NotFound: manifest for registry\.example\.com/);
    await bench.drive('it is replaced in the end, with a pause', async () => ((await bench.pool()).status?.startFailures ?? 0) > 0);
    await bench.drive('the pool says when it goes on', async () => /^1 failed starts, next not before .+: NotFound: manifest/.test((await bench.pool()).status?.reason ?? ''));
  });

  it('one of three load balancers away: on the pool which one, a drain that names its deadline, and goes on after it', async () => {
    const apiURLs = ['http://lb1', 'http://lb2', 'http://lb3'];
    await start(2, { startTimeoutSeconds: 900 }, { loadBalancer: { traefik: { service: 'web', apiURLs } }, drain: { timeoutSeconds: 6, silentLoadBalancerSeconds: 60 } });
    await bench.drive('both serve', async () => (await bench.pool()).status?.readyReplicas === 2);
    expect(await ofPool('LoadBalancersReached')).to.include({ status: 'True', reason: 'AllReached' });
    bench.world.silentInstances.add('http://lb3');
    await becomes('the pool says it', () => ofPool('LoadBalancersReached'), 'False');
    expect(await ofPool('LoadBalancersReached')).to.include({ reason: 'SomeUnreached', message: 'http://lb3: http://lb3 does not answer' });
    const before = await bench.pool();
    await bench.context.store.update('HostPool', { ...before, spec: { ...before.spec, replicas: 1 } });
    await bench.drive('the host waits', async () => /waited for until .*drain\.silentLoadBalancerSeconds/.test((await bench.hosts())[0]?.status?.reason ?? ''));
    const [draining] = await bench.hosts();
    expect(draining?.status?.phase).to.equal('Draining');
    expect(draining?.status?.reason).to.match(/^leaves the load balancers: a load balancer cannot be asked \(http:\/\/lb3: .*\); the others do not list it; waited for until \S+Z/);
    const since = Date.parse(draining?.status?.phaseSince ?? '');
    await bench.drive('it leaves', async () => (await bench.hosts()).length === 0);
    expect(bench.world.clock.now() - since).to.be.at.least(60_000);
    expect((await bench.world.table.list()).map(({ id }) => id)).to.deep.equal(['fixed-primary']);
  });

  it('a wrong host key: nothing is done on the host, and its failed start has a class of its own', async () => {
    const { deployer } = bench.context;
    bench.context.deployer = {
      ...deployer,
      inspect: async (target: DeployTarget) => (target.identity.kind === 'Fixed' ? deployer.inspect(target) : { machine: { kind: 'Mismatch', why: 'it shows SHA256:bad instead of SHA256:good' }, app: { kind: 'Unknown' } }),
    };
    await start(2, { startTimeoutSeconds: 60 });
    await becomes('the host says it', () => ofHost('HostKeyVerified'), 'False');
    expect((await ofHost('HostKeyVerified'))?.reason).to.equal('HostKeyMismatch');
    expect((await ofHost('HostKeyVerified'))?.message).to.match(/^it shows SHA256:bad instead of SHA256:good; nothing is done on it\. If its key was changed on purpose, vouch for the new one: kubectl annotate kamalhost web-0-\w+ kamal-autoscaler\.dev\/host-key='TYPE BASE64'$/);
    const told = await eventsOfHost();
    expect(told.filter((line) => line.startsWith('HostKeyMismatch'))).to.deep.equal(['HostKeyMismatch: it shows SHA256:bad instead of SHA256:good; nothing is done on it']);
    expect((await bench.hosts())[0]?.status?.reason).to.equal('the machine is not who it should be, so nothing is done on it: it shows SHA256:bad instead of SHA256:good');
    await bench.drive('it is replaced at its deadline', async () => ((await bench.pool()).status?.startFailures ?? 0) > 0);
    expect(await bench.events('HostPool')).to.satisfy((lines: string[]) => lines.some((line) => /^StartFailed: web-0-\w+ did not come into service \(HostKey\): .+SHA256:bad/.test(line)));
    expect(bench.kamal.begun).to.deep.equal([]);
  });

  it('an app that never gets healthy: the path that does not answer', async () => {
    bench.context.probe = { ...bench.context.probe, up: async () => ({ kind: 'Fails', why: '/up answers 500' }) };
    await start(2, { startTimeoutSeconds: 60 });
    await bench.drive('the host says it', async () => (await bench.hosts())[0]?.status?.reason === 'the health path does not answer: /up answers 500');
    expect(await ofHost('Ready')).to.include({ status: 'False', reason: 'Deploying', message: 'the health path does not answer: /up answers 500' });
    await bench.drive('it is replaced at its deadline', async () => ((await bench.pool()).status?.startFailures ?? 0) > 0);
    expect(await bench.events('HostPool')).to.satisfy((lines: string[]) => lines.some((line) => line.includes('not in service within 60 s (startTimeoutSeconds): the health path does not answer: /up answers 500')));
  });

  it('a deploy lock that somebody holds: who, since when, who waits, and the command', async () => {
    bench.kamal.hold({ by: 'alice', message: 'a long migration' });
    await start(2);
    await becomes('the pool says it', () => ofPool('DeployLockAvailable'), 'False');
    await bench.drive('and who waits', async () => (await ofPool('DeployLockAvailable'))?.message.includes('waits for it') ?? false);
    expect((await ofPool('DeployLockAvailable'))?.message).to.match(/^held by alice since 2026-01-01T00:00:00\.000Z: a long migration; web-0-\w+ waits for it\. If nobody deploys any more: kamal lock release$/);
    bench.kamal.hold(undefined);
    await becomes('the pool says that it is over', () => ofPool('DeployLockAvailable'), 'True');
  });

  it('a dead primary: what goes on, what does not, and the command', async () => {
    await start(3);
    await bench.drive('all serve', async () => (await bench.pool()).status?.readyReplicas === 3);
    bench.kamal.primary = 'Dead';
    await bench.store.scale({ namespace: 'default', name: 'web' }, 4);
    await bench.drive('the newcomer waits', async () => (await ofPool('DeployLockAvailable'))?.message.includes('(web-2-') ?? false);
    expect(await ofPool('DeployLockAvailable')).to.include({ status: 'Unknown', reason: 'Unavailable' });
    expect((await ofPool('DeployLockAvailable'))?.message).to.match(/^the deploy lock of shop cannot be asked: the primary does not answer\. What serves goes on serving, new servers are bought and boot, and hosts that cannot be reached leave; no host is deployed, stopped or mended until it answers \(web-2-\w+ waits\)\. Bring the primary back; where it is lost, put another host first under servers of deploy\.yml and into spec\.fixedHosts, then look with: kamal lock status$/);
    expect((await bench.pool()).status?.readyReplicas).to.equal(3);
  });

  it('a host whose rollback is prepared, and one that differs from the fleet', async () => {
    bench.kamal.previousVersion = 'v0';
    await start(2);
    await becomes('a rollback is prepared', () => ofHost('RollbackReady'), 'True');
    await becomes('the pool says so', () => ofPool('RollbackReady'), 'True');
    bench.kamal.previousVersion = 'v-1';
    bench.kamal.hold({ by: 'alice', message: 'mine' });
    await becomes('the pool says that it is not any more', () => ofPool('RollbackReady'), 'False');
    await bench.store.scale({ namespace: 'default', name: 'web' }, 1);
    bench.kamal.hold(undefined);
    await becomes('no host that has left is named', () => ofPool('RollbackReady'), 'True');
    await bench.store.scale({ namespace: 'default', name: 'web' }, 2);
    await becomes('a rollback is prepared anew', () => ofHost('RollbackReady'), 'True');
    expect(await ofHost('LikeFleet')).to.include({ status: 'True', reason: 'SameAsFleet' });
    expect(await ofHost('HostKeyVerified')).to.include({ status: 'True', reason: 'OwnKey' });
    bench.kamal.hold({ by: 'alice', message: 'mine' });
    for (const { app, order } of bench.world.hosts()) if (app !== undefined && order.name === 'primary') app.version = 'v2';
    await becomes('the host says that it differs', () => ofHost('LikeFleet'), 'False');
    expect((await ofHost('LikeFleet'))?.message).to.equal('the app runs version v1, the fleet v2');
  });
});
