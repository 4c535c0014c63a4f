import { expect } from 'chai';
import { PROTECTED_ANNOTATION, QUARANTINED_ANNOTATION, ROLL_ANNOTATION } from '../../../controller/api/index.ts';
import { seconds } from '../../../controller/model/index.ts';
import { createPurchaseGate } from '../../../controller/reconcile/purchase-gate.ts';
import { LOCAL, rollSuite } from './roll-suite.ts';

const changed = (bootMilliseconds: number) => ({ placements: [{ ...LOCAL, local: { bootMilliseconds } }] as never });

describe('a roll, beside what else happens', () => {
  const { serving, edit, annotate, condition, ids, passTime, driveServing, now } = rollSuite();
  const completed = (id: string) => async (): Promise<boolean> => (await now().pool()).status?.rollout?.completed === id;
  const stayed = async (before: readonly { spec: { hostID: string } }[]): Promise<string[]> => (await ids()).filter((id) => before.some(({ spec }) => spec.hostID === id));
  async function mark(name: string, annotations: Record<string, string>): Promise<void> {
    const host = (await now().hosts()).find(({ metadata }) => metadata.name === name);
    await now().store.update('KamalHost', { ...host!, metadata: { ...host!.metadata, annotations } });
  }

  it('skips a protected host, and says so at its end', async () => {
    const before = await serving(3);
    const [kept] = before;
    await mark(kept!.metadata.name, { [PROTECTED_ANNOTATION]: 'true' });
    await annotate({ [ROLL_ANNOTATION]: 'r1' });
    await driveServing('it ends', 3, completed('r1'));
    expect(await stayed(before)).to.deep.equal([kept!.spec.hostID]);
    expect(await now().events('HostPool')).to.include(`RollCompleted: every bought host was bought after roll r1 was asked for; ${kept!.metadata.name} stays, as it is protected (kamal-autoscaler protect ${kept!.metadata.name} --off)`);
    await driveServing('no roll asks for it any more', 3, async () => (await condition())?.reason === 'AllCurrent');
  });

  it('tells which protected host is left of a changed template, and takes it once it is protected no more', async () => {
    const before = await serving(3, { rollout: { strategy: 'OnChange' } });
    const name = before[0]!.metadata.name;
    await mark(name, { [PROTECTED_ANNOTATION]: 'true' });
    await edit(changed(1500));
    await driveServing('the other is rolled', 3, async () => (await condition())?.reason === 'OutdatedKept' && (await now().hosts()).length === 2);
    expect((await condition())?.message).to.equal(`1 of 2 bought hosts are as one that is bought today (its placement here was changed after it was bought); ${name} stays, as it is protected (kamal-autoscaler protect ${name} --off)`);
    await mark(name, {});
    await driveServing('it is rolled too', 3, async () => (await condition())?.status === 'True');
    expect(await stayed(before)).to.deep.equal([]);
  });

  it('leaves a host in quarantine as it is, ends without it, and takes it when it comes back outdated', async () => {
    const before = await serving(3, { maxReplicas: 6, rollout: { strategy: 'OnChange' } });
    const apart = before[0]!;
    await mark(apart.metadata.name, { [QUARANTINED_ANNOTATION]: 'true' });
    await now().drive('its place is taken', async () => (await now().pool()).status?.readyReplicas === 3 && (await now().pool()).status?.quarantinedReplicas === 1);
    await annotate({ [ROLL_ANNOTATION]: 'r1' });
    await driveServing('the roll ends', 3, completed('r1'), 2);
    expect(await stayed(before)).to.deep.equal([apart.spec.hostID]);
    expect(await now().events('HostPool')).to.include(`RollCompleted: every bought host was bought after roll r1 was asked for; ${apart.metadata.name} stays, as it is in quarantine`);
    await edit(changed(1500));
    await driveServing('a changed template ends without it too', 3, async () => (await condition())?.reason === 'OutdatedKept', 2);
    await mark(apart.metadata.name, {});
    await driveServing('it is the surplus one', 3, async () => (await condition())?.status === 'True' && (await now().hosts()).length === 2, 2);
    expect(await stayed(before)).to.deep.equal([]);
  });

  it('that may buy nothing says why, and leaves what serves; it goes on when it may', async () => {
    const before = await serving(3);
    const { gate } = now().context;
    now().context.gate = createPurchaseGate(now().store, now().clock, { ceilings: { Local: 2 }, budgets: {} });
    await annotate({ [ROLL_ANNOTATION]: 'r1' });
    await driveServing('it says so', 3, async () => (await condition())?.message.includes('does not come up') === true);
    expect((await condition())?.message).to.match(/^2 of 3 bought hosts are still to be replaced \(.+\); web-2-\w+, which is to take the place of web-0-\w+, does not come up: .*Local.*2/);
    await passTime(60);
    expect(await stayed(before)).to.have.length(2);
    expect((await now().pool()).status?.readyReplicas).to.equal(3);
    expect(now().world.hosts()).to.have.length(3);
    now().context.gate = gate;
    await driveServing('it ends', 3, completed('r1'));
    expect(await stayed(before)).to.deep.equal([]);
  });

  it('of a template that is changed twice meanwhile ends with the last one', async () => {
    const before = await serving(3, { rollout: { strategy: 'OnChange' } });
    await edit(changed(1500));
    await driveServing('a newer host boots', 3, async () => now().creates.length === 3);
    await edit(changed(1200));
    await driveServing('one of the last template serves', 3, async () => now().creates.at(-1)?.placement.local?.bootMilliseconds === 1200 && (await now().hosts()).every(({ status }) => status?.phase === 'InService'));
    await edit(changed(1100));
    await driveServing('every host is of the last template', 3, async () => (await condition())?.status === 'True' && (await now().hosts()).length === 2);
    expect(await stayed(before)).to.deep.equal([]);
    expect(now().creates.slice(-2).map(({ placement }) => placement.local?.bootMilliseconds)).to.deep.equal([1100, 1100]);
  });

  it('goes on through a scale-out and a scale-in', async () => {
    const before = await serving(3, { maxReplicas: 6 });
    await annotate({ [ROLL_ANNOTATION]: 'r1' });
    await driveServing('a newer host boots', 3, async () => (await now().hosts()).length === 3);
    await now().store.scale({ namespace: 'default', name: 'web' }, 5);
    await driveServing('five serve', 3, async () => (await now().pool()).status?.readyReplicas === 5, 3);
    await now().store.scale({ namespace: 'default', name: 'web' }, 2);
    await driveServing('it ends', 2, async () => await completed('r1')() && (await now().hosts()).length === 1, 4);
    expect(await stayed(before)).to.deep.equal([]);
    expect((await now().hosts()).map(({ status }) => [status?.phase, status?.rollID])).to.deep.equal([['InService', 'r1']]);
  });

  for (const roleKind of ['Job', 'Cable'] as const) {
    it(`brings a newer host of role kind ${roleKind} up before an older one is stopped`, async () => {
      const before = await serving(3, { roleKind, ...(roleKind === 'Job' ? { loadBalancer: undefined } : {}) });
      await annotate({ [ROLL_ANNOTATION]: 'r1' });
      let fewest = Infinity;
      await now().drive('it ends', async () => {
        fewest = Math.min(fewest, now().world.hosts().filter(({ app }) => app !== undefined && app.quiesced === undefined && app.readyAt <= now().clock.now()).length);
        return completed('r1')();
      });
      expect(fewest).to.equal(3);
      expect(await stayed(before)).to.deep.equal([]);
    });
  }

  it('by age begins earlier where the clock steps ahead, once, and never goes round in circles', async () => {
    const before = await serving(3, { rollout: { maxAgeSeconds: 3600 } });
    await now().clock.advance(seconds(3600));
    await driveServing('it ends', 3, async () => (await stayed(before)).length === 0 && (await condition())?.status === 'True');
    await passTime(60);
    expect(now().creates).to.have.length(4);
  });
});
