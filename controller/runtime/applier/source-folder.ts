import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../model/index.ts';
import { LONGEST_FILE, type PlacedProblem, type SourceFile } from './read-documents.ts';

export interface FolderContent {
  files: SourceFile[];
  /** The folder, or files in it, that cannot be read. */
  errors: PlacedProblem[];
}

/** The YAML files directly in a folder, in the order of their names; hidden ones are editors' own and left out. */
export async function readFolder(folder: string): Promise<FolderContent> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    return { files: [], errors: [unreadable(folder, error, 'what was applied from it stays')] };
  }
  const content: FolderContent = { files: [], errors: [] };
  for (const name of names.filter((candidate) => /\.ya?ml$/.test(candidate) && !candidate.startsWith('.')).sort()) {
    const path = join(folder, name);
    try {
      const what = await unreadableFile(path);
      if (what === undefined) content.files.push({ name: path, text: await readFile(path, 'utf8') });
      else content.errors.push({ place: { file: path, line: 1, column: 1 }, message: `${what}: what was applied from it stays` });
    } catch (error) {
      content.errors.push(unreadable(path, error, 'what was applied from it stays'));
    }
  }
  return content;
}

/** Why a file is not even opened: a pipe has no end, and what is far too large for policies need not be in memory. */
async function unreadableFile(path: string): Promise<string | undefined> {
  const found = await stat(path);
  if (!found.isFile()) return 'is no file';
  return found.size > 4 * LONGEST_FILE ? `has ${found.size} bytes, more than policies and pools can have` : undefined;
}

function unreadable(path: string, error: unknown, consequence: string): PlacedProblem {
  const code = (error as NodeJS.ErrnoException).code;
  const what = code === 'ENOENT' ? 'is not there' : `cannot be read (${code ?? messageOf(error)})`;
  return { place: { file: path, line: 1, column: 1 }, message: `${what}: ${consequence}` };
}

/**
 * Notices that something in a folder may have changed. Only a hint, to be faster than looking: it misses changes on
 * network file systems, and below links.
 */
export interface FolderHint {
  /** Follows the folder that has the path now; it may have been replaced or come back. */
  refresh(): Promise<void>;
  close(): void;
}

export function hintOn(folder: string, changed: () => void): FolderHint {
  let watcher: FSWatcher | undefined;
  let identity: string | undefined;
  const drop = (): void => {
    watcher?.close();
    watcher = undefined;
    identity = undefined;
  };
  return {
    refresh: async () => {
      const now = await identityOf(folder);
      if (now === identity) return;
      drop();
      if (now === undefined) return;
      try {
        watcher = watch(folder, changed);
        // Too many watches, or the folder is gone again: the regular look remains.
        watcher.on('error', drop);
        identity = now;
      } catch {
        drop();
      }
    },
    close: drop,
  };
}

/** Device and inode, which tell a folder from its successor under the same name. */
async function identityOf(folder: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(folder);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
