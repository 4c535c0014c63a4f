import { expect } from 'chai';
import type { KamalHost } from '../../../controller/api/index.ts';
import { seconds } from '../../../controller/model/index.ts';
import { poolDraft } from '../../support/drafts.ts';
import { type Bench, WEB, createBench } from './bench.ts';

describe('what happens to machines', () => {
  let bench: Bench;
  beforeEach(() => { bench = createBench({}, 'Kamal'); });

  async function serving(replicas: number, limits: object = {}): Promise<KamalHost[]> {
    const { address, ports } = bench.world.addFixedHost('primary', 'v1');
    await bench.put('HostPool', poolDraft('default', 'web', {
      replicas, fixedHosts: [{ name: 'primary', address, ports }], placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 1000 } }],
      health: { intervalSeconds: 1, unhealthyAfterSeconds: 30 }, drain: { timeoutSeconds: 6 }, limits,
    } as never));
    await bench.drive('all serve', async () => (await bench.pool()).status?.readyReplicas === replicas);
    return bench.hosts();
  }
  const passTime = (forSeconds: number): Promise<void> => {
    const until = bench.clock.now() + seconds(forSeconds);
    return bench.drive('time passes', async () => bench.clock.now() >= until);
  };
  const find = async ({ metadata }: KamalHost): Promise<KamalHost | undefined> => (await bench.hosts()).find((host) => host.metadata.uid === metadata.uid);
  const members = (): string[] => bench.world.served()?.pools.flatMap((pool) => pool.members.map(({ name }) => name)) ?? [];
  /** Its containers are stopped and come back, as they were; the machine runs on. */
  function restartDocker(names: (name: string) => boolean, forSeconds: number): void {
    for (const host of bench.world.hosts()) {
      if (!names(host.order.name) || host.app === undefined) continue;
      host.appEndedAt = bench.clock.now();
      host.app.readyAt = bench.clock.now() + seconds(forSeconds);
    }
  }

  it('Docker is restarted by an unattended upgrade: the host is out while its app is, and comes back by the checks; nothing is bought', async () => {
    const [host] = await serving(4);
    restartDocker((name) => name === host!.metadata.name, 8);
    await bench.drive('it is out', async () => !members().includes(host!.metadata.name));
    expect((await bench.events('KamalHost', host!.metadata.name)).find((line) => line.startsWith('CheckedAnew'))).to.equal('CheckedAnew: leaves until it passes the checks of a newcomer: it does not answer, and no app runs there');
    await bench.drive('it is back', async () => members().includes(host!.metadata.name) && (await find(host!))?.status?.phase === 'InService');
    await passTime(40);
    const { health, version, leftServiceAt } = (await find(host!))?.status ?? {};
    expect([bench.creates.length, health, version, leftServiceAt?.length]).to.deep.equal([3, 'Healthy', 'v1', 1]);
    expect(bench.kamal.faults).to.deep.equal([]);
  });

  it('and on all of them in the same minute: nobody is taken out or replaced for it', async () => {
    const hosts = await serving(4);
    restartDocker(() => true, 8);
    await passTime(6);
    expect(members()).to.have.length(4);
    await bench.drive('they serve again', async () => (await bench.hosts()).every(({ status }) => status?.phase === 'InService' && status.health === 'Healthy'));
    await passTime(40);
    expect([bench.creates.length, (await bench.hosts()).length]).to.deep.equal([3, hosts.length]);
  });

  it('a server runs, as its cloud says, and its network does not: it is replaced at its deadline, with a pause, and says what was tried', async () => {
    await serving(2, { startTimeoutSeconds: 20, startBackoffSeconds: 10, maxStartTimeoutSeconds: 20 });
    await bench.store.scale(WEB, 3);
    await bench.drive('it is ordered', async () => bench.creates.length === 2);
    const dumb = bench.world.hosts().at(-1)!;
    const newcomer = (await bench.hosts()).find(({ metadata }) => metadata.name === dumb.order.name)!;
    await bench.drive('its cloud says that it runs', async () => (await find(newcomer))?.status?.phase === 'Bootstrapping');
    dumb.bootsAt = Infinity;
    await bench.drive('it says so', async () => /^the machine does not answer yet: .*ECONNREFUSED/.test((await find(newcomer))?.status?.reason ?? ''));
    await bench.drive('it is given up', async () => await find(newcomer) === undefined);
    expect(await bench.events('HostPool')).to.satisfy((lines: string[]) => lines.some((line) => /^StartFailed: web-1-\w+ did not come into service \(Unavailable\): not in service within 20 s \(startTimeoutSeconds\): it was still Bootstrapping; next start not before/.test(line)));
    expect(bench.world.hosts(), 'its server is given back').to.have.length(2);
    await bench.drive('its successor serves', async () => (await bench.pool()).status?.readyReplicas === 3);
    expect(bench.creates).to.have.length(3);
  });

  it('a server is switched off by its cloud and comes back: it is out at once, and taken back by the checks of a newcomer', async () => {
    const [host] = await serving(4, { startBackoffSeconds: 60 });
    bench.world.kill(host!.metadata.name);
    await bench.drive('it leaves', async () => (await find(host!))?.status?.phase === 'Departing');
    expect((await bench.events('KamalHost', host!.metadata.name)).find((line) => line.startsWith('ServerLost'))).to.match(/^ServerLost: the provider says that server local-\S+ is off; it leaves the load balancers, and its pool makes up for it$/);
    await bench.drive('it is out', async () => !members().includes(host!.metadata.name));
    delete bench.world.hosts().find(({ order }) => order.name === host!.metadata.name)!.diedAt;
    await bench.drive('as many as wanted serve', async () => (await bench.pool()).status?.readyReplicas === 4 && (await bench.hosts()).every(({ status }) => status?.phase === 'InService'));
    expect(await bench.hosts()).to.have.length(3);
    expect(bench.world.hosts()).to.have.length(4);
    expect([(await find(host!))?.status?.phase, bench.creates.length]).to.deep.equal(['InService', 3]);
    expect(bench.world.dropped).to.deep.equal([]);
  });

  it('a server that serves is deleted by hand: it leaves the load balancers at once, its place and money are free, and a successor is bought', async () => {
    const [host] = await serving(3, { startBackoffSeconds: 2 });
    const id = bench.world.hosts().find(({ order }) => order.name === host!.metadata.name)!.order.id;
    await bench.world.table.stop(id);
    await bench.drive('it is told', async () => (await bench.events('KamalHost', host!.metadata.name)).some((line) => line.startsWith(`ServerLost: the provider lists server ${id} no more`)));
    await bench.drive('it is out', async () => !members().includes(host!.metadata.name));
    await bench.drive('another serves in its place', async () => await find(host!) === undefined && (await bench.pool()).status?.readyReplicas === 3);
    expect(bench.creates).to.have.length(3);
    expect((await bench.context.gate.read()).entries[host!.spec.hostID]).to.include({ state: 'Released' });
  });
});
