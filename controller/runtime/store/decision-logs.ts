import { keyText } from '../../api/index.ts';
import type { DecisionLog, DecisionRecord } from '../../ports/index.ts';
import type { Database } from './sqlite-database.ts';

/** Records kept of one policy. */
export const KEPT_DECISIONS = 500;
/** Records kept of all policies together, so that policies long gone do not fill the disk. */
const KEPT_DECISIONS_OF_ALL = 50_000;

/** A ring in memory a policy; gone with the process. */
export function createMemoryDecisionLog({ kept = KEPT_DECISIONS }: { kept?: number } = {}): DecisionLog {
  const rings = new Map<string, string[]>();
  return {
    append: async (record) => {
      const name = keyText(record.policy);
      rings.set(name, [...(rings.get(name) ?? []), JSON.stringify(record)].slice(-kept));
    },
    recent: async (policy, count) => (rings.get(keyText(policy)) ?? []).toReversed().slice(0, count).map(parse),
  };
}

/** Records in the store's file, readable by other processes and after a restart. Errors: `Unavailable`. */
export function createSqliteDecisionLog(database: Database): DecisionLog {
  const add = database.statement('INSERT INTO decisions (policy, text) VALUES (?, ?)');
  const trim = database.statement('DELETE FROM decisions WHERE policy = ?1 AND id <= (SELECT id FROM decisions WHERE policy = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)');
  const trimAll = database.statement('DELETE FROM decisions WHERE id <= (SELECT max(id) FROM decisions) - ?');
  const newest = database.statement('SELECT text FROM decisions WHERE policy = ? ORDER BY id DESC LIMIT ?');
  return {
    append: async (record) => database.write(() => {
      const name = keyText(record.policy);
      add.run(name, JSON.stringify(record));
      trim.run(name, KEPT_DECISIONS);
      trimAll.run(KEPT_DECISIONS_OF_ALL);
    }),
    recent: async (policy, count) => newest.rows(keyText(policy), count).map(({ text }) => parse(String(text))),
  };
}

const parse = (text: string): DecisionRecord => JSON.parse(text) as DecisionRecord;
