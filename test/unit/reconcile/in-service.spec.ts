import { expect } from 'chai';
import type { KamalHost } from '../../../controller/api/index.ts';
import { seconds } from '../../../controller/model/index.ts';
import { poolDraft } from '../../support/drafts.ts';
import { type Bench, createBench } from './bench.ts';

describe('hosts in service', () => {
  let bench: Bench;
  beforeEach(() => { bench = createBench({}, 'Kamal'); });
  afterEach(() => {
    expect(bench.kamal.faults).to.deep.equal([]);
    expect(bench.world.dropped).to.deep.equal([]);
  });

  async function serving(replicas: number, spec: object = {}): Promise<KamalHost[]> {
    const { address, ports } = bench.world.addFixedHost('primary', 'v1');
    await bench.put('HostPool', poolDraft('default', 'web', {
      replicas, fixedHosts: [{ name: 'primary', address, ports }], placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 1000 } }],
      health: { intervalSeconds: 1, unhealthyAfterSeconds: 30 }, drain: { timeoutSeconds: 6 }, ...spec,
    } as never));
    await bench.drive('all serve', async () => (await bench.pool()).status?.readyReplicas === replicas);
    return bench.hosts();
  }
  const passTime = (forSeconds: number): Promise<void> => {
    const until = bench.clock.now() + seconds(forSeconds);
    return bench.drive('time passes', async () => bench.clock.now() >= until);
  };
  const statusOf = async (host: KamalHost): Promise<NonNullable<KamalHost['status']>> =>
    (await bench.hosts()).find(({ metadata }) => metadata.uid === host.metadata.uid)?.status ?? {};
  const listed = (host: KamalHost): boolean => bench.world.served()?.pools.some(({ members }) => members.some(({ name }) => name === host.metadata.name)) ?? false;
  const versionOn = (host: KamalHost): string | undefined => bench.world.hosts().find(({ order }) => order.name === host.metadata.name)?.app?.version;
  const setVersions = (version: string, names: (name: string) => boolean): void => {
    for (const { order, app } of bench.world.hosts()) if (app !== undefined && names(order.name)) app.version = version;
  };
  const deploys = (): number => bench.kamal.begun.filter((line) => line.startsWith('Deploy')).length;

  it('are brought to the version that a person deployed without them, where they are', async () => {
    const [host] = await serving(2);
    setVersions('v2', (name) => name === 'primary');
    await bench.drive('it runs the new version', async () => versionOn(host!) === 'v2');
    expect(listed(host!)).to.equal(true);
    await bench.drive('its status says so', async () => (await statusOf(host!)).version === 'v2');
    expect(await bench.events('KamalHost', host!.metadata.name)).to.include('Mending: Deploy of version v2: the app runs version v1, the fleet v2');
    expect((await statusOf(host!)).phase).to.equal('InService');
  });

  it('are left alone while a person holds the lock', async () => {
    const [host] = await serving(2);
    bench.kamal.hold({ by: 'alice', message: 'Automatic deploy lock' });
    setVersions('v2', (name) => name === 'primary');
    const before = deploys();
    await passTime(60);
    expect([deploys(), versionOn(host!)]).to.deep.equal([before, 'v1']);
    bench.kamal.hold(undefined);
    await bench.drive('it runs the new version', async () => versionOn(host!) === 'v2');
  });

  it('are left alone while the hosts that people own disagree', async () => {
    const [host] = await serving(2);
    const { address, ports } = bench.world.addFixedHost('canary', 'v2');
    const pool = await bench.pool();
    await bench.store.update('HostPool', { ...pool, spec: { ...pool.spec, fixedHosts: [...pool.spec.fixedHosts ?? [], { name: 'canary', address, ports }], replicas: 3 } });
    const before = deploys();
    await passTime(60);
    expect([deploys(), versionOn(host!)]).to.deep.equal([before, 'v1']);
  });

  it('that were seen down come back by the checks of a newcomer, with the right version', async () => {
    const [host] = await serving(4);
    setVersions('v2', () => true);
    await passTime(35);
    bench.kamal.reboot(host!.metadata.name, 6, 'v1');
    await bench.drive('it is out', async () => !listed(host!));
    expect((await statusOf(host!)).phase).to.equal('Deploying');
    await bench.drive('it is back', async () => listed(host!));
    expect(versionOn(host!)).to.equal('v2');
    await bench.drive('it serves', async () => (await statusOf(host!)).phase === 'InService');
    expect(await bench.events('KamalHost', host!.metadata.name)).to.include.members(['CheckedAnew: leaves until it passes the checks of a newcomer: a load balancer calls it down, and it does not answer: http://127.0.0.1:20005 does not answer']);
    expect(bench.creates).to.have.length(3);
  });

  it('whose reboot was too quick to be seen are checked when it is noticed', async () => {
    const [host] = await serving(4);
    setVersions('v2', () => true);
    await passTime(35);
    const { bootID } = await statusOf(host!);
    bench.kamal.reboot(host!.metadata.name, 0, 'v1');
    await bench.drive('it is out', async () => !listed(host!));
    await bench.drive('it is back', async () => listed(host!));
    expect(versionOn(host!)).to.equal('v2');
    await bench.drive('it serves', async () => (await statusOf(host!)).phase === 'InService');
    expect((await statusOf(host!)).bootID).to.not.equal(bootID);
  });

  it('that came back from a reboot as they should be stay where they are', async () => {
    const [host] = await serving(4);
    const { bootID } = await statusOf(host!);
    bench.kamal.reboot(host!.metadata.name, 0, 'v1');
    await bench.drive('the boot is noted', async () => (await statusOf(host!)).bootID !== bootID);
    expect([(await statusOf(host!)).phase, listed(host!)]).to.deep.equal(['InService', true]);
    expect(deploys()).to.equal(3);
  });

  it('stay members when most look down at once', async () => {
    const hosts = await serving(4);
    for (const host of hosts) bench.kamal.reboot(host.metadata.name, 8, 'v1');
    await bench.drive('the load balancer calls them down', async () => (await statusOf(hosts[0]!)).health === 'Suspect');
    await passTime(3);
    expect(hosts.map(listed)).to.deep.equal([true, true, true]);
    expect((await statusOf(hosts[0]!)).reason).to.match(/^stays, as fewer than half of the others are up: /);
    await bench.drive('they serve again', async () => (await bench.hosts()).every(({ status }) => status?.health === 'Healthy'));
  });

  it('that were seen down and never came back are replaced', async () => {
    const [host] = await serving(4);
    bench.kamal.reboot(host!.metadata.name, 10_000, 'v1');
    await bench.drive('it is out', async () => !listed(host!));
    await bench.drive('a successor serves and it is gone', async () => (await bench.hosts()).every(({ metadata }) => metadata.uid !== host!.metadata.uid) && (await bench.pool()).status?.readyReplicas === 4);
    expect(bench.creates).to.have.length(4);
    // It had not served for ten minutes: its successor waited as after a failed start.
    expect((await bench.pool()).status?.startFailures).to.equal(1);
    expect(await bench.events('HostPool')).to.satisfy((lines: string[]) => lines.some((line) => line.includes('it went down soon after it came into service: it was seen down and has not answered since')));
  });

  it('that somebody left in maintenance are brought back', async () => {
    const [host] = await serving(4);
    const server = bench.world.hosts().find(({ order }) => order.name === host!.metadata.name);
    server!.app!.quiesced = { since: bench.clock.now(), deadline: bench.clock.now() };
    await bench.drive('it is out', async () => !listed(host!));
    await bench.drive('it is back', async () => listed(host!));
    expect(server!.app?.quiesced).to.equal(undefined);
    expect(bench.kamal.begun.at(-1)).to.equal(`Resume ${host!.metadata.name}`);
  });

  it('get what a rollback needs, and again after each deploy', async () => {
    bench.kamal.previousVersion = 'v0';
    const hosts = await serving(3);
    const prepared = (): (string | undefined)[] => hosts.map(({ metadata }) => bench.kamal.rollbacks.get(metadata.name));
    await bench.drive('a rollback would find it', async () => prepared().every((version) => version === 'v0'));
    void bench.kamal.deploy('v2', 5, 'Waits');
    await bench.drive('a rollback would find it again', async () => prepared().every((version) => version === 'v1'));
    await bench.drive('the lock is free', async () => bench.kamal.holder() === undefined);
  });

  it('were asked what their pool asks before they joined, and warmed up once', async () => {
    const asked: string[] = [];
    let answers = false;
    const { probe } = bench.context;
    bench.context.probe = {
      ...probe,
      preJoin: async (_endpoint, health) => (answers ? { kind: 'Answers' } : { kind: 'Fails', why: `${health.preJoin?.[0]?.path} answers 503` }),
      warmUp(id) {
        asked.push(id);
        return asked.length < 3 ? 'Running' : 'Done';
      },
    };
    const started = serving(2, { health: { intervalSeconds: 1, preJoin: [{ path: '/db' }], warmUp: ['/', '/search'] } });
    await bench.drive('it waits for the path', async () => (await bench.hosts())[0]?.status?.reason === 'a path that must answer before it joins does not: /db answers 503');
    expect(asked).to.deep.equal([]);
    answers = true;
    await started;
    expect(asked.length).to.be.at.least(3);
    expect(new Set(asked).size).to.equal(1);
  });
});
