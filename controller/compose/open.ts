import { randomUUID } from 'node:crypto';
import type { Io, OpenStore, StoreLocation } from '../cli/index.ts';
import type { Documents } from '../ports/index.ts';
import { loadEvidence } from '../reconcile/evidence-document.ts';
import { hostHoursOf, readLedger } from '../reconcile/ledger.ts';
import { loadInventory } from '../reconcile/inventory.ts';
import { loadMembership } from '../reconcile/membership-document.ts';
import { LEDGER_DOCUMENT } from '../reconcile/purchase-gate.ts';
import { systemClock } from '../runtime/clock.ts';
import { ClusterStore, ConfigMapDocuments, connect, openApi, processIdentity } from '../runtime/cluster/index.ts';
import { stateFolder } from '../runtime/settings.ts';
import { openSqliteStore } from '../runtime/store/sqlite-store.ts';
import { storePath } from './standalone.ts';

/** Opens the store that a controller works on, beside it. Rejects with a ClassifiedError when there is none. */
export async function open(where: StoreLocation, io: Io): Promise<OpenedStore> {
  switch (where.kind) {
    case 'Standalone': return openStandalone(stateFolder(where.state, io.env));
    case 'Cluster': return openCluster(where, io);
  }
}

type OpenedStore = OpenStore & { documents: Documents };

function openStandalone(folder: string): OpenedStore {
  const store = openSqliteStore({ path: storePath(folder), clock: systemClock, ids: randomUUID, missing: 'Refuse' });
  return {
    store, documents: store, defaultNamespace: 'default', decisionLog: store.decisionLog,
    events: (kind, key) => store.events(kind, key),
    ...documentsOf(store),
    close: async () => store.close(),
  };
}

function openCluster(where: StoreLocation & { kind: 'Cluster' }, io: Io): OpenedStore {
  const { kubeconfig, context } = where;
  const own = connect({ kubeconfig, context, namespace: where.controllerNamespace ?? io.env['KAMAL_AUTOSCALER_NAMESPACE'] ?? 'kamal-autoscaler', environment: io.env });
  const api = openApi(own);
  const store = new ClusterStore(api, { clock: systemClock, random: Math.random, instance: processIdentity() });
  const documents = new ConfigMapDocuments(api, own.namespace);
  return {
    store, documents, defaultNamespace: connect({ kubeconfig, context, environment: io.env }).namespace,
    ...documentsOf(documents),
    close: async () => store.close(),
  };
}

function documentsOf(documents: Documents): Pick<OpenStore, 'evidence' | 'inventory' | 'membership' | 'hostHours'> {
  return {
    async membership() {
      const { membership, version } = await loadMembership(documents);
      return version === undefined ? undefined : membership;
    },
    evidence: async (pool, now) => (await loadEvidence(documents, pool, now)).records,
    inventory: async () => (await loadInventory(documents)).inventory,
    hostHours: async (pool, month, now) => hostHoursOf(readLedger((await documents.load(LEDGER_DOCUMENT))?.value), pool, month, now),
  };
}
