import type { Tick } from '../world/run.ts';

/** A run over time in equal slots, few enough to be drawn. Columns of equal length. */
export interface Course {
  /** Second of the trace at which the first slot begins. */
  from: number;
  slotSeconds: number;
  /** Mean requests a second. */
  rate: number[];
  /** Most hosts needed in the slot. */
  needed: number[];
  /** Fewest hosts ready in the slot. */
  ready: number[];
  /** Seconds of the slot with fewer ready than needed. */
  shortSeconds: number[];
}

const MOST_SLOTS = 20_480;
const LEAST_SLOT_SECONDS = 60;

/** Records the course of a run in bounded memory: slots are joined two by two when they become too many. */
export class CourseRecorder {
  readonly #course: Course;
  #seconds = 0;
  #requests = 0;
  #needed = 0;
  #ready = Infinity;
  #short = 0;

  constructor(from: number, tickSeconds: number) {
    this.#course = { from, slotSeconds: Math.max(LEAST_SLOT_SECONDS, tickSeconds), rate: [], needed: [], ready: [], shortSeconds: [] };
  }

  add({ seconds, rate, needed, ready }: Tick): void {
    this.#seconds += seconds;
    this.#requests += rate * seconds;
    this.#needed = Math.max(this.#needed, needed);
    this.#ready = Math.min(this.#ready, ready);
    if (ready < needed) this.#short += seconds;
    if (this.#seconds >= this.#course.slotSeconds) this.#close();
  }

  get course(): Course {
    return this.#course;
  }

  #close(): void {
    const { rate, needed, ready, shortSeconds } = this.#course;
    rate.push(this.#requests / this.#seconds);
    needed.push(this.#needed);
    ready.push(this.#ready);
    shortSeconds.push(this.#short);
    this.#seconds = 0;
    this.#requests = 0;
    this.#needed = 0;
    this.#ready = Infinity;
    this.#short = 0;
    if (rate.length < MOST_SLOTS) return;
    this.#course.slotSeconds *= 2;
    joinPairs(rate, (one, other) => (one + other) / 2);
    joinPairs(needed, Math.max);
    joinPairs(ready, Math.min);
    joinPairs(shortSeconds, (one, other) => one + other);
  }
}

function joinPairs(values: number[], join: (one: number, other: number) => number): void {
  const pairs = values.length / 2;
  for (let pair = 0; pair < pairs; pair++) values[pair] = join(values[2 * pair]!, values[2 * pair + 1]!);
  values.length = pairs;
}
