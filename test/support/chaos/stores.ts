/** Where the objects and documents of a random world lie. */
import type { Clock, Documents, Store } from '../../../controller/ports/index.ts';
import { createMemoryStore, type MemoryBackup } from '../../../controller/runtime/store/memory-store.ts';

/** A store as one process has it. */
export interface StoreConnection extends Store, Documents {
  /** Ends with the process. */
  close(): void;
}

/** The store of a world, as the people in it have it. */
export interface ChaosStore extends StoreConnection {
  /** The same store as one more process has it. */
  connect(): StoreConnection;
  /** Opens a store that is as this one is now. */
  backup(): Promise<OpenChaosStore>;
}

/** `clock` tells the store's time. */
export type OpenChaosStore = (clock: Clock) => Promise<ChaosStore>;

export interface ChaosStores {
  /** Opens an empty store; what was in the last one is lost. */
  open: OpenChaosStore;
  /** Resolves when the store has nothing under way that takes real time; absent where it never has. */
  settled?(): Promise<void>;
}

/** `ids`: new uids. */
export type MakeStores = (ids: () => string) => ChaosStores;

export const memoryStores: MakeStores = (ids) => {
  const openAs = (from?: MemoryBackup): OpenChaosStore => async (clock) => {
    const store = createMemoryStore({ clock, ids, ...(from === undefined ? {} : { from }) });
    // All processes share it: none of them closes it.
    const connection = { ...store, close: () => undefined };
    return { ...connection, connect: () => connection, backup: async () => openAs(store.backup()) };
  };
  return { open: openAs() };
};
