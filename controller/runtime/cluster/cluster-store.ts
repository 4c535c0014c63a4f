import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { API_VERSION, GROUP, keyText, PLURAL, VERSION } from '../../api/index.ts';
import type { Kind, ObjectKey, ResourceByKind } from '../../api/index.ts';
import { isClass } from '../../model/index.ts';
import type { ClassifiedError } from '../../model/index.ts';
import type { Change, Clock, Draft, ReadFrom, Store, StoreEvent, Subscription } from '../../ports/index.ts';
import { calling } from './api.ts';
import type { ClusterApi } from './api.ts';
import { classifyApiError } from './api-errors.ts';
import type { Verb } from './api-errors.ts';
import { endingOf } from './ending.ts';
import { EventRecorder } from './event-recorder.ts';
import { listKind, listWatchOf, trimmed } from './kind-list-watch.ts';
import { Reflector } from './reflector.ts';

export interface ClusterStoreOptions {
  clock: Clock;
  /** A number from 0 up to 1, for jitter. */
  random: () => number;
  /** Identity of this process, shown in Events. */
  instance: string;
  /** Told of failures that no call can report: of watches and of Events. */
  onTrouble?: (error: ClassifiedError) => void;
}

/** Unknown fields are refused rather than dropped, and changes are attributed to this controller. */
const WRITE = { fieldValidation: 'Strict', fieldManager: 'kamal-autoscaler' } as const;

/** The store whose API server is Kubernetes'. */
export class ClusterStore implements Store {
  readonly #api: ClusterApi;
  readonly #options: ClusterStoreOptions;
  readonly #events: EventRecorder;
  readonly #reflectors: { [K in Kind]?: Reflector<ResourceByKind[K]> } = {};

  constructor(api: ClusterApi, options: ClusterStoreOptions) {
    this.#api = api;
    this.#options = options;
    this.#events = new EventRecorder(api, options.clock, options.instance);
  }

  async get<K extends Kind>(kind: K, key: ObjectKey, from: ReadFrom = 'Fresh'): Promise<ResourceByKind[K] | undefined> {
    const cache = from === 'Cached' ? this.#cached(kind) : undefined;
    if (cache) return copy(cache.get(key));
    try {
      return await this.#call('Read', 'get', kind, key, async () => await this.#api.custom.getNamespacedCustomObject(address(kind, key)));
    } catch (error) {
      if (isClass(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async list<K extends Kind>(
    kind: K, options: { namespace?: string; labels?: Record<string, string>; from?: ReadFrom } = {},
  ): Promise<ResourceByKind[K][]> {
    const { namespace, labels = {}, from = 'Fresh' } = options;
    const cache = from === 'Cached' ? this.#cached(kind) : undefined;
    if (cache) {
      return cache.values()
        .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
        .filter(({ metadata }) => Object.entries(labels).every(([name, value]) => metadata.labels?.[name] === value))
        .map((object) => structuredClone(object))
        .sort(inOrderOfTheServer);
    }
    const labelSelector = Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(',');
    return (await listKind(this.#api, kind, { namespace, labelSelector: labelSelector || undefined })).objects;
  }

  async create<K extends Kind>(kind: K, draft: Draft<K>): Promise<ResourceByKind[K]> {
    const { namespace } = draft.metadata;
    const body = { ...draft, apiVersion: API_VERSION, kind };
    return await this.#call('Write', 'create', kind, draft.metadata, async () =>
      await this.#api.custom.createNamespacedCustomObject({ group: GROUP, version: VERSION, namespace, plural: PLURAL[kind], body, ...WRITE }));
  }

  async update<K extends Kind>(kind: K, object: ResourceByKind[K]): Promise<ResourceByKind[K]> {
    return await this.#call('Write', 'update', kind, object.metadata, async () =>
      await this.#api.custom.replaceNamespacedCustomObject({ ...address(kind, object.metadata), body: object, ...WRITE }));
  }

  async updateStatus<K extends Kind>(kind: K, object: ResourceByKind[K]): Promise<ResourceByKind[K]> {
    return await this.#call('Write', 'update status of', kind, object.metadata, async () =>
      await this.#api.custom.replaceNamespacedCustomObjectStatus({ ...address(kind, object.metadata), body: object, ...WRITE }));
  }

  async scale(pool: ObjectKey, replicas: number, precondition?: { resourceVersion: string }): Promise<void> {
    // A patch, since the scale of a pool without replicas cannot be read.
    await calling({ verb: 'Write', what: `scale HostPool ${keyText(pool)}` }, async () => await this.#api.custom.patchNamespacedCustomObjectScale(
      { ...address('HostPool', pool), body: { ...(precondition === undefined ? {} : { metadata: precondition }), spec: { replicas } }, ...WRITE },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    ));
  }

  async delete(kind: Kind, key: ObjectKey, precondition?: { uid: string }): Promise<void> {
    const body = { propagationPolicy: 'Background', ...(precondition === undefined ? {} : { preconditions: { uid: precondition.uid } }) };
    await calling({ verb: 'Write', what: `delete ${kind} ${keyText(key)}` }, async () =>
      await this.#api.custom.deleteNamespacedCustomObject({ ...address(kind, key), body }));
  }

  async ending(kind: Kind, namespace: string): Promise<'No' | 'NamespaceEnding' | 'KindEnding'> {
    return await endingOf(this.#api, kind, namespace);
  }

  watch<K extends Kind>(kind: K, listener: (change: Change<K>) => void): Subscription {
    const reflector = this.#reflector(kind);
    reflector.start();
    const subscription = reflector.subscribe((change) => listener({ type: change.type, object: structuredClone(change.object) }));
    return {
      close: () => {
        subscription.close();
        if (reflector.isWatched()) return;
        // Nobody listens: an open watch would only keep the process alive.
        if (this.#reflectors[kind] === reflector) delete this.#reflectors[kind];
        void reflector.close();
      },
    };
  }

  async recordEvent(event: StoreEvent): Promise<void> {
    try {
      await this.#events.record(event);
    } catch (error) {
      this.#options.onTrouble?.(classifyApiError(error, { verb: 'Write', what: 'record Event' }));
    }
  }

  /** Ends all watches. */
  async close(): Promise<void> {
    await Promise.all(Object.values(this.#reflectors).map(async (reflector) => await reflector.close()));
  }

  /** The watch cache of a kind, while something watches it and it is near the truth. */
  #cached<K extends Kind>(kind: K): ReturnType<Reflector<ResourceByKind[K]>['cached']> {
    const reflectors: { [P in K]?: Reflector<ResourceByKind[P]> } = this.#reflectors;
    return reflectors[kind]?.cached();
  }

  #reflector<K extends Kind>(kind: K): Reflector<ResourceByKind[K]> {
    const reflectors: { [P in K]?: Reflector<ResourceByKind[P]> } = this.#reflectors;
    return (reflectors[kind] ??= new Reflector(listWatchOf(this.#api, kind), this.#options));
  }

  async #call<K extends Kind>(verb: Verb, doing: string, kind: K, key: ObjectKey, run: () => Promise<ResourceByKind[K]>): Promise<ResourceByKind[K]> {
    return trimmed(kind, await calling({ verb, what: `${doing} ${kind} ${keyText(key)}` }, run));
  }
}

const address = (kind: Kind, { namespace, name }: ObjectKey): { group: string; version: string; namespace: string; plural: string; name: string } =>
  ({ group: GROUP, version: VERSION, namespace, plural: PLURAL[kind], name });

/** An API server lists by namespace and name. */
function inOrderOfTheServer(a: { metadata: ObjectKey }, b: { metadata: ObjectKey }): number {
  const [one, other] = [keyText(a.metadata), keyText(b.metadata)];
  return one < other ? -1 : Number(one > other);
}

/** Callers may change what they get; the cache must not change with it. */
const copy = <T>(value: T | undefined): T | undefined => (value === undefined ? undefined : structuredClone(value));
