import { keyText } from '../../api/index.ts';
import type { Kind } from '../../api/index.ts';
import { KEPT_CHANGES } from './rows.ts';
import type { ChangeRow, Rows } from './rows.ts';

/** Rows that live as long as the process. Revisions grow from `revision` on. */
export function createMemoryRows(revision = 0): Rows {
  const byKind = new Map<Kind, Map<string, { namespace: string; text: string }>>();
  let log: (ChangeRow & { kind: Kind })[] = [];
  /** Revision of the newest change that the log has dropped. */
  let dropped = revision;

  const table = (kind: Kind): Map<string, { namespace: string; text: string }> => {
    const existing = byKind.get(kind);
    if (existing !== undefined) return existing;
    const fresh = new Map<string, { namespace: string; text: string }>();
    byKind.set(kind, fresh);
    return fresh;
  };

  const scan = (kind: Kind, namespace?: string): string[] => [...table(kind)]
    .filter(([, row]) => namespace === undefined || row.namespace === namespace)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, row]) => row.text);

  return {
    write: (work) => work(),
    nextRevision: () => ++revision,
    find: (kind, key) => table(kind).get(keyText(key))?.text,
    put: (kind, key, text) => void table(kind).set(keyText(key), { namespace: key.namespace, text }),
    remove: (kind, key) => void table(kind).delete(keyText(key)),
    record: (kind, change) => {
      log.push({ kind, ...change });
      if (log.length <= 2 * KEPT_CHANGES) return;
      dropped = log.at(-KEPT_CHANGES - 1)?.revision ?? 0;
      log = log.slice(-KEPT_CHANGES);
    },
    scan,
    snapshot: (kind) => ({ revision, texts: scan(kind) }),
    changesAfter: (kind, since) => (since < dropped ? undefined : log.slice(after(log, since)).filter((change) => change.kind === kind)),
  };
}

/** Index of the first change after a revision; the log is ordered by revision. */
function after(log: readonly ChangeRow[], revision: number): number {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (log[middle]!.revision <= revision) low = middle + 1;
    else high = middle;
  }
  return low;
}
