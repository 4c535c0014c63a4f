import { withoutControls } from '../model/index.ts';
import { clipped, widthOf } from './text.ts';

export interface TableColumn {
  title: string;
  align: 'Left' | 'Right';
  /** At most one column of a table gives way where a line would be too wide. */
  elastic?: boolean;
}

/** The wider one, unless the line would be too long with it. */
const GAPS = [2, 1] as const;
/** An elastic column keeps as much: less tells nothing. */
const LEAST_ELASTIC = 12;

/**
 * Lines of a table without borders, as kubectl prints them. Remembers its widths, so that rows that come later stand
 * under the same titles; a wider cell widens its column from then on.
 */
export class TextTable {
  readonly #columns: readonly TableColumn[];
  /** Undefined: as wide as it gets. */
  readonly #width: number | undefined;
  #widths: number[];

  constructor(columns: readonly TableColumn[], width: number | undefined) {
    this.#columns = columns;
    this.#width = width;
    this.#widths = columns.map(({ title }) => widthOf(title));
  }

  header(): string {
    return this.#line(this.#columns.map(({ title }) => title));
  }

  /** Makes room for rows before any is printed. */
  measure(rows: readonly (readonly string[])[]): void {
    for (const row of rows) this.#widths = this.#widths.map((width, index) => Math.max(width, widthOf(row[index] ?? '')));
  }

  rows(rows: readonly (readonly string[])[]): string[] {
    this.measure(rows);
    return rows.map((row) => this.#line(row));
  }

  #line(cells: readonly string[]): string {
    const { widths, gap } = this.#fitted();
    return this.#columns.map(({ align }, index) => {
      const width = widths[index] ?? 0;
      const text = clipped(withoutControls(cells[index] ?? ''), width);
      const padding = ' '.repeat(Math.max(0, width - widthOf(text)));
      return align === 'Right' ? padding + text : text + padding;
    }).join(' '.repeat(gap)).trimEnd();
  }

  #fitted(): { widths: number[]; gap: number } {
    const elastic = this.#columns.findIndex((column) => column.elastic === true);
    const [wide, narrow] = GAPS;
    const room = this.#width;
    const wanted = this.#widths[elastic];
    if (room === undefined || wanted === undefined) return { widths: this.#widths, gap: wide };
    const others = this.#widths.reduce((sum, width) => sum + width, -wanted);
    const left = (gap: number): number => room - others - gap * (this.#widths.length - 1);
    const gap = left(wide) < Math.min(wanted, LEAST_ELASTIC) ? narrow : wide;
    const fitted = Math.min(wanted, Math.max(widthOf(this.#columns[elastic]?.title ?? ''), left(gap)));
    return { widths: this.#widths.map((width, index) => (index === elastic ? fitted : width)), gap };
  }
}

/** Header and rows of a whole table. */
export function tableLines(columns: readonly TableColumn[], rows: readonly (readonly string[])[], width: number | undefined): string[] {
  const table = new TextTable(columns, width);
  const lines = table.rows(rows);
  return [table.header(), ...lines];
}
