import type { Kind, ObjectKey } from '../../api/index.ts';
import type { Change } from '../../ports/index.ts';

/** One entry of the change log. Revisions grow over all kinds; an object's resourceVersion is the revision of its last change. */
export interface ChangeRow {
  revision: number;
  type: Change['type'];
  /** The object as JSON, as it was after the change; of a deletion, as it was last. */
  text: string;
}

export interface Snapshot {
  revision: number;
  /** Objects as JSON, ordered by namespace and name. */
  texts: string[];
}

/**
 * Where objects lie: rows of JSON text and a bounded log of changes. It knows no API semantics, so that both the
 * memory and the SQLite store get theirs from one place. Text in and text out makes every read a copy.
 * Errors: `Unavailable` when the rows cannot be read or written.
 */
export interface Rows {
  /** All or nothing for what `work` writes; no other writer comes in between. `work` throws only before it writes. */
  write<T>(work: () => T): T;
  /** The next revision; only within `write`. */
  nextRevision(): number;
  find(kind: Kind, key: ObjectKey): string | undefined;
  put(kind: Kind, key: ObjectKey, text: string): void;
  remove(kind: Kind, key: ObjectKey): void;
  /** Appends to the change log; only within `write`. */
  record(kind: Kind, change: ChangeRow): void;
  /** Ordered by namespace and name, as an API server lists. */
  scan(kind: Kind, namespace?: string): string[];
  /** All objects of a kind together with the revision at which that was so. */
  snapshot(kind: Kind): Snapshot;
  /** Changes after a revision in order; undefined when the log no longer reaches back so far. */
  changesAfter(kind: Kind, revision: number): ChangeRow[] | undefined;
}

/** Changes that the log keeps; a watcher that falls further behind lists again. */
export const KEPT_CHANGES = 2000;
