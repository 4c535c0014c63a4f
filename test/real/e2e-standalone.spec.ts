import { expect } from 'chai';
import { policyDocument, poolDocument } from '../support/e2e/documents.ts';
import { CROWD_COMES, recordedTraffic } from '../support/e2e/load.ts';
import { type Disturbance, crowdComesAndGoes, hostDies, members } from '../support/e2e/stories.ts';
import { STANDALONE_PARTS, type World, startWorld } from '../support/e2e/world.ts';
import { realSuite } from '../support/real/gate.ts';

realSuite('a pool in standalone mode', STANDALONE_PARTS, function () {
  this.timeout(240_000);
  let world: World;
  before(async function () {
    this.timeout(60_000);
    world = await startWorld({ mode: 'Standalone' });
  });
  after(async () => world?.stop());

  it('follows a crowd of recorded traffic while Traefik restarts, and no request fails that the restart did not cost', async () => {
    await world.apply(poolDocument(world.fixedHost, world.traefik.apiUrl), policyDocument());
    await world.until('the first member', async () => (await members(world)).length === 1);
    let before: string[] = [];
    let after: string[] = [];
    const restart: Disturbance = async (secondsOfLoad) => {
      await world.until('the crowd is there', async () => secondsOfLoad() >= CROWD_COMES + 10, { deadlineMs: 60_000 });
      before = await members(world);
      const from = secondsOfLoad();
      await world.traefik.process.halt();
      await world.traefik.process.start();
      await world.until('Traefik serves again', async () => (await fetch(world.traefik.url)).ok, { everyMs: 50 });
      const to = secondsOfLoad();
      after = await members(world);
      return { from, to };
    };
    await crowdComesAndGoes(world, restart);
    expect(before).to.have.length.above(1);
    expect(after).to.include.members(before);
  });

  it('replaces a host that dies under load', async () => {
    await hostDies(world);
  });
}, [recordedTraffic]);
