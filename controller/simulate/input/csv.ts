import { ClassifiedError, fromTimestamp } from '../../model/index.ts';
import { PointCollector, type Recording } from './points.ts';

/**
 * Lines of a CSV file of rates: a header `seconds,rps` or `time,rps` (RFC 3339), then a row a bin with the time at which
 * it begins and its mean requests a second; further columns are not read. Line by line, so that a file need not be held.
 */
export class CsvReader {
  readonly #file: string;
  readonly #points: PointCollector;
  #line = 0;
  #columns: { time: number; rate: number; of: 'seconds' | 'time' } | undefined;

  constructor(file: string) {
    this.#file = file;
    this.#points = new PointCollector(file);
  }

  /** Throws Invalid, naming file, line, field and value. */
  add(text: string): void {
    this.#line++;
    if (text.trim() === '') return;
    const cells = text.split(',').map((cell) => cell.trim());
    if (this.#columns === undefined) {
      this.#columns = this.#header(cells);
      return;
    }
    const { time, rate, of } = this.#columns;
    this.#points.add(this.#second(cells[time] ?? '', of), this.#rate(cells[rate] ?? ''), `${this.#file}:${this.#line}`);
  }

  finish(): Recording {
    const { trace, firstSecond, holes } = this.#points.finish();
    return { trace, holes, begin: this.#columns?.of === 'time' ? firstSecond * 1000 : undefined };
  }

  #header(cells: readonly string[]): { time: number; rate: number; of: 'seconds' | 'time' } {
    const of = cells.includes('time') ? 'time' : 'seconds';
    const [time, rate] = [cells.indexOf(of), cells.indexOf('rps')];
    if (time >= 0 && rate >= 0) return { time, rate, of };
    throw this.#invalid(`header ${shown(cells.join(','))} has no column "seconds" or "time", or none "rps"`, 'begin the file with the line seconds,rps or time,rps');
  }

  #second(cell: string, of: 'seconds' | 'time'): number {
    const second = of === 'time' ? (fromTimestamp(cell) ?? NaN) / 1000 : cell === '' ? NaN : Number(cell);
    if (Number.isFinite(second)) return second;
    throw this.#invalid(`${of} ${shown(cell)} is no time`, of === 'time' ? 'write RFC 3339, such as 2026-11-23T12:00:00Z' : 'write a number of seconds');
  }

  #rate(cell: string): number {
    const rate = cell === '' ? NaN : Number(cell);
    if (Number.isFinite(rate) && rate >= 0) return rate;
    throw this.#invalid(`rps ${shown(cell)} is no rate`, 'write requests a second as a number from 0 on');
  }

  #invalid(message: string, mend: string): ClassifiedError {
    return new ClassifiedError('Invalid', `${this.#file}:${this.#line}: ${message}`, { mend });
  }
}

/** A line may be long, and need not be text. */
const shown = (text: string): string => JSON.stringify(text.length <= 60 ? text : `${text.slice(0, 59)}…`);
