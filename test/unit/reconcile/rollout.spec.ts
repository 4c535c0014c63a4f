import { expect } from 'chai';
import { type HostPool, type HostPoolSpec, type KamalHost, ROLL_ANNOTATION, ROLL_PAUSED_ANNOTATION } from '../../../controller/api/index.ts';
import { seconds } from '../../../controller/model/index.ts';
import { outdatedBy, templateHash } from '../../../controller/reconcile/outdated.ts';
import { START, hostOf, poolOf } from './bench.ts';
import { LOCAL, rollSuite } from './roll-suite.ts';

type Placement = HostPoolSpec['placements'][number];
const BOUGHT = { serverType: 'cpx21', location: 'nbg1', image: 'ubuntu-24.04' };
const cloud = (over: object = {}): Placement => ({ name: 'nbg', provider: 'Hetzner', hetzner: { ...BOUGHT, ...over } }) as Placement;
const hetznerPool = (placements: Placement[] = [cloud()], spec: object = {}, metadata: Partial<HostPool['metadata']> = {}): HostPool => poolOf('web', { placements, ...spec } as never, metadata);

describe('what a host was made from', () => {
  const before = templateHash(hetznerPool(), hetznerPool().spec.placements[0]!);
  const after = (pool: HostPool): string => templateHash(pool, pool.spec.placements[0]!);

  for (const [title, pool] of [
    ['the server type', hetznerPool([cloud({ serverType: 'cpx31' })])], ['the image', hetznerPool([cloud({ image: 'snapshot-7' })])], ['user data', hetznerPool([cloud({ userData: 'packages: [htop]' })])],
    ['the networks', hetznerPool([cloud({ networks: ['blue'] })])], ['the user that logs in', hetznerPool([cloud()], { ssh: { user: 'deploy' } })],
  ] as const) {
    it(`changes with ${title}`, () => expect(after(pool)).to.not.equal(before));
  }
  for (const [title, pool] of [
    ['labels', hetznerPool([cloud({ labels: { team: 'shop' } })])], ['the number of hosts', hetznerPool([cloud()], { replicas: 7, maxReplicas: 9 })],
    ['the order of keys', hetznerPool([{ hetzner: { image: BOUGHT.image, location: BOUGHT.location, serverType: BOUGHT.serverType }, provider: 'Hetzner', name: 'nbg' } as Placement])],
    ['the name of the placement', hetznerPool([{ ...cloud(), name: 'other' } as Placement])],
  ] as const) {
    it(`stays with ${title}`, () => expect(after(pool)).to.equal(before));
  }
});

describe('a host is outdated', () => {
  const now = START + seconds(7200);
  const made = { phase: 'InService', createAttempts: 1, placement: 'nbg', templateHash: templateHash(hetznerPool(), hetznerPool().spec.placements[0]!) } as const;
  const changed = [cloud({ image: 'snapshot-7' })];
  const asked = { annotations: { [ROLL_ANNOTATION]: 'r2' } };
  const on = { rollout: { strategy: 'OnChange' } };
  const rows: [title: string, status: KamalHost['status'], pool: HostPool, verdict: string | undefined, rolls?: boolean][] = [
    ['never as it was bought', made, hetznerPool(), undefined],
    ['when its image was changed, which is told', made, hetznerPool(changed), 'its placement nbg was changed after it was bought', false],
    ['when its image was changed, and the pool says to replace it', made, hetznerPool(changed, on), 'its placement nbg was changed after it was bought', true],
    ['when its placement is gone', made, hetznerPool([{ ...cloud(), name: 'fsn' } as Placement], on), 'its placement nbg is no longer in the pool', true],
    ['never when nobody knows what it was made from', { ...made, templateHash: undefined } as never, hetznerPool(changed, on), undefined],
    ['never when an older release made the hash', { ...made, templateHash: '0-abc' }, hetznerPool(changed, on), undefined],
    ['when a roll was asked for', { ...made, rollID: 'r1' }, hetznerPool([cloud()], {}, asked), 'a roll was asked for after it was bought', true],
    ['never when it was bought by that roll', { ...made, rollID: 'r2' }, hetznerPool([cloud()], {}, asked), undefined],
    ['never by a roll that has ended, such as after a restore', made, { ...hetznerPool([cloud()], {}, asked), status: { rollout: { updated: 0, outdated: 0, completed: 'r2' } } }, undefined],
    ['never before it was bought', { phase: 'Pending' }, hetznerPool(changed, on, asked), undefined],
    ['by its age', made, hetznerPool([cloud()], { rollout: { maxAgeSeconds: 7200 } }), 'it is older than rollout.maxAgeSeconds 7200', true],
    ['never by the clock of an API server that is behind the one that ordered it', { ...made, lastCreateIntentAt: new Date(now - seconds(60)).toISOString() }, hetznerPool([cloud()], { rollout: { maxAgeSeconds: 7200 } }), undefined],
    ['never by an order that a clock in the future wrote', { ...made, lastCreateIntentAt: new Date(now + seconds(9000)).toISOString() }, hetznerPool([cloud()], { rollout: { maxAgeSeconds: 7200 } }), undefined],
    ['never while it is younger', made, hetznerPool([cloud()], { rollout: { maxAgeSeconds: 7201 } }), undefined],
  ];
  for (const [title, status, pool, why, rolls] of rows) {
    it(title, () => expect(outdatedBy(hostOf('web-0', status), pool, now)).to.deep.equal(why === undefined ? undefined : { why, rolls }));
  }
});

describe('a roll', () => {
  const { serving, annotate, condition, ids, passTime, driveServing, now } = rollSuite();

  it('replaces every bought host, one at a time, and says so', async () => {
    const before = await serving(3);
    expect(await condition()).to.include({ status: 'True', reason: 'AllCurrent' });
    await annotate({ [ROLL_ANNOTATION]: 'r1' });
    await driveServing('it says so', 3, async () => (await now().pool()).status?.state === 'Rolling');
    expect((await condition())?.message).to.equal('2 of 3 bought hosts are still to be replaced (a roll was asked for after it was bought)');
    await driveServing('it ends', 3, async () => (await now().pool()).status?.rollout?.completed === 'r1');
    expect((await ids()).filter((id) => before.some(({ spec }) => spec.hostID === id))).to.deep.equal([]);
    expect((await now().hosts()).map(({ status }) => [status?.phase, status?.rollID])).to.deep.equal([['InService', 'r1'], ['InService', 'r1']]);
    expect(now().creates).to.have.length(4);
    await passTime(30);
    expect(now().creates).to.have.length(4);
    expect(await now().events('HostPool')).to.include('RollStarted: roll r1 was asked for: bought hosts are replaced, 1 at a time')
      .and.include('RollCompleted: every bought host was bought after roll r1 was asked for');
  });

  it('is paused with both hosts there, and goes on', async () => {
    const before = await serving(3);
    await annotate({ [ROLL_ANNOTATION]: 'r1' });
    await driveServing('a newer host boots', 3, async () => (await now().hosts()).length === 3);
    await annotate({ [ROLL_PAUSED_ANNOTATION]: 'true' });
    await passTime(30);
    expect((await now().hosts()).map(({ spec, status }) => [spec.intent, status?.phase])).to.deep.equal(Array.from({ length: 3 }, () => ['Serve', 'InService']));
    expect(await condition()).to.include({ reason: 'RollPaused', message: '2 of 3 bought hosts are still to be replaced (a roll was asked for after it was bought); it is paused: go on with kamal-autoscaler roll web --resume' });
    await annotate({ [ROLL_PAUSED_ANNOTATION]: 'false' });
    await driveServing('it ends', 3, async () => (await now().pool()).status?.rollout?.completed === 'r1');
    expect((await ids()).filter((id) => before.some(({ spec }) => spec.hostID === id))).to.deep.equal([]);
  });

  it('waits for room, and replaces nothing without it', async () => {
    await serving(3, { maxReplicas: 3 });
    await annotate({ [ROLL_ANNOTATION]: 'r1' });
    await now().drive('it says so', async () => (await condition())?.reason === 'RollWaits');
    expect((await condition())?.message).to.include('there is no room above the hosts that serve: raise maxReplicas (3) by 1, or roll when fewer are wanted');
    await passTime(20);
    expect(now().creates).to.have.length(2);
  });

  it('to a template that never comes up leaves the hosts that serve', async () => {
    const before = await serving(3, { limits: { startTimeoutSeconds: 10, startBackoffSeconds: 20 } });
    now().faults = Array.from({ length: 9 }, () => ({ kind: 'NeverBoots' as const }));
    await annotate({ [ROLL_ANNOTATION]: 'r1' });
    await driveServing('starts fail', 3, async () => ((await now().pool()).status?.startFailures ?? 0) > 1);
    expect(await ids()).to.include.members(before.map(({ spec }) => spec.hostID));
    expect((await now().pool()).status?.readyReplicas).to.equal(3);
  });

  it('begins by itself where the pool says so and its placement was changed', async () => {
    await serving(3, { rollout: { strategy: 'OnChange' } });
    const pool = await now().pool();
    await now().store.update('HostPool', { ...pool, spec: { ...pool.spec, placements: [{ ...LOCAL, local: { bootMilliseconds: 1500 } }] as never } });
    await driveServing('every host is made from it', 3, async () => (await condition())?.status === 'True' && (await now().hosts()).length === 2 && now().creates.length === 4);
  });

  it('is only told where the pool does not say so', async () => {
    await serving(3);
    const pool = await now().pool();
    await now().store.update('HostPool', { ...pool, spec: { ...pool.spec, placements: [{ ...LOCAL, local: { bootMilliseconds: 1500 } }] as never } });
    await now().drive('it is told', async () => (await condition())?.reason === 'Outdated');
    expect((await condition())?.message).to.equal('0 of 2 bought hosts are as one that is bought today (its placement here was changed after it was bought). Replace the others with kamal-autoscaler roll web');
    await passTime(20);
    expect(now().creates).to.have.length(2);
    expect((await now().pool()).status).to.deep.include({ rollout: { updated: 0, outdated: 2 }, state: 'Steady' });
  });

  it('keeps the number of a pool without replicas', async () => {
    const before = await serving(3);
    const { replicas: _replicas, ...spec } = (await now().pool()).spec;
    await now().store.update('HostPool', { ...await now().pool(), spec });
    await annotate({ [ROLL_ANNOTATION]: 'r1' });
    await driveServing('it ends', 3, async () => (await now().pool()).status?.rollout?.completed === 'r1');
    await passTime(10);
    expect((await ids()).filter((id) => before.some((host) => host.spec.hostID === id))).to.deep.equal([]);
    expect(await now().hosts()).to.have.length(2);
  });
});
