import type { Kind, ObjectKey, ObjectMeta, ResourceByKind } from '../api/index.ts';

/** What a creator writes; the store adds uid, resourceVersion, generation and creationTimestamp. */
export type Draft<K extends Kind> = Omit<ResourceByKind[K], 'metadata' | 'status'> & {
  metadata: Pick<ObjectMeta, 'name' | 'namespace'> & Partial<Pick<ObjectMeta, 'labels' | 'annotations' | 'finalizers'>>;
};

export interface Change<K extends Kind = Kind> {
  type: 'Added' | 'Modified' | 'Deleted';
  object: ResourceByKind[K];
}

export interface Subscription {
  /** Ends the watch; no listener call follows. */
  close(): void;
}

/** `Fresh` asks the store itself; `Cached` may answer from a watch cache that lags. Buying and draining need `Fresh`. */
export type ReadFrom = 'Fresh' | 'Cached';

/**
 * API objects with the semantics of a Kubernetes API server: uid, resourceVersion with conflicts, generation that
 * grows with spec, finalizers, status apart from spec, watch. Errors are ClassifiedErrors: `NotFound`, `Conflict`,
 * `AlreadyExists`, `Invalid` (one message that names field, value and mend), `Forbidden`, `Unavailable`, `OutcomeUnknown`.
 */
export interface Store {
  get<K extends Kind>(kind: K, key: ObjectKey, from?: ReadFrom): Promise<ResourceByKind[K] | undefined>;
  /** All namespaces unless one is named. */
  list<K extends Kind>(kind: K, options?: { namespace?: string; labels?: Record<string, string>; from?: ReadFrom }): Promise<ResourceByKind[K][]>;
  create<K extends Kind>(kind: K, draft: Draft<K>): Promise<ResourceByKind[K]>;
  /** Writes metadata (labels, annotations, finalizers) and spec, on the condition that resourceVersion is still the object's. */
  update<K extends Kind>(kind: K, object: ResourceByKind[K]): Promise<ResourceByKind[K]>;
  /** Writes status alone, on the same condition. */
  updateStatus<K extends Kind>(kind: K, object: ResourceByKind[K]): Promise<ResourceByKind[K]>;
  /** Sets HostPool.spec.replicas through the scale subresource; with a resourceVersion on the condition that it is still the pool's. */
  scale(pool: ObjectKey, replicas: number, precondition?: { resourceVersion: string }): Promise<void>;
  /** Sets deletionTimestamp while finalizers are left, else removes the object. An absent object is `NotFound`. */
  delete(kind: Kind, key: ObjectKey, precondition?: { uid: string }): Promise<void>;
  /**
   * Whether objects of this kind in this namespace are being deleted because their namespace or their kind (CRD) is.
   * Asked anew each time: a host deleted by itself drains, one that goes with its surroundings is retained.
   */
  ending(kind: Kind, namespace: string): Promise<'No' | 'NamespaceEnding' | 'KindEnding'>;
  /** Calls the listener with `Added` for all that exists, then with each change. Reconnects by itself; never throws later. */
  watch<K extends Kind>(kind: K, listener: (change: Change<K>) => void): Subscription;
  /** A Kubernetes Event about an object; repeated ones are counted, not repeated. Best effort: never throws. */
  recordEvent(event: StoreEvent): Promise<void>;
}

export interface StoreEvent {
  kind: Kind;
  key: ObjectKey;
  uid: string;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

/**
 * Small documents outside the API objects: ledger, membership, engine state, switches. At most 900 KB each.
 * Every write is conditioned on the version read; a `Conflict` means that another instance wrote.
 */
export interface Documents {
  load(name: string): Promise<StoredDocument | undefined>;
  /** `version` undefined: the document must not exist yet. Returns the new version. */
  save(name: string, value: unknown, version: string | undefined): Promise<string>;
}

export interface StoredDocument {
  value: unknown;
  version: string;
}
