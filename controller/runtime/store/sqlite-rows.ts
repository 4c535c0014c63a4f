import type { Kind } from '../../api/index.ts';
import type { DocumentRows } from './documents.ts';
import { KEPT_CHANGES } from './rows.ts';
import type { ChangeRow, Rows } from './rows.ts';
import type { Database, Value } from './sqlite-database.ts';

/** Changes are dropped in lots, so that not every write pays for it. */
const LOT = 100;

/** Rows in SQLite; every write is durable when it returns. */
export function createSqliteRows(database: Database): Rows & DocumentRows {
  const bump = database.statement('UPDATE revision SET value = value + 1 RETURNING value');
  const revision = database.statement('SELECT value FROM revision');
  const find = database.statement('SELECT text FROM objects WHERE kind = ? AND namespace = ? AND name = ?');
  const put = database.statement('INSERT INTO objects VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET text = excluded.text');
  const remove = database.statement('DELETE FROM objects WHERE kind = ? AND namespace = ? AND name = ?');
  const scanAll = database.statement("SELECT text FROM objects WHERE kind = ? ORDER BY namespace || '/' || name");
  const scanOne = database.statement('SELECT text FROM objects WHERE kind = ? AND namespace = ? ORDER BY name');
  const record = database.statement('INSERT INTO changes VALUES (?, ?, ?, ?)');
  const drop = database.statement('DELETE FROM changes WHERE revision <= ?');
  const oldest = database.statement('SELECT min(revision) AS value FROM changes');
  const changes = database.statement('SELECT revision, type, text FROM changes WHERE kind = ? AND revision > ? ORDER BY revision');
  const findDocument = database.statement('SELECT version, text FROM documents WHERE name = ?');
  const putDocument = database.statement('INSERT INTO documents VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET version = excluded.version, text = excluded.text');

  const scan = (kind: Kind, namespace?: string): string[] =>
    (namespace === undefined ? scanAll.rows(kind) : scanOne.rows(kind, namespace)).map(textOf);

  return {
    write: (work) => database.write(work),
    nextRevision: () => Number(bump.row()?.value),
    find: (kind, { namespace, name }) => optionalText(find.row(kind, namespace, name)),
    put: (kind, { namespace, name }, text) => put.run(kind, namespace, name, text),
    remove: (kind, { namespace, name }) => remove.run(kind, namespace, name),
    record: (kind, change) => {
      record.run(change.revision, kind, change.type, change.text);
      if (change.revision % LOT === 0) drop.run(change.revision - KEPT_CHANGES);
    },
    scan,
    snapshot: (kind) => database.read(() => ({ revision: Number(revision.row()?.value), texts: scan(kind) })),
    changesAfter: (kind, since) => database.read(() => {
      // Every revision is one change: a gap before the oldest means that changes are missing.
      const first = Number(oldest.row()?.value ?? 0);
      return since + 1 < first ? undefined : (changes.rows(kind, since) as unknown as ChangeRow[]);
    }),
    findDocument: (name) => findDocument.row(name) as { version: number; text: string } | undefined,
    putDocument: (name, version, text) => putDocument.run(name, version, text),
  };
}

const textOf = (row: Record<string, Value>): string => String(row.text);
const optionalText = (row: Record<string, Value> | undefined): string | undefined => (row === undefined ? undefined : textOf(row));
