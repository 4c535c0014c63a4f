import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ClassifiedError } from '../../model/index.ts';
import { classify } from './sqlite-database.ts';

export interface InstanceLock {
  release(): void;
}

const BUSY = 5;

/** Collected garbage closes its database, and with it the lock. */
const held = new Set<DatabaseSync>();

/**
 * Makes sure that one controller works on a store, by an exclusive transaction on a second, empty database beside it:
 * the kernel ends it with the process, however that ends, and the store itself stays open to the CLI.
 * Errors: `Conflict` while another instance holds it, `Unavailable` when the file cannot be made.
 */
export function acquireInstanceLock(storePath: string): InstanceLock {
  const path = `${storePath}.lock`;
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if ((error as { errcode?: number }).errcode === BUSY) {
      throw new ClassifiedError('Conflict', `another kamal-autoscaler runs on the store ${storePath}`, { mend: 'Stop it first, or give this one a store of its own.', cause: error });
    }
    throw classify(error, path);
  }
  const locked = database;
  held.add(locked);
  return {
    release: () => {
      if (held.delete(locked)) locked.close();
    },
  };
}
