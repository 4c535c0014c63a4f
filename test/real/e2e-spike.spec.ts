import { expect } from 'chai';
import { poolDocument } from '../support/e2e/documents.ts';
import { CLUSTER_PARTS, type World, startWorld } from '../support/e2e/world.ts';
import { realSuite } from '../support/real/gate.ts';

realSuite('a pool on a real kube-apiserver', CLUSTER_PARTS, function () {
  this.timeout(180_000);
  let world: World;
  before(async function () {
    this.timeout(90_000);
    world = await startWorld({ mode: 'Cluster' });
  });
  after(async () => world?.stop());

  it('follows kubectl scale without a policy', async () => {
    await world.apply(poolDocument(world.fixedHost, world.traefik.apiUrl));
    await world.plane!.kubectl(['scale', 'hostpool/web', '--replicas=3']);
    await world.until('2 bought hosts in service', async () => (await world.hosts()).filter(({ status }) => status?.phase === 'InService').length === 2, { deadlineMs: 60_000 });
    await world.plane!.kubectl(['scale', 'hostpool/web', '--replicas=1']);
    await world.until('no bought host', async () => (await world.hosts()).length === 0, { deadlineMs: 60_000 });
    expect(await world.hostProcesses()).to.deep.equal([]);
  });
});
