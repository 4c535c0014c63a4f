/** Files and folders of a host, in memory. Relative paths start at the home folder. */
import { posix } from 'node:path';
import type { Files } from './evaluate.ts';

const HOME = '/root';

export class MemoryFiles implements Files {
  /** A folder has no text. */
  readonly #entries = new Map<string, string | undefined>([['/', undefined], [HOME, undefined]]);

  read(path: string): string | undefined {
    return this.#entries.get(at(path));
  }

  has(path: string): boolean {
    return this.#entries.has(at(path));
  }

  /** Names in a folder, sorted. */
  list(path: string): string[] {
    return [...this.#entries.keys()].filter((entry) => entry !== '/' && posix.dirname(entry) === at(path)).map((entry) => posix.basename(entry)).toSorted();
  }

  write(path: string, text: string, appends: boolean): string | undefined {
    if (!this.#isFolder(posix.dirname(at(path)))) return 'No such file or directory';
    this.#entries.set(at(path), `${appends ? this.read(path) ?? '' : ''}${text}`);
    return undefined;
  }

  makeFolder(path: string, withParents: boolean): string | undefined {
    const full = at(path);
    if (this.#entries.has(full)) return withParents ? undefined : `cannot create directory '${path}': File exists`;
    const parent = posix.dirname(full);
    if (!this.#isFolder(parent)) {
      if (!withParents) return `cannot create directory '${path}': No such file or directory`;
      this.makeFolder(parent, true);
    }
    this.#entries.set(full, undefined);
    return undefined;
  }

  remove(path: string, recursive: boolean): string | undefined {
    const full = at(path);
    if (!this.#entries.has(full)) return `cannot remove '${path}': No such file or directory`;
    if (this.#isFolder(full) && !recursive) return `cannot remove '${path}': Is a directory`;
    for (const entry of this.#entries.keys()) if (entry === full || entry.startsWith(`${full}/`)) this.#entries.delete(entry);
    return undefined;
  }

  #isFolder(path: string): boolean {
    return this.#entries.has(path) && this.#entries.get(path) === undefined;
  }
}

const at = (path: string): string => posix.resolve(HOME, path);
