import { KINDS, keyOf, sameKey } from '../../api/index.ts';
import type { Kind } from '../../api/index.ts';
import type { Clock, Documents, Store } from '../../ports/index.ts';
import { createDocuments } from './documents.ts';
import { KEPT_EVENTS, identityOf } from './events.ts';
import type { EventReader, RecordedEvent } from './events.ts';
import { createMemoryRows } from './memory-rows.ts';
import { createObjectStore } from './object-store.ts';
import { admit } from './validation/index.ts';
import { createWatchHub } from './watch-hub.ts';

/** Why objects are being deleted together with their surroundings. */
export type Ending = Awaited<ReturnType<Store['ending']>>;

export interface MemoryStore extends Store, Documents, EventReader {
  /** Sets what `ending` answers: an API server's deletion of a namespace or a CRD, which this store does not have. */
  setEnding(kind: Kind, namespace: string, ending: Ending): void;
  /** Objects and documents as they are now. */
  backup(): MemoryBackup;
  /** Ends all watches. */
  close(): void;
}

/** All that another store begins with to be as this one was. */
export interface MemoryBackup {
  objects: readonly { kind: Kind; text: string }[];
  documents: readonly [name: string, document: { version: number; text: string }][];
  revision: number;
}

export interface MemoryStoreOptions {
  clock: Clock;
  /** A new uid. */
  ids: () => string;
  /** An empty store when absent. */
  from?: MemoryBackup;
}

/** A store that lives as long as the process. Outlives the controllers that use it, as the crash suite needs. */
export function createMemoryStore({ clock, ids, from = { objects: [], documents: [], revision: 0 } }: MemoryStoreOptions): MemoryStore {
  const rows = createMemoryRows(from.revision);
  for (const { kind, text } of from.objects) rows.put(kind, keyOf(JSON.parse(text)), text);
  const hub = createWatchHub(rows, (error) => {
    throw error;
  });
  const documents = new Map(from.documents);
  const endings = new Map<string, Ending>();
  /** In the order of their last occurrence. */
  const events = new Map<string, RecordedEvent>();

  return {
    ...createObjectStore({ rows, clock, ids, admit, changed: () => hub.wake() }),
    ...createDocuments({
      write: (work) => rows.write(work),
      findDocument: (name) => documents.get(name),
      putDocument: (name, version, text) => void documents.set(name, { version, text }),
    }),
    watch: (kind, listener) => hub.subscribe(kind, listener),
    ending: async (kind, namespace) => endings.get(`${kind} ${namespace}`) ?? 'No',
    setEnding: (kind, namespace, ending) => void endings.set(`${kind} ${namespace}`, ending),
    recordEvent: async (event) => {
      const at = clock.now();
      const id = identityOf(event);
      const repeated = events.get(id);
      events.delete(id);
      events.set(id, { ...event, key: { ...event.key }, count: (repeated?.count ?? 0) + 1, firstAt: repeated?.firstAt ?? at, lastAt: at });
      for (const oldest of events.keys()) {
        if (events.size <= KEPT_EVENTS) break;
        events.delete(oldest);
      }
    },
    backup: () => ({
      objects: KINDS.flatMap((kind) => rows.scan(kind).map((text) => ({ kind, text }))),
      documents: [...documents],
      revision: rows.snapshot('HostPool').revision,
    }),
    close: () => hub.close(),
    events: async (kind, key) => [...events.values()].filter((event) => event.kind === kind && sameKey(event.key, key)).map((event) => ({ ...event })),
  };
}
