/** All that a controller keeps in a cluster: taken away, read and brought back as an administrator does it, with new UIDs. */
import { KINDS, type Kind, type Resource, keyOf } from '../../../controller/api/index.ts';
import { isClass } from '../../../controller/model/index.ts';
import type { Draft } from '../../../controller/ports/index.ts';
import { listKind } from '../../../controller/runtime/cluster/kind-list-watch.ts';
import type { ControlPlane } from '../control-plane.ts';
import { edit } from './edit.ts';

/** Key of a document in its ConfigMap. */
const DOCUMENT = 'document.json';

interface Contents {
  objects: Resource[];
  documents: { name: string; labels: Record<string, string>; data: Record<string, string> }[];
}

export interface ClusterContents {
  read(): Promise<Contents>;
  /** Into a cluster that holds nothing. */
  write(contents: Contents): Promise<void>;
  clear(): Promise<void>;
}

/** `namespace`: of the documents. */
export function createClusterContents(plane: ControlPlane, namespace: string): ClusterContents {
  const api = plane.api();
  const admin = plane.store();
  const objectsOf = async (): Promise<Resource[]> => (await Promise.all(KINDS.map(async (kind) => (await listKind(api, kind)).objects))).flat();

  async function documentsOf(): Promise<Contents['documents']> {
    const { items } = await api.core.listNamespacedConfigMap({ namespace });
    return items.flatMap(({ metadata: { name = '', labels = {} } = {}, data = {} }) => (data[DOCUMENT] === undefined ? [] : [{ name, labels, data }]));
  }

  async function create<K extends Kind>({ kind, apiVersion, metadata, spec, status }: Resource & { kind: K }): Promise<void> {
    const { name, namespace: where, labels = {}, annotations = {}, finalizers = [] } = metadata;
    const made = await admin.create(kind, { apiVersion, kind, metadata: { name, namespace: where, labels, annotations, finalizers }, spec } as unknown as Draft<K>);
    if (status !== undefined) await admin.updateStatus(kind, { ...made, status });
    if (metadata.deletionTimestamp !== undefined) await admin.delete(kind, keyOf(made));
  }

  async function remove({ kind, metadata }: Resource): Promise<void> {
    await edit(admin, kind, metadata, (object) => ({ ...object, metadata: { ...object.metadata, finalizers: [] } }));
    await admin.delete(kind, metadata).catch((error: unknown) => {
      if (!isClass(error, 'NotFound')) throw error;
    });
  }

  return {
    read: async () => ({ objects: await objectsOf(), documents: await documentsOf() }),
    async write({ objects, documents }) {
      for (const object of objects) await create(object);
      for (const { name, labels, data } of documents) await api.core.createNamespacedConfigMap({ namespace, body: { metadata: { name, namespace, labels }, data } });
    },
    async clear() {
      for (const object of await objectsOf()) await remove(object);
      for (const { name } of await documentsOf()) await api.core.deleteNamespacedConfigMap({ name, namespace });
    },
  };
}
