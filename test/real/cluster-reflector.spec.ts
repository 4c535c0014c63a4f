import { expect } from 'chai';
import type { ClusterStore } from '../../controller/runtime/cluster/index.ts';
import { listWatchOf } from '../../controller/runtime/cluster/kind-list-watch.ts';
import { CONTROL_PLANE_PARTS, fromRoot, startControlPlane } from '../support/control-plane.ts';
import type { ControlPlane } from '../support/control-plane.ts';
import { startCuttableProxy } from '../support/cuttable-proxy.ts';
import type { CuttableProxy } from '../support/cuttable-proxy.ts';
import { poolDraft } from '../support/drafts.ts';
import { realSuite } from '../support/real/gate.ts';
import { until } from '../support/real/until.ts';

realSuite('the reflector on a real kube-apiserver', CONTROL_PLANE_PARTS, function () {
  this.timeout(120_000);
  const namespace = 'default';
  let plane: ControlPlane;
  let proxy: CuttableProxy;
  let admin: ClusterStore;
  let behindProxy: ClusterStore;
  let told: string[];
  let troubles: string[];

  before(async () => {
    plane = await startControlPlane();
    admin = plane.store();
    const { hostname, port } = new URL(plane.server.url);
    proxy = await startCuttableProxy({ host: hostname, port: Number(port) });
    const kubeconfig = await plane.kubeconfigThrough(proxy.port);
    troubles = [];
    behindProxy = plane.store({ kubeconfig, onTrouble: (error) => troubles.push(error.class) });
    told = [];
    behindProxy.watch('HostPool', ({ type, object }) => told.push(`${type} ${object.metadata.name} ${object.spec.replicas ?? '-'}`));
  });

  after(async () => {
    await plane?.stop();
    await proxy?.close();
  });

  const tells = async (...expected: string[]): Promise<void> => {
    await until(`${expected.join(', ')} after ${told.join(', ')}`, () => told.length >= expected.length, { deadlineMs: 60_000 });
    expect(told).to.deep.equal(expected);
    told.length = 0;
  };

  it('goes on when the API server was restarted', async () => {
    await admin.create('HostPool', poolDraft(namespace, 'a', { replicas: 1 }));
    await tells('Added a 1');
    await plane.server.process.halt();
    await until('a failure', () => troubles.includes('Unavailable'));
    await plane.server.process.start();
    await admin.scale({ namespace, name: 'a' }, 2);
    await tells('Modified a 2');
  });

  it('catches up by the watch after a short cut of the line', async () => {
    proxy.cut();
    await admin.scale({ namespace, name: 'a' }, 3);
    await admin.create('HostPool', poolDraft(namespace, 'b', { replicas: 1 }));
    await admin.delete('HostPool', { namespace, name: 'b' });
    proxy.mend();
    await tells('Modified a 3', 'Added b 1', 'Deleted b 1');
  });

  it('lists again when its resourceVersion is too old, and tells of what was deleted meanwhile', async () => {
    await admin.create('HostPool', poolDraft(namespace, 'c', { replicas: 1 }));
    await tells('Added c 1');
    const { resourceVersion } = await listWatchOf(plane.api(), 'HostPool').list();
    proxy.cut();
    await admin.delete('HostPool', { namespace, name: 'c' });
    await admin.create('HostPool', poolDraft(namespace, 'd', { replicas: 4 }));
    // A server that starts anew remembers no changes from before.
    await plane.server.process.halt();
    await plane.server.process.start();
    const source = listWatchOf(plane.api(), 'HostPool');
    await until('the refusal of that resourceVersion', async () => {
      const end = await source.watch({ resourceVersion, timeoutSeconds: 5 }, () => {}, AbortSignal.timeout(20_000));
      return end.kind === 'Expired';
    });
    proxy.mend();
    await tells('Deleted c 1', 'Added d 4');
  });

  it('has no cache to answer from while the line is cut', async () => {
    await until('the cache', async () => await behindProxy.get('HostPool', { namespace, name: 'a' }, 'Cached'));
    proxy.cut();
    await until('the end of the cache', async () => await behindProxy.get('HostPool', { namespace, name: 'a' }, 'Cached').then(() => false, () => true));
    proxy.mend();
    await until('the cache again', async () => await behindProxy.get('HostPool', { namespace, name: 'a' }, 'Cached'));
  });

  it('is not harmed by a definition that is deleted and applied again', async () => {
    await plane.kubectl(['delete', 'crd', 'hostpools.kamal-autoscaler.dev', '--timeout=30s']);
    await plane.kubectl(['apply', '-k', fromRoot('crds')]);
    await until('the path is served', async () => await admin.create('HostPool', poolDraft(namespace, 'e', { replicas: 1 })).then(() => true));
    // Whether the deletions are told before the kind goes or when it is back, depends on what the API server still sent.
    await until('the last of it', () => told.length >= 3, { deadlineMs: 60_000 });
    expect(told.map((line) => line.split(' ').slice(0, 2).join(' ')).sort()).to.deep.equal(['Added e', 'Deleted a', 'Deleted d']);
  });
});
