import { isDeepStrictEqual } from 'node:util';
import { API_VERSION, keyOf, keyText } from '../../api/index.ts';
import type { Kind, ObjectKey, ObjectMeta, ResourceByKind } from '../../api/index.ts';
import { ClassifiedError, toTimestamp } from '../../model/index.ts';
import type { Change, Clock, Store } from '../../ports/index.ts';
import type { Rows } from './rows.ts';

/** Checks a document against its resource definition and fills in defaults; throws `Invalid`. */
export type Admit = (kind: Kind, object: unknown, old?: unknown) => unknown;

export interface ObjectStoreParts {
  rows: Rows;
  clock: Clock;
  /** A new uid. */
  ids: () => string;
  admit: Admit;
  /** Called after each write that changed something. */
  changed: () => void;
}

export type ObjectCalls = Pick<Store, 'get' | 'list' | 'create' | 'update' | 'updateStatus' | 'scale' | 'delete'>;

interface Stored<K extends Kind = Kind> {
  apiVersion: typeof API_VERSION;
  kind: K;
  metadata: ObjectMeta;
  spec: ResourceByKind[K]['spec'];
  status?: ResourceByKind[K]['status'];
}

/** The semantics of a Kubernetes API server for custom resources with a status subresource, over any rows. */
export function createObjectStore({ rows, clock, ids, admit, changed }: ObjectStoreParts): ObjectCalls {
  const find = <K extends Kind>(kind: K, key: ObjectKey): Stored<K> | undefined => {
    const text = rows.find(kind, key);
    return text === undefined ? undefined : parse<K>(text);
  };
  const need = <K extends Kind>(kind: K, key: ObjectKey): Stored<K> => {
    const found = find(kind, key);
    if (found === undefined) throw new ClassifiedError('NotFound', `${kind} ${keyText(key)} is not there`);
    return found;
  };
  const now = (): string => secondsOf(toTimestamp(clock.now()));

  /** Writes a successor under a new resourceVersion. */
  const commit = <K extends Kind>(type: Change['type'], object: Stored<K>): Stored<K> => {
    const revision = rows.nextRevision();
    const written = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
    const text = JSON.stringify(written);
    const key = keyOf(written);
    if (type === 'Deleted') rows.remove(object.kind, key);
    else rows.put(object.kind, key, text);
    rows.record(object.kind, { revision, type, text });
    return parse(text);
  };
  const transact = <T>(work: () => T): T => {
    const result = rows.write(work);
    changed();
    return result;
  };

  /** Stores what an update asks for on top of what is there, as each of its subresources allows. In a transaction only. */
  const replace = <K extends Kind>(kind: K, asked: Stored<K>, merge: (old: Stored<K>, asked: Stored<K>) => Stored<K>): Stored<K> => {
    const wanted = plain(asked);
    const key = keyOf(wanted);
    const old = need(kind, key);
    checkPreconditions(kind, old, wanted.metadata);
    const merged = admit(kind, merge(old, wanted), old) as Stored<K>;
    refuseNewFinalizers(old, merged);
    if (!isDeepStrictEqual(old.spec, merged.spec)) merged.metadata.generation = old.metadata.generation + 1;
    if (isDeepStrictEqual(old, merged)) return old;
    const ended = merged.metadata.deletionTimestamp !== undefined && (merged.metadata.finalizers ?? []).length === 0;
    return commit(ended ? 'Deleted' : 'Modified', merged);
  };
  const write: typeof replace = (kind, asked, merge) => transact(() => replace(kind, asked, merge));

  return {
    get: async (kind, key) => find(kind, key) as unknown as ResourceByKind[typeof kind] | undefined,

    list: async (kind, options = {}) => {
      const objects = rows.scan(kind, options.namespace).map((text) => parse<typeof kind>(text));
      const wanted = Object.entries(options.labels ?? {});
      return objects.filter(({ metadata }) => wanted.every(([label, value]) => metadata.labels?.[label] === value)) as unknown as ResourceByKind[typeof kind][];
    },

    create: async (kind, draft) => transact(() => {
      const asked = plain(draft) as unknown as Partial<Stored<typeof kind>>;
      const admitted = admit(kind, asked) as Stored<typeof kind>;
      const { name, namespace, labels, annotations, finalizers } = admitted.metadata;
      if (find(kind, { name, namespace }) !== undefined) throw new ClassifiedError('AlreadyExists', `${kind} ${namespace}/${name} exists already`);
      const metadata = withoutEmpty({
        name, namespace, uid: ids(), resourceVersion: '', generation: 1, creationTimestamp: now(), finalizers, labels, annotations,
      });
      return commit('Added', { apiVersion: API_VERSION, kind, metadata, spec: admitted.spec }) as unknown as ResourceByKind[typeof kind];
    }),

    update: async (kind, object) => write(kind, object as unknown as Stored<typeof kind>, (old, asked) => {
      const { labels, annotations, finalizers } = asked.metadata;
      return withStatus({ ...asked, apiVersion: API_VERSION, kind, metadata: withoutEmpty({ ...old.metadata, labels, annotations, finalizers }) }, old.status);
    }) as unknown as ResourceByKind[typeof kind],

    updateStatus: async (kind, object) => write(kind, object as unknown as Stored<typeof kind>, (old, asked) => withStatus(old, asked.status)) as unknown as ResourceByKind[typeof kind],

    // Read and written at once, for other processes write the same pool: who asks no version must not be told of one.
    scale: async (pool, replicas, precondition) => transact(() => {
      const old = need('HostPool', pool);
      const resourceVersion = precondition?.resourceVersion ?? old.metadata.resourceVersion;
      replace('HostPool', { ...old, metadata: { ...old.metadata, resourceVersion } }, (current) => ({ ...current, spec: { ...current.spec, replicas } }));
    }),

    delete: async (kind, key, precondition) => transact(() => {
      const old = need(kind, key);
      if (precondition !== undefined && precondition.uid !== old.metadata.uid) {
        throw new ClassifiedError('Conflict', `${kind} ${keyText(key)} has uid ${old.metadata.uid}, not ${precondition.uid}: another object took its name`);
      }
      if ((old.metadata.finalizers ?? []).length === 0) commit('Deleted', old);
      // The generation grows with the deletion, as an API server has it: observers of the spec must look again.
      else if (old.metadata.deletionTimestamp === undefined) {
        commit('Modified', { ...old, metadata: { ...old.metadata, generation: old.metadata.generation + 1, deletionTimestamp: now() } });
      }
    }),
  };
}

function checkPreconditions(kind: Kind, old: Stored, asked: ObjectMeta): void {
  const named = `${kind} ${keyText(keyOf(old))}`;
  if (!asked.resourceVersion) {
    throw new ClassifiedError('Invalid', `${named}: metadata.resourceVersion: Invalid value: "": must be specified for an update: read the object and change what was read`);
  }
  if (asked.uid && asked.uid !== old.metadata.uid) {
    throw new ClassifiedError('Conflict', `${named} has uid ${old.metadata.uid}, not ${asked.uid}: another object took its name`);
  }
  if (asked.resourceVersion !== old.metadata.resourceVersion) {
    throw new ClassifiedError('Conflict', `${named} was changed since version ${asked.resourceVersion}: read it again`);
  }
}

function refuseNewFinalizers(old: Stored, merged: Stored): void {
  if (old.metadata.deletionTimestamp === undefined) return;
  const known = old.metadata.finalizers ?? [];
  const added = (merged.metadata.finalizers ?? []).filter((finalizer) => !known.includes(finalizer));
  if (added.length === 0) return;
  throw new ClassifiedError('Invalid', `${old.kind} ${keyText(keyOf(old))}: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`);
}

function withStatus<K extends Kind>(object: Stored<K>, status: Stored<K>['status']): Stored<K> {
  const { status: _, ...rest } = object;
  return status === undefined ? rest : { ...rest, status };
}

/** An API server leaves empty maps and lists out. */
function withoutEmpty(metadata: ObjectMeta): ObjectMeta {
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) =>
    value !== undefined && (typeof value !== 'object' || Object.keys(value).length > 0))) as unknown as ObjectMeta;
}

/** API timestamps of metadata carry whole seconds. */
const secondsOf = (timestamp: string): string => timestamp.replace(/\.\d+Z$/, 'Z');

/** A copy as it would arrive over the wire: without undefined members. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const parse = <K extends Kind>(text: string): Stored<K> => JSON.parse(text) as Stored<K>;
