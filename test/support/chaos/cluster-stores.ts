/**
 * Random worlds on a real kube-apiserver. The world's clock stands still while calls are under way and until every watch
 * has told what was written; timestamps of the API server are read as the world's time in which they were first seen.
 */
import { KINDS, type Kind, type ObjectMeta, type Resource, type ResourceByKind } from '../../../controller/api/index.ts';
import { toTimestamp } from '../../../controller/model/index.ts';
import type { Clock, Store } from '../../../controller/ports/index.ts';
import { ConfigMapDocuments } from '../../../controller/runtime/cluster/index.ts';
import { listKind } from '../../../controller/runtime/cluster/kind-list-watch.ts';
import type { ControlPlane } from '../control-plane.ts';
import { createClusterContents } from './cluster-contents.ts';
import { createSettling } from './settling.ts';
import type { ChaosStore, MakeStores, StoreConnection } from './stores.ts';

export interface ClusterStores {
  stores: MakeStores;
  close(): void;
}

/** `kubeconfig`: of the controllers; people are administrators. `namespace`: the controllers' own. */
export function clusterStoresOn(plane: ControlPlane, kubeconfig: string, namespace: string): ClusterStores {
  const api = plane.api();
  const contents = createClusterContents(plane, namespace);
  const opened: StoreConnection[] = [];

  const stores: MakeStores = () => {
    const times = createTimes();
    const settling = createSettling(async (kind) => (await listKind(api, kind)).objects);
    /** What people have read since a document was written last. */
    const read = new Map<string, ReturnType<ConfigMapDocuments['load']>>();

    function connect(store: Store & { close(): Promise<void> }, documents: ConfigMapDocuments): StoreConnection {
      const { during, writing } = settling;
      const connection: StoreConnection = {
        get: (kind, key, from) => during(async () => times.ofMaybe(await store.get(kind, key, from))),
        list: (kind, options) => during(async () => (await store.list(kind, options)).map(times.of)),
        create: (kind, draft) => writing(kind, async () => times.of(await store.create(kind, draft))),
        update: (kind, object) => writing(kind, async () => times.of(await store.update(kind, object))),
        updateStatus: (kind, object) => writing(kind, async () => times.of(await store.updateStatus(kind, object))),
        scale: (pool, replicas, precondition) => writing('HostPool', () => store.scale(pool, replicas, precondition)),
        delete: (kind, key, precondition) => writing(kind, () => store.delete(kind, key, precondition)),
        ending: (kind, where) => during(() => store.ending(kind, where)),
        recordEvent: (event) => during(() => store.recordEvent(event)),
        watch: (kind, listener) => settling.watch(store, kind, ({ type, object }) => listener({ type, object: times.of(object) })),
        load: (name) => during(() => documents.load(name)),
        save: (name, value, version) => during(async () => {
          try {
            return await documents.save(name, value, version);
          } finally {
            read.clear();
          }
        }),
        close: () => void store.close(),
      };
      opened.push(connection);
      return connection;
    }

    /** Looks of people and of the judge are many: they read what a watch has told, which is all that was written. */
    function people(): ChaosStore {
      const connection = connect(plane.store(), new ConfigMapDocuments(api, namespace));
      for (const kind of KINDS) connection.watch(kind, () => undefined);
      return {
        ...connection,
        get: (kind, key) => connection.get(kind, key, 'Cached'),
        list: (kind, options) => connection.list(kind, { ...options, from: 'Cached' }),
        load(name) {
          const known = read.get(name) ?? connection.load(name);
          read.set(name, known);
          return known;
        },
        connect: () => connect(plane.store({ kubeconfig }), new ConfigMapDocuments(plane.api(kubeconfig), namespace)),
        async backup() {
          const kept = await contents.read();
          return (clock) => open(clock, () => contents.write(kept));
        },
      };
    }

    const open = (clock: Clock, fill: () => Promise<void>): Promise<ChaosStore> => settling.during(async () => {
      times.tell(clock);
      await contents.clear();
      await fill();
      read.clear();
      settling.changed(KINDS);
      return people();
    });
    return { open: (clock) => open(clock, async () => undefined), settled: settling.settled };
  };
  return { stores, close: () => opened.forEach((connection) => connection.close()) };
}

/** The API server's own time is real, and stands still for the world: what it stamps is stamped anew as it is first seen. */
function createTimes() {
  const stamps = new Map<string, { created: string; deleted?: string }>();
  let clock: Clock = { now: () => 0, sleep: async () => undefined };
  const now = (): string => toTimestamp(clock.now()).replace(/\.\d+Z$/, 'Z');

  function metadataOf(metadata: ObjectMeta): ObjectMeta {
    const stamp = stamps.get(metadata.uid) ?? { created: now() };
    stamps.set(metadata.uid, stamp);
    if (metadata.deletionTimestamp === undefined) return { ...metadata, creationTimestamp: stamp.created };
    stamp.deleted ??= now();
    return { ...metadata, creationTimestamp: stamp.created, deletionTimestamp: stamp.deleted };
  }
  const of = <T extends Resource>(object: T): T => ({ ...object, metadata: metadataOf(object.metadata) });
  return {
    of,
    ofMaybe: <K extends Kind>(object: ResourceByKind[K] | undefined): ResourceByKind[K] | undefined => (object === undefined ? undefined : of(object)),
    tell: (next: Clock): void => { clock = next; },
  };
}

