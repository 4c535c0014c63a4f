/** Random worlds in SQLite: one file, with a connection for each process and one for the people. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type SqliteStore, openSqliteStore } from '../../../controller/runtime/store/sqlite-store.ts';
import type { MakeStores, OpenChaosStore } from './stores.ts';

export interface SqliteFolder extends Disposable {
  stores: MakeStores;
}

/** Each store, backup and restored backup is a file of its own in the folder; all of them are closed in the end. */
export function sqliteStoresIn(folder: string): SqliteFolder {
  const opened: SqliteStore[] = [];
  let files = 0;
  const newFile = (): string => join(folder, `${files += 1}.db`);

  const stores: MakeStores = (ids) => {
    const openFile = (path: string): OpenChaosStore => async (clock) => {
      const connect = (): SqliteStore => {
        const store = openSqliteStore({ path, clock, ids, onError: (error) => { throw error; } });
        opened.push(store);
        return store;
      };
      return {
        ...connect(), connect,
        async backup() {
          const kept = newFile();
          const database = new DatabaseSync(path);
          database.prepare('VACUUM INTO ?').run(kept);
          database.close();
          // It may be brought back more than once.
          return (later) => {
            const restored = newFile();
            copyFileSync(kept, restored);
            return openFile(restored)(later);
          };
        },
      };
    };
    return { open: (clock) => openFile(newFile())(clock) };
  };
  return { stores, [Symbol.dispose]: () => opened.forEach((store) => store.close()) };
}
