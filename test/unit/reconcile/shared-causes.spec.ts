import { expect } from 'chai';
import { seconds } from '../../../controller/model/index.ts';
import type { Condition } from '../../../controller/report/conditions.ts';
import { poolDraft } from '../../support/drafts.ts';
import { type Bench, createBench } from './bench.ts';

describe('shared causes', () => {
  let bench: Bench;
  beforeEach(() => { bench = createBench(); });

  async function serving(replicas: number, spec: object = {}): Promise<void> {
    const { address, ports } = bench.world.addFixedHost('primary', 'v1');
    await bench.put('HostPool', poolDraft('default', 'web', {
      replicas, fixedHosts: [{ name: 'primary', address, ports }], placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 1000 } }],
      health: { intervalSeconds: 1, unhealthyAfterSeconds: 5 }, drain: { timeoutSeconds: 2 }, limits: { startTimeoutSeconds: 20, startBackoffSeconds: 2 }, ...spec,
    } as never));
    await bench.drive('all serve', async () => (await bench.pool()).status?.readyReplicas === replicas);
  }
  const passTime = (forSeconds: number): Promise<void> => {
    const until = bench.clock.now() + seconds(forSeconds);
    return bench.drive('time passes', async () => bench.clock.now() >= until);
  };
  const condition = async (): Promise<Condition | undefined> => ((await bench.pool()).status?.conditions as Condition[] | undefined)?.find(({ type }) => type === 'ReplacementAllowed');
  const told = async (): Promise<string[]> => (await bench.events('HostPool')).map((line) => line.split(':')[0] ?? '').filter((reason) => reason.startsWith('Replacement'));
  /** `/up` answers 500 from now on: the app runs, and nobody is served. */
  const fail = (names: (name: string) => boolean): void => {
    for (const host of bench.world.hosts()) {
      if (host.app === undefined || host.app.readyAt === Infinity || !names(host.order.name)) continue;
      host.app.readyAt = Infinity;
      host.appEndedAt = bench.clock.now();
    }
  };
  const recover = (): void => {
    for (const host of bench.world.hosts()) {
      if (host.app !== undefined) host.app.readyAt = bench.clock.now();
      delete host.appEndedAt;
    }
  };

  it('most hosts fail their health path: no server is bought for any of them, and the pool says until when', async () => {
    await serving(5);
    fail((name) => name.startsWith('web-') && !name.startsWith('web-0'));
    await bench.drive('it is seen', async () => (await condition())?.status === 'False');
    expect(await condition()).to.include({ reason: 'TooManyUnhealthy' });
    expect((await condition())?.message).to.equal('3 of 5 hosts are down, more than the 2 that fail by themselves (limits.maxUnhealthyPercent 50). Nothing is replaced: it goes on when at most 2 are down, or with a greater limits.maxUnhealthyPercent; look at what they share: the last deploy, the database, a secret, the network');
    await passTime(60);
    expect(bench.creates).to.have.length(4);
    expect(await bench.hosts()).to.have.length(4);
    expect((await bench.pool()).status?.state).to.equal('Stuck');
    recover();
    await bench.drive('it is over', async () => (await condition())?.status === 'True');
    await bench.drive('all serve', async () => (await bench.pool()).status?.readyReplicas === 5);
    expect(bench.creates).to.have.length(4);
    expect(await told()).to.deep.equal(['ReplacementHeld', 'ReplacementAllowed']);
  });

  it('the fixed host fails the same way: one bought host that is down is not replaced', async () => {
    await serving(5);
    fail((name) => name === 'primary' || name.startsWith('web-3'));
    await bench.drive('it is seen', async () => (await condition())?.reason === 'FixedHostsDown');
    await passTime(30);
    expect(bench.creates).to.have.length(4);
    recover();
    await bench.drive('all serve', async () => (await condition())?.status === 'True' && (await bench.pool()).status?.readyReplicas === 5);
    expect(bench.creates).to.have.length(4);
  });

  it('a placement that is gone as a whole is replaced in the other one', async () => {
    bench = createBench();
    await serving(4, { placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 1000 } }, { name: 'there', provider: 'Local', local: { bootMilliseconds: 1000 } }] });
    fail((name) => name !== 'primary');
    await bench.drive('it is seen', async () => (await condition())?.reason === 'PlacementDown');
    await bench.drive('others are bought elsewhere', async () => (await bench.hosts()).some(({ status }) => status?.phase === 'InService' && status.placement === 'there'));
    expect(new Set(bench.creates.slice(3).map(({ placement }) => placement.name))).to.deep.equal(new Set(['there']));
  });

  it('hosts that come up and go down within minutes are bought at the pace of failed starts', async () => {
    await serving(2);
    const since = bench.clock.now();
    for (let round = 0; round < 360; round += 1) {
      const serves = (await bench.hosts()).filter(({ status }) => status?.phase === 'InService').map(({ metadata }) => metadata.name);
      fail((name) => serves.includes(name));
      await bench.drive('a second passes', async () => bench.clock.now() >= since + seconds(round));
    }
    const purchases = bench.creates.length - 1;
    const failures = (await bench.pool()).status?.startFailures ?? 0;
    expect(failures, 'failed starts').to.be.within(3, 6);
    // Pauses of 2, 4, 8, 16, 32, 64, 128 s beside boots: as many servers as there were failures.
    expect(purchases, 'servers bought in six minutes').to.be.at.most(failures + 1);
    const lines = await bench.events('HostPool');
    expect(lines.some((line) => /^StartFailed: web-0-\w+ did not come into service to stay \(Unavailable\): .*the health path does not answer/.test(line))).to.equal(true);
  });

  it('servers that somebody deletes as soon as they are there are bought at the same pace', async () => {
    await serving(1);
    await bench.store.scale({ namespace: 'default', name: 'web' }, 2);
    const since = bench.clock.now();
    for (let round = 0; round < 240; round += 1) {
      for (const { order } of bench.world.hosts().filter((host) => host.order.name !== 'primary')) await bench.world.table.stop(order.id);
      await bench.drive('a second passes', async () => bench.clock.now() >= since + seconds(round));
    }
    expect(bench.creates.length).to.be.within(3, 8);
    expect((await bench.pool()).status?.state).to.equal('Stuck');
  });
});
