import { expect } from 'chai';
import { type ClusterStores, clusterStoresOn } from '../support/chaos/cluster-stores.ts';
import { generateWorld } from '../support/chaos/generate.ts';
import { runWorld } from '../support/chaos/run.ts';
import { withStoreEvents } from '../support/chaos/with-store-events.ts';
import { CONTROL_PLANE_PARTS, type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { realSuite } from '../support/real/gate.ts';

const SEEDS = 3;
/** Of what happened, where a world fails: it never runs quite the same again. */
const LINES_TOLD = 60;
const OWN_NAMESPACE = 'kamal-autoscaler';

realSuite('random worlds on a real kube-apiserver', CONTROL_PLANE_PARTS, function () {
  this.timeout(300_000);
  let plane: ControlPlane;
  let cluster: ClusterStores;

  before(async () => {
    plane = await startControlPlane();
    cluster = clusterStoresOn(plane, await plane.server.serviceAccountKubeconfig(OWN_NAMESPACE, OWN_NAMESPACE), OWN_NAMESPACE);
  });

  after(async () => {
    cluster?.close();
    await plane?.stop();
  });

  for (let seed = 1; seed <= SEEDS; seed += 1) {
    it(`seed ${seed}, with all that may befall a store`, async () => {
      const log: string[] = [];
      const { faults, happened } = await runWorld(withStoreEvents(generateWorld(seed)), (line) => log.push(line), cluster.stores);
      expect(faults, log.slice(-LINES_TOLD).join('\n')).to.deep.equal([]);
      for (const kind of ['RestoreStore', 'LoseStore']) expect(happened.get(kind)?.done, kind).to.be.at.least(1);
    });
  }
});
