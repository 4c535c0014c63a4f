import { expect } from 'chai';
import { poolDraft } from '../../support/drafts.ts';
import { type Bench, WEB, createBench } from './bench.ts';

/** What people and the controller do at the same time, under one deploy lock. The real Kamal is in test/world/people.spec.ts. */
describe('a deploy, a rollback and a scale-out at once', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = createBench({}, 'Kamal');
    const { address, ports } = bench.world.addFixedHost('primary', 'v1');
    await bench.put('HostPool', poolDraft('default', 'web', {
      replicas: 3, fixedHosts: [{ name: 'primary', address, ports }], placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 1000 } }],
      health: { intervalSeconds: 1, unhealthyAfterSeconds: 30 }, drain: { timeoutSeconds: 6 },
    } as never));
    await bench.drive('all serve', async () => (await bench.pool()).status?.readyReplicas === 3);
  });

  const versions = (): string[] => bench.world.hosts().map(({ app }) => app?.version ?? 'none').toSorted();
  const begins = (): number => bench.kamal.begun.filter((line) => line.startsWith('Deploy')).length;

  for (const [title, asSoonAs] of [
    ['before the newcomers have a server', (): boolean => true],
    ['while the first of them is deployed', (): boolean => begins() > 2],
    ['while the last of them waits for the lock', (): boolean => begins() > 4],
  ] as const) {
    it(`${title}: all hosts end with the version that was meant last, and no run meets another`, async () => {
      await bench.store.scale(WEB, 6);
      await bench.drive(title, async () => asSoonAs());
      const done: string[] = [];
      const deploy = bench.kamal.deploy('v2', 8, 'Waits').then(() => void done.push('v2'));
      // The rollback is started before the deploy has ended, and waits for it.
      const rollback = deploy.then(() => bench.kamal.deploy('v1', 4, 'Waits')).then(() => void done.push('v1'));
      await bench.drive('people are done', async () => done.length === 2);
      await rollback;
      await bench.drive('all serve what was meant last', async () => (await bench.pool()).status?.readyReplicas === 6 && versions().every((version) => version === 'v1') && bench.kamal.holder() === undefined);
      expect(versions()).to.have.length(6);
      await bench.drive('and say so', async () => (await bench.hosts()).every(({ status }) => status?.phase === 'InService' && status.version === 'v1'));
      expect(await bench.hosts()).to.have.length(5);
      expect(bench.creates, 'nobody was bought twice').to.have.length(5);
      expect(bench.kamal.faults).to.deep.equal([]);
      expect(bench.world.dropped).to.deep.equal([]);
    });
  }
});
