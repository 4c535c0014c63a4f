import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ClassifiedError, messageOf } from '../../model/index.ts';

/** Stamp of the tables below, kept as SQLite's user_version; a store with a higher one belongs to a newer program. */
export const SCHEMA_VERSION = 1;

/** SQLite's application_id of this program's stores: `kmas`. */
const APPLICATION_ID = 0x6b6d6173;

/** Longest wait for another process that writes, in milliseconds. The CLI's writes take one or two. */
const BUSY_TIMEOUT = 5000;

const TABLES = `
  CREATE TABLE revision (only INTEGER PRIMARY KEY CHECK (only = 1), value INTEGER NOT NULL);
  INSERT INTO revision VALUES (1, 0);
  CREATE TABLE objects (kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (kind, namespace, name));
  CREATE TABLE changes (revision INTEGER PRIMARY KEY, kind TEXT NOT NULL, type TEXT NOT NULL, text TEXT NOT NULL);
  CREATE TABLE documents (name TEXT PRIMARY KEY, version INTEGER NOT NULL, text TEXT NOT NULL);
  CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, identity TEXT NOT NULL UNIQUE, subject TEXT NOT NULL, text TEXT NOT NULL);
  CREATE INDEX events_of_subject ON events (subject, id);
  CREATE TABLE decisions (id INTEGER PRIMARY KEY AUTOINCREMENT, policy TEXT NOT NULL, text TEXT NOT NULL);
  CREATE INDEX decisions_of_policy ON decisions (policy, id);
`;

/** What to do when there is no file: the controller makes one, a command that only looks must not. */
export type WhenMissing = 'Create' | 'Refuse';

/** One SQLite file with durable writes. Every failure is a ClassifiedError that names the file. */
export interface Database {
  /** All or nothing, with no other writer in between; what `work` throws undoes its writes. */
  write<T>(work: () => T): T;
  /** All reads of `work` see the same state. */
  read<T>(work: () => T): T;
  /** A prepared statement. */
  statement(sql: string): Statement;
  /** Grows when another connection wrote. */
  dataVersion(): number;
  close(): void;
}

export type Value = string | number;

export interface Statement {
  run(...values: Value[]): void;
  row(...values: Value[]): Record<string, Value> | undefined;
  rows(...values: Value[]): Record<string, Value>[];
}

/** Opens the file and makes its tables when they are not there. Errors: `Unavailable`. */
export function openDatabase(path: string, missing: WhenMissing): Database {
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw classify(error, path);
    }
  };
  const database = guarded(() => open(path, missing));
  const version = database.prepare('PRAGMA data_version');

  const within = <T>(begin: string, work: () => T): T => guarded(() => {
    database.exec(begin);
    try {
      const result = work();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite rolls back by itself on some errors, a full disk among them.
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  });

  return {
    write: (work) => within('BEGIN IMMEDIATE', work),
    read: (work) => within('BEGIN', work),
    statement: (sql) => {
      const prepared = guarded(() => database.prepare(sql));
      return {
        run: (...values) => void guarded(() => prepared.run(...values)),
        row: (...values) => guarded(() => prepared.get(...values)) as Record<string, Value> | undefined,
        rows: (...values) => guarded(() => prepared.all(...values)) as Record<string, Value>[],
      };
    },
    dataVersion: () => guarded(() => (version.get() as { data_version: number }).data_version),
    close: () => {
      if (database.isOpen) database.close();
    },
  };
}

function open(path: string, missing: WhenMissing): DatabaseSync {
  if (missing === 'Refuse' && !existsSync(path)) {
    throw new ClassifiedError('Unavailable', `store ${path} does not exist`, { mend: 'Start the controller first, or name the store that it uses.' });
  }
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT });
  try {
    checkStamp(database, path);
    const mode = database.prepare('PRAGMA journal_mode = WAL').get() as { journal_mode: string };
    if (mode.journal_mode !== 'wal') {
      throw new ClassifiedError('Unavailable', `store ${path} cannot use a write-ahead log`, { mend: 'Put the store on a local disk; network file systems cannot share it between processes.' });
    }
    // Without FULL a power cut may take back the intent to buy a server that was bought.
    database.exec('PRAGMA synchronous = FULL');
    createTables(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

const stampOf = (database: DatabaseSync): { version: number; application: number; tables: number } => ({
  version: (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version,
  application: (database.prepare('PRAGMA application_id').get() as { application_id: number }).application_id,
  tables: (database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as { tables: number }).tables,
});

function checkStamp(database: DatabaseSync, path: string): void {
  const { version, application, tables } = stampOf(database);
  if (tables > 0 && application !== APPLICATION_ID) {
    throw new ClassifiedError('Unavailable', `${path} is a database of another program`, { mend: 'Name another file for the store.' });
  }
  if (version > SCHEMA_VERSION) {
    throw new ClassifiedError('Unavailable', `store ${path} was written by a newer kamal-autoscaler: it has version ${version}, this program knows ${SCHEMA_VERSION}`, {
      mend: 'Run the newer kamal-autoscaler, or name another file for the store.',
    });
  }
}

function createTables(database: DatabaseSync): void {
  if (stampOf(database).tables > 0) return;
  database.exec('BEGIN IMMEDIATE');
  // Another process may have made them since.
  if (stampOf(database).tables === 0) {
    database.exec(TABLES);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  }
  database.exec('COMMIT');
}

/** SQLite's primary result codes that a person can do something about. */
const MENDS: Record<number, (path: string) => string> = {
  5: (path) => `Another process holds ${path} for long; look which one with lsof.`,
  6: (path) => `Another process holds ${path} for long; look which one with lsof.`,
  8: (path) => `Make ${path} and its folder writable for this user.`,
  10: (path) => `Look after the disk of ${path}; the system log says more.`,
  11: (path) => `${path} is damaged: put a backup in its place; labelled servers are adopted.`,
  13: (path) => `Free space on the disk of ${path}.`,
  14: (path) => `Make the folder of ${path} readable and writable for this user.`,
  26: (path) => `${path} is no SQLite database: name another file for the store.`,
};

/** Any failure of the file system or of SQLite; others pass as they are. */
export function classify(error: unknown, path: string): unknown {
  if (error instanceof ClassifiedError || !(error instanceof Error)) return error;
  const { errcode, code, syscall } = error as { errcode?: number; code?: string; syscall?: string };
  if (errcode !== undefined) {
    const mend = MENDS[errcode & 0xff];
    const text = `store ${path}: ${messageOf(error)}`;
    return mend === undefined ? new ClassifiedError('Defect', text, { cause: error }) : new ClassifiedError('Unavailable', text, { mend: mend(path), cause: error });
  }
  if (syscall === undefined) return error;
  return new ClassifiedError('Unavailable', `store ${path}: ${code ?? messageOf(error)}`, { mend: `Make the folder of ${path} writable for this user.`, cause: error });
}
