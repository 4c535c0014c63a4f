import type { Clock, DecisionLog, Documents, Store } from '../../ports/index.ts';
import { createSqliteDecisionLog } from './decision-logs.ts';
import { createDocuments } from './documents.ts';
import type { EventReader } from './events.ts';
import { createObjectStore } from './object-store.ts';
import { openDatabase } from './sqlite-database.ts';
import type { WhenMissing } from './sqlite-database.ts';
import { createSqliteEvents } from './sqlite-events.ts';
import { createSqliteRows } from './sqlite-rows.ts';
import { admit } from './validation/index.ts';
import { createWatchHub } from './watch-hub.ts';

/** Time between two looks for writes of other processes, in milliseconds. */
const LOOK_INTERVAL = 100;

export interface SqliteStoreOptions {
  /** The file; its folder is made when missing. */
  path: string;
  clock: Clock;
  /** A new uid. */
  ids: () => string;
  /** When the file does not exist; `Create` when absent. */
  missing?: WhenMissing;
  /** Hears of failures that no call can report: a watch that could not read and tries again, an event that was lost. */
  onError?: (error: unknown) => void;
}

export interface SqliteStore extends Store, Documents, EventReader {
  decisionLog: DecisionLog;
  /** Ends all watches and closes the file. */
  close(): void;
}

/** The standalone store: one SQLite file that several processes may use at once. Errors: `Unavailable`, naming the file. */
export function openSqliteStore({ path, clock, ids, missing = 'Create', onError = warn }: SqliteStoreOptions): SqliteStore {
  const database = openDatabase(path, missing);
  const rows = createSqliteRows(database);
  const stop = new AbortController();
  let failed = false;
  const hub = createWatchHub(rows, (error) => {
    failed = true;
    onError(error);
  });
  let seen = database.dataVersion();
  /** Wakes the watches when another process wrote, or when they could not read last time. */
  const look = (): void => {
    const version = database.dataVersion();
    if (version === seen && !failed) return;
    seen = version;
    failed = false;
    hub.wake();
  };
  let looking: Promise<void> | undefined;

  return {
    ...createObjectStore({ rows, clock, ids, admit, changed: () => hub.wake() }),
    ...createDocuments(rows),
    ...createSqliteEvents(database, clock, onError),
    decisionLog: createSqliteDecisionLog(database),
    ending: async () => 'No',
    watch: (kind, listener) => {
      looking ??= lookForever(clock, stop.signal, look, onError);
      return hub.subscribe(kind, listener);
    },
    close: () => {
      stop.abort();
      hub.close();
      database.close();
    },
  };
}

async function lookForever(clock: Clock, signal: AbortSignal, look: () => void, onError: (error: unknown) => void): Promise<void> {
  for (;;) {
    await clock.sleep(LOOK_INTERVAL, signal);
    if (signal.aborted) return;
    try {
      look();
    } catch (error) {
      onError(error);
    }
  }
}

const warn = (error: unknown): void => process.emitWarning(error instanceof Error ? error : String(error));
