import { expect } from 'chai';
import { keyOf } from '../../controller/api/index.ts';
import type { KamalHost } from '../../controller/api/index.ts';
import { hostDraft, poolDraft } from './drafts.ts';
import { refused } from './refused.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/** How objects end: at once, or when their last finalizer is gone. */
export function deletionContract(of: () => StoreUnderTest): void {
  describe('delete', () => {
    const host = (): Promise<KamalHost> => of().store.create('KamalHost', hostDraft(of().namespace));
    const look = (object: KamalHost): Promise<KamalHost | undefined> => of().store.get('KamalHost', keyOf(object), 'Fresh');
    const release = (object: KamalHost): Promise<KamalHost> =>
      of().store.update('KamalHost', { ...object, metadata: { ...object.metadata, finalizers: [] } });

    it('removes an object without finalizers; its name is free for another uid', async () => {
      const { store, namespace } = of();
      const first = await store.create('HostPool', poolDraft(namespace));
      await store.delete('HostPool', keyOf(first));
      expect(await store.get('HostPool', keyOf(first), 'Fresh')).to.equal(undefined);
      const second = await store.create('HostPool', poolDraft(namespace));
      expect(second.metadata.uid).not.to.equal(first.metadata.uid);
      await refused('Conflict', store.delete('HostPool', keyOf(first), { uid: first.metadata.uid }));
      await store.delete('HostPool', keyOf(second), { uid: second.metadata.uid });
    });

    it('of what is not there is NotFound', async () => {
      await refused('NotFound', of().store.delete('HostPool', { namespace: of().namespace, name: 'nobody' }));
    });

    it('marks an object with finalizers, which is a new generation', async () => {
      const made = await host();
      await of().store.delete('KamalHost', keyOf(made));
      const marked = await look(made);
      expect(marked?.metadata.deletionTimestamp).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(marked?.metadata.generation).to.equal(2);
      await of().store.delete('KamalHost', keyOf(made));
      expect(await look(made)).to.deep.equal(marked);
      await release(marked!);
    });

    it('lets status and spec be written until the last finalizer is gone', async () => {
      const made = await host();
      await of().store.delete('KamalHost', keyOf(made));
      const marked = await look(made);
      const noted = await of().store.updateStatus('KamalHost', { ...marked!, status: { phase: 'Draining' } });
      expect(noted.metadata.deletionTimestamp).to.equal(marked!.metadata.deletionTimestamp);
      const drained = await of().store.update('KamalHost', { ...noted, spec: { ...noted.spec, intent: 'Drain' } });
      const { deletionTimestamp: _, ...unmarked } = drained.metadata;
      const still = await of().store.update('KamalHost', { ...drained, metadata: unmarked });
      expect(still.metadata.deletionTimestamp).to.equal(marked!.metadata.deletionTimestamp);
      await release(still);
      expect(await look(made)).to.equal(undefined);
      await refused('NotFound', release(still));
    });

    it('waits for every finalizer and takes no new one', async () => {
      const draft = hostDraft(of().namespace);
      const made = await of().store.create('KamalHost', { ...draft, metadata: { ...draft.metadata, finalizers: ['example.com/a', 'example.com/b'] } });
      await of().store.delete('KamalHost', keyOf(made));
      const marked = await look(made);
      await refused('Invalid', of().store.update('KamalHost', { ...marked!, metadata: { ...marked!.metadata, finalizers: ['example.com/a', 'example.com/b', 'example.com/c'] } }));
      const one = await of().store.update('KamalHost', { ...marked!, metadata: { ...marked!.metadata, finalizers: ['example.com/b'] } });
      expect((await look(made))?.metadata.finalizers).to.deep.equal(['example.com/b']);
      await release(one);
      expect(await look(made)).to.equal(undefined);
    });
  });
}
