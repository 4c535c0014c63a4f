import { expect } from 'chai';
import { keyOf } from '../../controller/api/index.ts';
import type { Change } from '../../controller/ports/index.ts';
import { hostDraft, poolDraft } from './drafts.ts';
import { until } from './real/until.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/** What every watch does. Delivery is asynchronous, so each test waits for what must come. */
export function watchContract(of: () => StoreUnderTest): void {
  describe('watch', () => {
    interface Seen { changes: Change<'HostPool'>[]; close(): void; count(length: number): Promise<string[]> }

    const follow = (): Seen => {
      const { store, namespace } = of();
      const changes: Change<'HostPool'>[] = [];
      const { close } = store.watch('HostPool', (change) => {
        if (change.object.metadata.namespace === namespace) changes.push(change);
      });
      const lines = (): string[] => changes.map(({ type, object }) => `${type} ${object.metadata.name} ${object.spec.replicas ?? '-'}`);
      return { changes, close, count: (length) => until(`${length} changes`, () => changes.length >= length && lines(), { everyMs: 5 }) };
    };

    it('tells what exists, then each change in order', async () => {
      const { store, namespace } = of();
      await store.create('HostPool', poolDraft(namespace, 'a', { replicas: 1 }));
      await store.create('HostPool', poolDraft(namespace, 'b', { replicas: 1 }));
      const seen = follow();
      expect((await seen.count(2)).sort()).to.deep.equal(['Added a 1', 'Added b 1']);
      await store.scale({ namespace, name: 'b' }, 2);
      await store.create('HostPool', poolDraft(namespace, 'c', { replicas: 1 }));
      await store.scale({ namespace, name: 'b' }, 3);
      await store.delete('HostPool', { namespace, name: 'a' });
      await store.create('HostPool', poolDraft(namespace, 'a', { replicas: 5 }));
      expect((await seen.count(7)).slice(2)).to.deep.equal(['Modified b 2', 'Added c 1', 'Modified b 3', 'Deleted a 1', 'Added a 5']);
      seen.close();
    });

    it('tells nothing of a write that changed nothing, and nothing after it was closed', async () => {
      const { store, namespace } = of();
      const made = await store.create('HostPool', poolDraft(namespace, 'a', { replicas: 1 }));
      const closed = follow();
      const seen = follow();
      await Promise.all([closed.count(1), seen.count(1)]);
      closed.close();
      await store.update('HostPool', made);
      await store.scale({ namespace, name: 'a' }, 2);
      expect(await seen.count(2)).to.deep.equal(['Added a 1', 'Modified a 2']);
      expect(closed.changes).to.have.length(1);
      seen.close();
    });

    it('gives every listener objects of its own, in the state of the store', async () => {
      const { store, namespace } = of();
      const [one, two] = [follow(), follow()];
      const made = await store.create('HostPool', poolDraft(namespace, 'a'));
      await Promise.all([one.count(1), two.count(1)]);
      expect(one.changes[0]?.object).to.deep.equal(made);
      one.changes[0]!.object.spec.maxReplicas = 99;
      expect(two.changes[0]?.object.spec.maxReplicas).to.equal(10);
      expect((await store.get('HostPool', keyOf(made), 'Fresh'))?.spec.maxReplicas).to.equal(10);
      one.close();
      two.close();
    });

    it('tells a deletion as a mark and, when the last finalizer went, as the end', async () => {
      const { store, namespace } = of();
      const made = await store.create('KamalHost', hostDraft(namespace));
      const types: string[] = [];
      const subscription = store.watch('KamalHost', ({ type, object }) => {
        if (object.metadata.namespace === namespace) types.push(`${type} ${object.metadata.deletionTimestamp === undefined ? 'live' : 'marked'}`);
      });
      await until('the first', () => types.length > 0, { everyMs: 5 });
      await store.delete('KamalHost', keyOf(made));
      const marked = await store.get('KamalHost', keyOf(made), 'Fresh');
      await store.update('KamalHost', { ...marked!, metadata: { ...marked!.metadata, finalizers: [] } });
      await until('the end', () => types.length > 2, { everyMs: 5 });
      expect(types).to.deep.equal(['Added live', 'Modified marked', 'Deleted marked']);
      subscription.close();
    });
  });
}
