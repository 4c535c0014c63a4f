/** A store in memory of which a backup can be taken, and brought back. */
import { KINDS, type Kind, keyOf } from '../../../controller/api/index.ts';
import type { Clock, Documents, Store, StoreEvent } from '../../../controller/ports/index.ts';
import { createDocuments } from '../../../controller/runtime/store/documents.ts';
import { createMemoryRows } from '../../../controller/runtime/store/memory-rows.ts';
import { createObjectStore } from '../../../controller/runtime/store/object-store.ts';
import { admit } from '../../../controller/runtime/store/validation/index.ts';
import { createWatchHub } from '../../../controller/runtime/store/watch-hub.ts';

/** Everything in a store, as text. */
export interface Backup {
  objects: { kind: Kind; text: string }[];
  documents: [name: string, version: number, text: string][];
  revision: number;
}

export interface RestorableStore extends Store, Documents {
  backup(): Backup;
  close(): void;
}

export interface RestorableStoreOptions {
  clock: Clock;
  ids: () => string;
  from?: Backup;
  told?: (event: StoreEvent) => void;
}

export function createRestorableStore({ clock, ids, from, told }: RestorableStoreOptions): RestorableStore {
  const rows = createMemoryRows();
  const documents = new Map<string, { version: number; text: string }>();
  for (const [name, version, text] of from?.documents ?? []) documents.set(name, { version, text });
  for (const { kind, text } of from?.objects ?? []) rows.put(kind, keyOf(JSON.parse(text)), text);
  // A revision is never given twice.
  for (let revision = 0; revision < (from?.revision ?? 0); revision += 1) rows.nextRevision();
  const hub = createWatchHub(rows, (error) => {
    throw error;
  });

  return {
    ...createObjectStore({ rows, clock, ids, admit, changed: () => hub.wake() }),
    ...createDocuments({
      write: (work) => rows.write(work),
      findDocument: (name) => documents.get(name),
      putDocument: (name, version, text) => void documents.set(name, { version, text }),
    }),
    watch: (kind, listener) => hub.subscribe(kind, listener),
    ending: async () => 'No',
    recordEvent: async (event) => told?.(event),
    backup: () => ({
      objects: KINDS.flatMap((kind) => rows.scan(kind).map((text) => ({ kind, text }))),
      documents: [...documents].map(([name, { version, text }]) => [name, version, text]),
      revision: rows.snapshot('HostPool').revision,
    }),
    close: () => hub.close(),
  };
}
