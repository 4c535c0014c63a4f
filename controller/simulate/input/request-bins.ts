import { ClassifiedError } from '../../model/index.ts';
import type { Instant } from '../../model/index.ts';
import type { LoggedRequest } from './log-line.ts';
import type { Recording } from './points.ts';

const BIN_SECONDS = 15;
/** Half a year of them; then two become one. */
const MOST_BINS = 2 ** 20;
/** A log is written when requests end, so its first line need not be the first request. */
const BEFORE_FIRST_MS = 3_600_000;
/** Buckets of durations from 0.1 ms on, ten a decade. */
const DURATION_BUCKETS = 80;
const LEAST_DURATION_SECONDS = 1e-4;

/** Requests counted by time, in bounded memory however long the log is. */
export class RequestBins {
  #binSeconds = BIN_SECONDS;
  #counts = new Float64Array(4096);
  #begin: Instant | undefined;
  #first = Infinity;
  #last = -1;
  #tooEarly = 0;
  readonly #durations = new Float64Array(DURATION_BUCKETS);
  requests = 0;

  add({ at, durationSeconds }: LoggedRequest): void {
    // Bins begin at whole minutes, so that they can be compared with other sources.
    this.#begin ??= Math.floor((at - BEFORE_FIRST_MS) / 60_000) * 60_000;
    let bin = Math.floor((at - this.#begin) / (this.#binSeconds * 1000));
    if (bin < 0) {
      this.#tooEarly++;
      return;
    }
    while (bin >= MOST_BINS) {
      this.#joinPairs();
      bin = Math.floor((at - this.#begin) / (this.#binSeconds * 1000));
    }
    if (bin >= this.#counts.length) {
      const longer = new Float64Array(Math.min(MOST_BINS, Math.max(bin + 1, this.#counts.length * 2)));
      longer.set(this.#counts);
      this.#counts = longer;
    }
    this.#counts[bin]! += 1;
    this.requests++;
    this.#first = Math.min(this.#first, bin);
    this.#last = Math.max(this.#last, bin);
    if (durationSeconds !== undefined) this.#durations[bucketOf(durationSeconds)]! += 1;
  }

  /**
   * The load, without the first and the last bin, which are not whole. Throws Invalid when hardly anything is left.
   * `tooEarly` counts lines from more than an hour before the first one: another log's, or a clock that was set.
   */
  finish(source: string): Recording & { tooEarly: number } {
    const rates = this.#counts.slice(this.#first + 1, this.#last).map((count) => count / this.#binSeconds);
    if (this.#begin === undefined || rates.length < 2) {
      throw new ClassifiedError('Invalid', `${source} has ${this.requests} requests within less than a minute`, { mend: 'give some hours of log at least' });
    }
    return { trace: { binSeconds: this.#binSeconds, rates }, begin: this.#begin + (this.#first + 1) * this.#binSeconds * 1000, holes: 0, tooEarly: this.#tooEarly };
  }

  /**
   * Mean time of a request without waiting, from the median duration as if durations were exponential: the mean itself
   * would be that of a few downloads and long polls. Undefined where the log has no durations.
   */
  get serviceSeconds(): number | undefined {
    const all = this.#durations.reduce((sum, count) => sum + count, 0);
    if (all === 0) return undefined;
    let below = 0;
    for (let bucket = 0; bucket < DURATION_BUCKETS; bucket++) {
      const count = this.#durations[bucket]!;
      if (below + count >= all / 2) {
        const position = bucket + (all / 2 - below) / count;
        return (LEAST_DURATION_SECONDS * 10 ** (position / 10)) / Math.LN2;
      }
      below += count;
    }
    return undefined;
  }

  #joinPairs(): void {
    const half = this.#counts.length / 2;
    for (let bin = 0; bin < half; bin++) this.#counts[bin] = this.#counts[2 * bin]! + this.#counts[2 * bin + 1]!;
    this.#counts.fill(0, half);
    this.#binSeconds *= 2;
    this.#first = Math.floor(this.#first / 2);
    this.#last = Math.floor(this.#last / 2);
  }
}

const bucketOf = (seconds: number): number =>
  Math.min(DURATION_BUCKETS - 1, Math.max(0, Math.floor(10 * Math.log10(seconds / LEAST_DURATION_SECONDS))));
