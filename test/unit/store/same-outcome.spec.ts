import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import type { HostPool } from '../../../controller/api/index.ts';
import { ClassifiedError } from '../../../controller/model/index.ts';
import type { Documents, Store } from '../../../controller/ports/index.ts';
import { createMemoryStore } from '../../../controller/runtime/store/memory-store.ts';
import { openSqliteStore } from '../../../controller/runtime/store/sqlite-store.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import type { SimulatedClock } from '../../support/clock.ts';
import { poolDraft } from '../../support/drafts.ts';

type Operation =
  | { do: 'create'; name: string; replicas: number; finalizers: string[] }
  | { do: 'update' | 'updateStatus'; name: string; replicas: number; read: 'Fresh' | 'First' }
  | { do: 'finalizers'; name: string; finalizers: string[] }
  | { do: 'label'; name: string; value: string }
  | { do: 'scale'; name: string; replicas: number }
  | { do: 'delete'; name: string; uid: 'any' | 'first' }
  | { do: 'save'; name: string; value: number; version: string | undefined }
  | { do: 'wait'; milliseconds: number };

const name = fc.constantFrom('a', 'a-b', 'b');
// 11 is over maxReplicas, -1 below the minimum.
const replicas = fc.constantFrom(-1, 0, 3, 11);
const finalizers = fc.subarray(['example.com/a', 'example.com/b']);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ do: fc.constant('create' as const), name, replicas, finalizers }),
  fc.record({ do: fc.constantFrom('update' as const, 'updateStatus' as const), name, replicas, read: fc.constantFrom('Fresh' as const, 'First' as const) }),
  fc.record({ do: fc.constant('finalizers' as const), name, finalizers }),
  fc.record({ do: fc.constant('label' as const), name, value: fc.constantFrom('x', 'y', '-') }),
  fc.record({ do: fc.constant('scale' as const), name, replicas }),
  fc.record({ do: fc.constant('delete' as const), name, uid: fc.constantFrom('any' as const, 'first' as const) }),
  fc.record({ do: fc.constant('save' as const), name, value: fc.nat(3), version: fc.constantFrom(undefined, '1', '2') }),
  fc.record({ do: fc.constant('wait' as const), milliseconds: fc.nat(3000) }),
);

/** Runs the operations and writes down every answer, every error, every change that a watch told, and what is left. */
async function outcome(store: Store & Documents, clock: SimulatedClock, operations: readonly Operation[]): Promise<unknown[]> {
  const log: unknown[] = [];
  const first = new Map<string, HostPool>();
  store.watch('HostPool', (change) => log.push({ watched: change }));
  await clock.settle();

  const perform = async (step: Operation): Promise<unknown> => {
    const key = { namespace: 'shop', name: step.do === 'wait' ? '' : step.name };
    const current = async (): Promise<HostPool> => (await store.get('HostPool', key)) ?? ({ ...poolDraft('shop', key.name), metadata: { ...key, resourceVersion: '1' } } as HostPool);
    switch (step.do) {
      case 'create': {
        const draft = poolDraft('shop', step.name, { replicas: step.replicas });
        const made = await store.create('HostPool', { ...draft, metadata: { ...key, finalizers: step.finalizers } });
        if (!first.has(step.name)) first.set(step.name, made);
        return made;
      }
      case 'update':
      case 'updateStatus': {
        const read = step.read === 'First' ? first.get(step.name) ?? (await current()) : await current();
        return step.do === 'update'
          ? store.update('HostPool', { ...read, spec: { ...read.spec, replicas: step.replicas } })
          : store.updateStatus('HostPool', { ...read, status: { replicas: step.replicas } });
      }
      case 'finalizers': {
        const read = await current();
        return store.update('HostPool', { ...read, metadata: { ...read.metadata, finalizers: step.finalizers } });
      }
      case 'label': {
        const read = await current();
        return store.update('HostPool', { ...read, metadata: { ...read.metadata, labels: { tier: step.value } } });
      }
      case 'scale':
        return store.scale(key, step.replicas);
      case 'delete': {
        const uid = first.get(step.name)?.metadata.uid;
        return store.delete('HostPool', key, step.uid === 'first' && uid !== undefined ? { uid } : undefined);
      }
      case 'save':
        return store.save(step.name, step.value, step.version);
      case 'wait':
        return clock.advance(step.milliseconds);
    }
  };

  for (const step of operations) {
    try {
      log.push(await perform(step));
    } catch (error) {
      if (!(error instanceof ClassifiedError)) throw error;
      log.push(`${error.class}: ${error.message}`);
    }
    await clock.settle();
  }
  log.push(await store.list('HostPool'), await store.list('HostPool', { labels: { tier: 'x' } }));
  for (const document of ['a', 'a-b', 'b']) log.push(await store.load(document));
  return log;
}

describe('memory and sqlite', () => {
  const counter = (): (() => string) => {
    let made = 0;
    return () => `uid-${made += 1}`;
  };

  it('give the same answers, errors, watch events and final state for any operations', async () => {
    await fc.assert(fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
      const start = Date.UTC(2027, 0, 1);
      const memoryClock = createSimulatedClock(start);
      const expected = await outcome(createMemoryStore({ clock: memoryClock, ids: counter() }), memoryClock, operations);
      const folder = mkdtempSync(join(tmpdir(), 'same-'));
      const clock = createSimulatedClock(start);
      const store = openSqliteStore({ path: join(folder, 'store.db'), clock, ids: counter() });
      try {
        expect(await outcome(store, clock, operations)).to.deep.equal(expected);
      } finally {
        store.close();
        rmSync(folder, { recursive: true });
      }
    }), { numRuns: 100 });
  });

  it('hold to the laws of an object: versions grow, generation follows spec, a mark of deletion stays', async () => {
    await fc.assert(fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (operations) => {
      const clock = createSimulatedClock(0);
      const store = createMemoryStore({ clock, ids: counter() });
      const last = new Map<string, HostPool>();
      let version = 0;
      store.watch('HostPool', ({ type, object }) => {
        expect(Number(object.metadata.resourceVersion)).to.be.greaterThan(version);
        version = Number(object.metadata.resourceVersion);
        const before = last.get(object.metadata.uid);
        expect(type === 'Added').to.equal(before === undefined);
        if (before !== undefined && type === 'Modified') {
          const marked = before.metadata.deletionTimestamp === undefined && object.metadata.deletionTimestamp !== undefined;
          const respecified = JSON.stringify(before.spec) !== JSON.stringify(object.spec);
          expect(object.metadata.generation - before.metadata.generation).to.equal(Number(marked) + Number(respecified));
          if (before.metadata.deletionTimestamp !== undefined) expect(object.metadata.deletionTimestamp).to.equal(before.metadata.deletionTimestamp);
          expect(object.spec.replicas ?? 0).to.be.at.most(object.spec.maxReplicas);
        }
        if (type === 'Deleted') last.delete(object.metadata.uid);
        else last.set(object.metadata.uid, object);
      });
      await outcome(store, clock, operations);
      const left = await store.list('HostPool');
      expect([...last.values()].map(({ metadata }) => metadata.uid).sort()).to.deep.equal(left.map(({ metadata }) => metadata.uid).sort());
    }), { numRuns: 200 });
  });
});
