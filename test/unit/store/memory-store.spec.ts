import { expect } from 'chai';
import { createMemoryStore } from '../../../controller/runtime/store/memory-store.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import { poolDraft } from '../../support/drafts.ts';
import { storeContract } from '../../support/store-contract.ts';

const make = (): ReturnType<typeof createMemoryStore> => {
  let made = 0;
  return createMemoryStore({ clock: createSimulatedClock(Date.UTC(2027, 0, 1)), ids: () => `uid-${made += 1}` });
};

storeContract('memory', async () => {
  const store = make();
  return { store, documents: store, namespace: 'shop', otherNamespace: 'other', close: async () => {} };
});

describe('memory store', () => {
  it('says that surroundings end when it is told so', async () => {
    const store = make();
    store.setEnding('KamalHost', 'shop', 'KindEnding');
    expect(await store.ending('KamalHost', 'shop')).to.equal('KindEnding');
    expect(await store.ending('KamalHost', 'other')).to.equal('No');
    store.setEnding('KamalHost', 'shop', 'No');
    expect(await store.ending('KamalHost', 'shop')).to.equal('No');
  });

  it('delivers changes in microtasks: a watcher has seen all by the next turn of the event loop', async () => {
    const store = make();
    const seen: string[] = [];
    store.watch('HostPool', ({ type }) => seen.push(type));
    expect(seen).to.deep.equal([]);
    await store.create('HostPool', poolDraft('shop'));
    await store.scale({ namespace: 'shop', name: 'web' }, 2);
    await new Promise((resolve) => { setImmediate(resolve); });
    expect(seen).to.deep.equal(['Added', 'Modified']);
  });

  it('lists again for a watcher that fell behind the change log', async () => {
    const store = make();
    await store.create('HostPool', poolDraft('shop', 'gone'));
    await store.create('HostPool', poolDraft('shop', 'kept'));
    const seen: string[] = [];
    store.watch('HostPool', ({ type, object }) => {
      seen.push(`${type} ${object.metadata.name} ${object.spec.replicas ?? '-'}`);
    });
    await new Promise((resolve) => { setImmediate(resolve); });
    // No turn of the event loop in between: the watcher cannot run until all of them are written.
    const writes = [store.delete('HostPool', { namespace: 'shop', name: 'gone' })];
    for (let count = 0; count < 4200; count += 1) writes.push(store.scale({ namespace: 'shop', name: 'kept' }, count % 2));
    writes.push(store.create('HostPool', poolDraft('shop', 'late')).then(() => {}));
    await Promise.all(writes);
    await new Promise((resolve) => { setImmediate(resolve); });
    expect(seen).to.deep.equal(['Added gone -', 'Added kept -', 'Deleted gone -', 'Modified kept 1', 'Added late -']);
  });
});
