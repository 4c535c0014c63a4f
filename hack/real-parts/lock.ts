/** One installation at a time in a cache folder. */
import { DatabaseSync } from 'node:sqlite';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 500;
const SQLITE_BUSY = 5;

/**
 * Runs `body` while holding the folder's lock; calls `waiting` once if another run holds it.
 * The lock is an exclusive transaction on a tiny database: the kernel releases it when its holder dies,
 * so a killed run never blocks the next one, and there is no stale lock file to judge.
 */
export async function withLock<T>(folder: string, waiting: () => void, body: () => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, 'lock.sqlite'), { timeout: 0 });
  try {
    let announced = false;
    while (!tryBegin(database)) {
      if (!announced) waiting();
      announced = true;
      await delay(POLL_MS);
    }
    return await body();
  } finally {
    database.close();
  }
}

function tryBegin(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return false;
    throw error;
  }
}
