import { keyText } from '../../api/index.ts';
import type { Clock, Store } from '../../ports/index.ts';
import { KEPT_EVENTS, identityOf } from './events.ts';
import type { EventReader, RecordedEvent } from './events.ts';
import type { Database } from './sqlite-database.ts';

/** Events in SQLite, bounded over all objects. Recording is best effort: a failure goes to `onError`. */
export function createSqliteEvents(database: Database, clock: Clock, onError: (error: unknown) => void): Pick<Store, 'recordEvent'> & EventReader {
  const known = database.statement('SELECT text FROM events WHERE identity = ?');
  const forget = database.statement('DELETE FROM events WHERE identity = ?');
  const add = database.statement('INSERT INTO events (identity, subject, text) VALUES (?, ?, ?)');
  const trim = database.statement('DELETE FROM events WHERE id <= (SELECT id FROM events ORDER BY id DESC LIMIT 1 OFFSET ?)');
  const of = database.statement('SELECT text FROM events WHERE subject = ? ORDER BY id');

  return {
    recordEvent: async (event) => {
      try {
        const identity = identityOf(event);
        database.write(() => {
          const row = known.row(identity);
          const repeated = row === undefined ? undefined : parse(row.text);
          const at = clock.now();
          const recorded: RecordedEvent = { ...event, count: (repeated?.count ?? 0) + 1, firstAt: repeated?.firstAt ?? at, lastAt: at };
          // Written anew rather than changed: ids are in the order of the last occurrence.
          forget.run(identity);
          add.run(identity, `${event.kind} ${keyText(event.key)}`, JSON.stringify(recorded));
          trim.run(KEPT_EVENTS);
        });
      } catch (error) {
        onError(error);
      }
    },
    events: async (kind, key) => of.rows(`${kind} ${keyText(key)}`).map(({ text }) => parse(text)),
  };
}

const parse = (text: unknown): RecordedEvent => JSON.parse(String(text)) as RecordedEvent;
