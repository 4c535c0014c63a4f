import { ClassifiedError } from '../../model/index.ts';
import type { Instant } from '../../model/index.ts';
import type { Trace } from '../world/trace.ts';

/** A recorded load. */
export interface Recording {
  trace: Trace;
  /** When second 0 of the trace was; undefined where only seconds are known. */
  begin: Instant | undefined;
  /** Bins without a value, filled on the line between their neighbours. */
  holes: number;
}

/** More would be a mistake of units; a year by the second is half of it. */
const MOST_BINS = 2 ** 26;

/**
 * Points at equal distances, one by one, as a trace. Eight bytes a point and nothing else. The distance is that of the
 * first two points, unless it is given; missing points are holes.
 */
export class PointCollector {
  /** What the points come from, for errors. */
  readonly #source: string;
  #binSeconds: number | undefined;
  #rates = new Float64Array(1024).fill(NaN);
  #first: number | undefined;
  #last = -1;

  constructor(source: string, binSeconds?: number) {
    this.#source = source;
    this.#binSeconds = binSeconds;
  }

  /** `second` counted from any time. Throws Invalid, naming `place`, for points that go back in time or lie between the bins. */
  add(second: number, rate: number, place: string): void {
    if (this.#first === undefined) {
      this.#first = second;
      this.#rates[0] = rate;
      this.#last = 0;
      return;
    }
    this.#binSeconds ??= second - this.#first;
    const position = (second - this.#first) / this.#binSeconds;
    const index = Math.round(position);
    if (!(index > this.#last)) throw new ClassifiedError('Invalid', `${place}: time ${second} s is not after the row before`, { mend: 'sort the rows by time, one a time' });
    if (Math.abs(position - index) > 0.01) {
      throw new ClassifiedError('Invalid', `${place}: time ${second} s is no multiple of ${this.#binSeconds} s after the first row`, { mend: 'give rows at equal distances; missing ones are filled' });
    }
    if (index >= MOST_BINS) throw new ClassifiedError('Invalid', `${place}: more than ${MOST_BINS} bins of ${this.#binSeconds} s since the first row`, { mend: 'check the unit of time, which is seconds or RFC 3339' });
    if (index >= this.#rates.length) {
      const longer = new Float64Array(Math.max(this.#rates.length * 2, index + 1)).fill(NaN);
      longer.set(this.#rates);
      this.#rates = longer;
    }
    this.#rates[index] = rate;
    this.#last = index;
  }

  /** Throws Invalid when there are fewer than two points. */
  finish(): { trace: Trace; firstSecond: number; holes: number } {
    if (this.#first === undefined || this.#binSeconds === undefined) {
      throw new ClassifiedError('Invalid', `${this.#source} has fewer than two points`, { mend: 'give some hours of history at least' });
    }
    const rates = this.#rates.slice(0, this.#last + 1);
    return { trace: { binSeconds: this.#binSeconds, rates }, firstSecond: this.#first, holes: fillHoles(rates) };
  }
}

/** Puts a line through holes, in place; there is a value at both ends. */
function fillHoles(rates: Float64Array): number {
  let holes = 0;
  let before = 0;
  for (let index = 1; index < rates.length; index++) {
    if (Number.isNaN(rates[index])) continue;
    for (let hole = before + 1; hole < index; hole++) {
      rates[hole] = rates[before]! + ((rates[index]! - rates[before]!) * (hole - before)) / (index - before);
      holes++;
    }
    before = index;
  }
  return holes;
}
