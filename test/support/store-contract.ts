import { expect } from 'chai';
import { keyOf } from '../../controller/api/index.ts';
import type { HostPool } from '../../controller/api/index.ts';
import type { Store } from '../../controller/ports/index.ts';
import { deletionContract } from './deletion-contract.ts';
import { documentsContract } from './documents-contract.ts';
import { hostDraft, policyDraft, poolDraft } from './drafts.ts';
import { refused } from './refused.ts';
import type { StoreUnderTest } from './store-under-test.ts';
import { watchContract } from './watch-contract.ts';

export type { StoreUnderTest } from './store-under-test.ts';

/**
 * What a Kubernetes API server does with these resources, and so what every store does. `makeStore` is called for
 * each test. Assertions are about objects and error classes; messages differ between implementations.
 */
export function storeContract(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    let world: StoreUnderTest;
    let store: Store;
    let namespace: string;

    beforeEach(async () => {
      world = await makeStore();
      ({ store, namespace } = world);
    });
    afterEach(async () => {
      await world.close();
    });

    const pool = (): Promise<HostPool> => store.create('HostPool', poolDraft(namespace));
    const fresh = async (of: HostPool): Promise<HostPool> => {
      const found = await store.get('HostPool', keyOf(of), 'Fresh');
      if (found === undefined) throw new Error(`HostPool ${of.metadata.name} is gone`);
      return found;
    };

    describe('create', () => {
      it('gives uid, resourceVersion, generation and creationTimestamp', async () => {
        const { metadata, apiVersion, kind } = await pool();
        expect({ apiVersion, kind }).to.deep.equal({ apiVersion: 'kamal-autoscaler.dev/v1alpha1', kind: 'HostPool' });
        expect(metadata.uid).to.be.a('string').that.is.not.empty;
        expect(metadata.resourceVersion).to.be.a('string').that.is.not.empty;
        expect(metadata.generation).to.equal(1);
        expect(metadata.creationTimestamp).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        expect(metadata).not.to.have.any.keys('deletionTimestamp', 'finalizers', 'labels', 'annotations');
      });

      it('fills in defaults, those within defaulted objects too', async () => {
        const { spec } = await pool();
        expect(spec).to.include({ paused: false, deletionPolicy: 'Retain', roleKind: 'Web' });
        expect(spec.health).to.deep.equal({ path: '/up', intervalSeconds: 3, timeoutSeconds: 2, unhealthyAfterSeconds: 60 });
        expect(spec).not.to.have.property('replicas');
      });

      it('takes no status from the creator', async () => {
        const made = await store.create('HostPool', { ...poolDraft(namespace), status: { replicas: 7 } } as never);
        expect(made).not.to.have.property('status');
      });

      it('keeps labels, annotations and finalizers', async () => {
        const draft = poolDraft(namespace);
        const kept = { labels: { team: 'shop' }, annotations: { note: 'any text: yes' }, finalizers: ['example.com/hold'] };
        const made = await store.create('HostPool', { ...draft, metadata: { ...draft.metadata, ...kept } });
        expect((await fresh(made)).metadata).to.deep.include(kept);
        await store.update('HostPool', { ...made, metadata: { ...made.metadata, finalizers: [] } });
      });

      it('refuses a name that is taken', async () => {
        const first = await pool();
        await refused('AlreadyExists', pool());
        expect(await fresh(first)).to.deep.equal(first);
      });
    });

    describe('refusals', () => {
      const bad: [string, () => Promise<unknown>][] = [
        ['an unknown field', () => store.create('ScalingPolicy', policyDraft(namespace, 'web', { minHost: 1 }))],
        ['a missing field', () => store.create('ScalingPolicy', policyDraft(namespace, 'web', { metrics: undefined }))],
        ['a wrong type', () => store.create('ScalingPolicy', policyDraft(namespace, 'web', { maxHosts: 'five' }))],
        ['a value outside of its range', () => store.create('ScalingPolicy', policyDraft(namespace, 'web', { maxHosts: 501 }))],
        ['a value outside of its enum', () => store.create('ScalingPolicy', policyDraft(namespace, 'web', { mode: 'Enforced' }))],
        ['min above max', () => store.create('ScalingPolicy', policyDraft(namespace, 'web', { minHosts: 9 }))],
        ['a metric without a target', () => store.create('ScalingPolicy', policyDraft(namespace, 'web', { metrics: [{ name: 'cpu' }] }))],
        ['two metrics of one name', () => store.create('ScalingPolicy', policyDraft(namespace, 'web', { metrics: [{ name: 'cpu', target: 1 }, { name: 'cpu', target: 2 }] }))],
        ['a time that is none', () => store.create('ScalingPolicy', policyDraft(namespace, 'web', { hold: { hosts: 1, until: 'tomorrow' } }))],
        ['an object name in upper case', () => store.create('HostPool', poolDraft(namespace, 'Web'))],
        ['a label that is none', () => store.create('HostPool', { ...poolDraft(namespace), metadata: { namespace, name: 'web', labels: { team: '-' } } })],
      ];
      for (const [what, call] of bad) {
        it(`of ${what} change nothing`, async () => {
          await refused('Invalid', call());
          expect(await store.list('ScalingPolicy', { namespace, from: 'Fresh' })).to.deep.equal([]);
          expect(await store.list('HostPool', { namespace, from: 'Fresh' })).to.deep.equal([]);
        });
      }

      it('of an update leave the object as it was', async () => {
        const made = await pool();
        await refused('Invalid', store.update('HostPool', { ...made, spec: { ...made.spec, replicas: 11 } }));
        expect(await fresh(made)).to.deep.equal(made);
      });

      it('of a changed immutable field', async () => {
        const draft = hostDraft(namespace);
        const host = await store.create('KamalHost', { ...draft, metadata: { ...draft.metadata, finalizers: [] } });
        await refused('Invalid', store.update('KamalHost', { ...host, spec: { ...host.spec, hostID: 'another-host' } }));
        const drained = await store.update('KamalHost', { ...host, spec: { ...host.spec, intent: 'Drain' } });
        expect(drained.spec.intent).to.equal('Drain');
      });
    });

    describe('update', () => {
      it('of spec grows generation and changes resourceVersion', async () => {
        const made = await pool();
        const updated = await store.update('HostPool', { ...made, spec: { ...made.spec, replicas: 3 } });
        expect(updated.metadata.generation).to.equal(2);
        expect(updated.metadata.resourceVersion).not.to.equal(made.metadata.resourceVersion);
        expect(await fresh(made)).to.deep.equal(updated);
      });

      it('of labels and annotations leaves generation', async () => {
        const made = await pool();
        const updated = await store.update('HostPool', { ...made, metadata: { ...made.metadata, labels: { a: 'b' }, annotations: { c: 'd' } } });
        expect(updated.metadata).to.deep.include({ generation: 1, labels: { a: 'b' }, annotations: { c: 'd' } });
        expect(updated.metadata.resourceVersion).not.to.equal(made.metadata.resourceVersion);
        const cleared = await store.update('HostPool', { ...updated, metadata: { ...updated.metadata, labels: {}, annotations: {} } });
        expect(cleared.metadata).not.to.have.any.keys('labels', 'annotations');
      });

      it('that changes nothing changes no resourceVersion', async () => {
        const made = await pool();
        expect(await store.update('HostPool', made)).to.deep.equal(made);
        const updated = await store.updateStatus('HostPool', { ...made, status: { replicas: 1 } });
        expect(await store.updateStatus('HostPool', updated)).to.deep.equal(updated);
      });

      it('leaves status, uid and creationTimestamp alone', async () => {
        const made = await pool();
        const withStatus = await store.updateStatus('HostPool', { ...made, status: { replicas: 2 } });
        const updated = await store.update('HostPool', {
          ...withStatus,
          metadata: { ...withStatus.metadata, creationTimestamp: '2001-01-01T00:00:00Z', generation: 99 },
          spec: { ...withStatus.spec, replicas: 4 },
          status: { replicas: 9 },
        });
        expect(updated.status).to.deep.equal({ replicas: 2 });
        expect(updated.metadata).to.include({ uid: made.metadata.uid, creationTimestamp: made.metadata.creationTimestamp, generation: 2 });
      });

      it('needs the resourceVersion that is stored', async () => {
        const made = await pool();
        const updated = await store.update('HostPool', { ...made, spec: { ...made.spec, replicas: 3 } });
        await refused('Conflict', store.update('HostPool', { ...made, spec: { ...made.spec, replicas: 4 } }));
        await refused('Conflict', store.updateStatus('HostPool', { ...made, status: { replicas: 4 } }));
        await refused('Invalid', store.update('HostPool', { ...updated, metadata: { ...updated.metadata, resourceVersion: '' } }));
        await refused('Conflict', store.update('HostPool', { ...updated, metadata: { ...updated.metadata, uid: '7f000000-0000-4000-8000-000000000000' } }));
        expect(await fresh(made)).to.deep.equal(updated);
      });

      it('lets one of several simultaneous ones win', async () => {
        const made = await pool();
        const tries = [1, 2, 3, 4].map((replicas) => store.update('HostPool', { ...made, spec: { ...made.spec, replicas } }));
        const results = await Promise.allSettled(tries);
        expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
        expect((await fresh(made)).metadata.generation).to.equal(2);
      });

      it('of what is not there is NotFound', async () => {
        const made = await pool();
        await store.delete('HostPool', keyOf(made));
        await refused('NotFound', store.update('HostPool', { ...made, spec: { ...made.spec, replicas: 3 } }));
        await refused('NotFound', store.updateStatus('HostPool', { ...made, status: { replicas: 3 } }));
        expect(await store.get('HostPool', keyOf(made), 'Fresh')).to.equal(undefined);
      });
    });

    describe('updateStatus', () => {
      it('writes status and nothing else', async () => {
        const made = await pool();
        const updated = await store.updateStatus('HostPool', {
          ...made,
          metadata: { ...made.metadata, labels: { a: 'b' } },
          spec: { ...made.spec, replicas: 9 },
          status: { replicas: 2, state: 'Growing' },
        });
        expect(updated.status).to.deep.equal({ replicas: 2, state: 'Growing' });
        expect(updated.spec).to.deep.equal(made.spec);
        expect(updated.metadata).to.deep.equal({ ...made.metadata, resourceVersion: updated.metadata.resourceVersion });
        expect(updated.metadata.resourceVersion).not.to.equal(made.metadata.resourceVersion);
      });

      it('refuses a status that the schema refuses', async () => {
        const made = await pool();
        await refused('Invalid', store.updateStatus('HostPool', { ...made, status: { replicas: -1 } }));
        await refused('Invalid', store.updateStatus('HostPool', { ...made, status: { state: 'Sleepy' } as never }));
      });
    });

    describe('scale', () => {
      it('sets spec.replicas', async () => {
        const made = await pool();
        await store.scale(keyOf(made), 4);
        expect(await fresh(made)).to.deep.include({ spec: { ...made.spec, replicas: 4 } });
        expect((await fresh(made)).metadata.generation).to.equal(2);
      });

      it('to what is wanted already changes nothing', async () => {
        const made = await pool();
        await store.scale(keyOf(made), 4);
        const scaled = await fresh(made);
        await store.scale(keyOf(made), 4);
        expect(await fresh(made)).to.deep.equal(scaled);
      });

      it('is held to maxReplicas and to zero', async () => {
        const made = await pool();
        await refused('Invalid', store.scale(keyOf(made), 11));
        await refused('Invalid', store.scale(keyOf(made), -1));
        expect(await fresh(made)).to.deep.equal(made);
      });

      it('of an older version than the stored one is a Conflict', async () => {
        const made = await pool();
        await store.scale(keyOf(made), 4, { resourceVersion: made.metadata.resourceVersion });
        await refused('Conflict', store.scale(keyOf(made), 5, { resourceVersion: made.metadata.resourceVersion }));
        expect((await fresh(made)).spec.replicas).to.equal(4);
      });

      it('of a missing pool is NotFound', async () => {
        await refused('NotFound', store.scale({ namespace, name: 'nobody' }, 1));
      });
    });

    describe('list', () => {
      it('holds to namespace and labels, ordered by name', async () => {
        const labelled = (name: string, labels: Record<string, string>): Promise<HostPool> =>
          store.create('HostPool', { ...poolDraft(namespace, name), metadata: { namespace, name, labels } });
        await labelled('b', { tier: 'front', zone: 'x' });
        await labelled('a', { tier: 'front' });
        await labelled('c', { tier: 'back', zone: 'x' });
        await store.create('HostPool', poolDraft(world.otherNamespace, 'd'));
        const names = async (labels?: Record<string, string>): Promise<string[]> =>
          (await store.list('HostPool', { namespace, from: 'Fresh', ...(labels && { labels }) })).map(({ metadata }) => metadata.name);
        expect(await names()).to.deep.equal(['a', 'b', 'c']);
        expect(await names({ tier: 'front' })).to.deep.equal(['a', 'b']);
        expect(await names({ tier: 'front', zone: 'x' })).to.deep.equal(['b']);
        const everywhere = await store.list('HostPool', { from: 'Fresh' });
        expect(everywhere.map(({ metadata }) => metadata.namespace)).to.include.members([namespace, world.otherNamespace]);
      });

      it('gives copies', async () => {
        const made = await pool();
        const [listed] = await store.list('HostPool', { namespace, from: 'Fresh' });
        listed!.spec.maxReplicas = 99;
        made.spec.kamal.service = 'other';
        expect((await fresh(made)).spec).to.deep.include({ maxReplicas: 10, kamal: { service: 'shop', role: 'web' } });
      });
    });

    deletionContract(() => world);
    watchContract(() => world);

    describe('surroundings', () => {
      it('are not ending', async () => {
        expect(await store.ending('KamalHost', namespace)).to.equal('No');
      });

      it('take events about anything, repeated ones too', async () => {
        const made = await pool();
        const event = { kind: 'HostPool', key: keyOf(made), uid: made.metadata.uid, type: 'Warning', reason: 'Tried', message: 'as a test' } as const;
        await store.recordEvent(event);
        await store.recordEvent(event);
        await store.recordEvent({ ...event, key: { namespace, name: 'nobody' }, uid: 'none' });
      });
    });

    describe('documents', () => {
      let count = 0;
      documentsContract(() => ({ documents: world.documents, name: () => `${namespace}-document-${count += 1}` }));
    });
  });
}
