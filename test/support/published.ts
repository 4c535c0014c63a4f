import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A row of the table of what others reach, as it was published: cells by trace. */
export type PublishedRow = Readonly<Record<string, readonly number[]>>;

/** What the numbers of a cell are, in order. */
export const CELLS = ['cost', 'cost_h', 'viol', 'bad %', 'actions'] as const;

const FILE = join(process.env['KAMAL_AUTOSCALER_SHARED'] ?? join(import.meta.dirname, '..', '..', '..', 'shared'), 'facts', 'elasticity.md');

/** Rows by the begin of their first cell. Throws when there is no such row: then the table has changed. */
export function publishedRow(beginning: string): PublishedRow {
  const table = readFileSync(FILE, 'utf8').split('\n').filter((line) => line.startsWith('|')).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
  const head = table.find(([first]) => first === 'algorithm');
  const row = table.find(([first, second]) => first?.startsWith(beginning) === true && second?.includes(' / ') === true);
  if (head === undefined || row === undefined) throw new Error(`${FILE} has no row ${JSON.stringify(beginning)}`);
  return Object.fromEntries(head.slice(1).map((trace, index) => [trace, row[index + 1]!.split(' / ').map(Number)]));
}
