import { expect } from 'chai';
import { keyOf } from '../../controller/api/index.ts';
import type { Store } from '../../controller/ports/index.ts';
import { ConfigMapDocuments } from '../../controller/runtime/cluster/index.ts';
import type { ClusterStore } from '../../controller/runtime/cluster/index.ts';
import { listKind } from '../../controller/runtime/cluster/kind-list-watch.ts';
import { CONTROL_PLANE_PARTS, startControlPlane } from '../support/control-plane.ts';
import type { ControlPlane } from '../support/control-plane.ts';
import { startCuttableProxy } from '../support/cuttable-proxy.ts';
import { hostDraft, poolDraft } from '../support/drafts.ts';
import { realSuite } from '../support/real/gate.ts';
import { until } from '../support/real/until.ts';
import { refused } from '../support/refused.ts';
import { storeContract } from '../support/store-contract.ts';

interface EventShown { reason: string; note: string; series?: { count: number }; regarding: { kind: string; name: string } }

realSuite('the store on a real kube-apiserver', CONTROL_PLANE_PARTS, function () {
  this.timeout(120_000);
  let plane: ControlPlane;
  let store: ClusterStore;
  let namespaces = 0;

  before(async () => {
    plane = await startControlPlane();
    store = plane.store();
  });

  after(async () => {
    await plane?.stop();
  });

  const namespaceOfItsOwn = async (): Promise<string> => {
    const name = `try-${(namespaces += 1)}`;
    await plane.server.asAdmin('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    return name;
  };

  storeContract('kube-apiserver', async () => {
    const [namespace, otherNamespace] = [await namespaceOfItsOwn(), await namespaceOfItsOwn()];
    const own = plane.store();
    return { store: own, documents: new ConfigMapDocuments(plane.api(), namespace), namespace, otherNamespace, close: async () => await own.close() };
  });

  describe('cached reads', () => {
    it('come from the watch as soon as it has listed, and give copies', async () => {
      const namespace = await namespaceOfItsOwn();
      const made = await store.create('HostPool', { ...poolDraft(namespace), metadata: { namespace, name: 'web', labels: { tier: 'front' } } });
      const { close } = store.watch('HostPool', () => {});
      const seen = await until('the cache', async () => await store.get('HostPool', keyOf(made), 'Cached'));
      expect(seen).to.deep.equal(made);
      seen.spec.maxReplicas = 99;
      expect(await store.list('HostPool', { namespace, labels: { tier: 'front' }, from: 'Cached' })).to.deep.equal([made]);
      expect(await store.list('HostPool', { namespace, labels: { tier: 'back' }, from: 'Cached' })).to.deep.equal([]);
      close();
    });

    it('come in the order of the API server', async () => {
      const namespace = await namespaceOfItsOwn();
      const { close } = store.watch('HostPool', () => {});
      for (const name of ['b', 'c', 'a']) await store.create('HostPool', poolDraft(namespace, name));
      const names = await until('the three', async () => {
        const listed = await store.list('HostPool', { namespace, from: 'Cached' });
        return listed.length === 3 && listed.map(({ metadata }) => metadata.name);
      });
      expect(names).to.deep.equal(['a', 'b', 'c']);
      close();
    });

    it('ask the API server while nothing is watched', async () => {
      const unwatched: Store = plane.store();
      const namespace = await namespaceOfItsOwn();
      const made = await unwatched.create('HostPool', poolDraft(namespace));
      expect(await unwatched.get('HostPool', keyOf(made), 'Cached')).to.deep.equal(made);
    });
  });

  it('needs one connection for many requests in a row', async () => {
    const { hostname, port } = new URL(plane.server.url);
    const proxy = await startCuttableProxy({ host: hostname, port: Number(port) });
    try {
      const through = plane.store({ kubeconfig: await plane.kubeconfigThrough(proxy.port) });
      for (let request = 0; request < 20; request += 1) await through.get('HostPool', { namespace: 'default', name: 'nobody' });
      expect(proxy.accepted()).to.equal(1);
    } finally {
      await proxy.close();
    }
  });

  describe('lists', () => {
    it('are read page by page', async () => {
      const namespace = await namespaceOfItsOwn();
      const names = Array.from({ length: 7 }, (_, index) => `host-${index}`);
      for (const name of names) await store.create('KamalHost', { ...hostDraft(namespace, name), metadata: { namespace, name } });
      const { objects } = await listKind(plane.api(), 'KamalHost', { namespace, pageSize: 3 });
      expect(objects.map(({ metadata }) => metadata.name)).to.deep.equal(names);
    });
  });

  describe('Events', () => {
    it('are counted when they repeat', async () => {
      const namespace = await namespaceOfItsOwn();
      const made = await store.create('HostPool', poolDraft(namespace));
      const event = { kind: 'HostPool', key: keyOf(made), uid: made.metadata.uid, type: 'Warning', reason: 'Stuck', message: 'no spare machine' } as const;
      for (let time = 0; time < 3; time += 1) await store.recordEvent(event);
      await store.recordEvent({ ...event, message: 'something else' });
      const { items } = JSON.parse(await plane.kubectl(['get', 'events.events.k8s.io', '-n', namespace, '-o', 'json'])) as { items: EventShown[] };
      expect(items.map(({ note, series }) => [note, series?.count ?? 1])).to.have.deep.members([['no spare machine', 3], ['something else', 1]]);
      expect(await plane.kubectl(['describe', 'hostpool', 'web', '-n', namespace])).to.match(/Warning\s+Stuck\s.*no spare machine/);
    });

    it('that cannot be written throw nothing and are told of', async () => {
      const troubles: string[] = [];
      const telling = plane.store({ onTrouble: (error) => troubles.push(error.class) });
      await telling.recordEvent({ kind: 'HostPool', key: { namespace: 'nowhere', name: 'web' }, uid: 'x', type: 'Normal', reason: 'R', message: 'm' });
      expect(troubles).to.deep.equal(['NotFound']);
    });
  });

  describe('an API server that does not answer', () => {
    it('leaves the outcome of a write unknown, and that of a read plain', async () => {
      const namespace = await namespaceOfItsOwn();
      plane.server.process.signal('SIGSTOP');
      try {
        const impatient = plane.store({ timeoutMilliseconds: 500 });
        await refused('OutcomeUnknown', impatient.create('HostPool', poolDraft(namespace)));
        await refused('Unavailable', impatient.get('HostPool', { namespace, name: 'web' }));
      } finally {
        plane.server.process.signal('SIGCONT');
      }
    });
  });

  // Last, since the kind is gone afterwards.
  describe('surroundings that end', () => {
    it('are a namespace that is ending or gone; what frees its hosts is not refused', async () => {
      const namespace = await namespaceOfItsOwn();
      const host = await store.create('KamalHost', hostDraft(namespace));
      await plane.kubectl(['delete', 'namespace', namespace, '--wait=false']);
      expect(await store.ending('KamalHost', namespace)).to.equal('NamespaceEnding');
      expect(await store.ending('KamalHost', 'nowhere')).to.equal('NamespaceEnding');
      await store.update('KamalHost', { ...host, metadata: { ...host.metadata, finalizers: [] } });
    });

    it('are a kind that is ending or gone, which is not taken for an absent object', async () => {
      const namespace = await namespaceOfItsOwn();
      const host = await store.create('KamalHost', hostDraft(namespace));
      await plane.kubectl(['delete', 'crd', 'kamalhosts.kamal-autoscaler.dev', '--wait=false']);
      expect(await store.ending('KamalHost', namespace)).to.equal('KindEnding');
      const marked = await until('the deletion of its objects', async () => {
        const found = await store.get('KamalHost', keyOf(host));
        return found?.metadata.deletionTimestamp !== undefined && found;
      });
      await store.update('KamalHost', { ...marked, metadata: { ...marked.metadata, finalizers: [] } });
      const gone = async (): Promise<string> => await store.list('KamalHost', { namespace }).then(() => 'served', (error: Error) => error.name);
      await until('the end of the kind', async () => (await gone()) === 'Unavailable');
      await refused('Unavailable', store.get('KamalHost', keyOf(host)));
      expect(await store.ending('KamalHost', namespace)).to.equal('KindEnding');
    });
  });
});
