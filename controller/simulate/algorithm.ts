import type { Moment } from './engine-input.ts';

/**
 * One run of an algorithm: called once an evaluation, in the order of time, with what one input line of `evaluate` says;
 * may remember. Answers the hosts to have, booting ones included. `metrics` has `rps`, `rpsLatest`, `cpu`, `p95` and `inFlight`.
 */
export type Decider = (moment: Moment) => number;

/** A way to decide that can be put into the simulated world. */
export interface Algorithm {
  /** Short, stable and unique: a key of the output. */
  name: string;
  /** For a reader who has never seen it, as one clause. */
  explanation: string;
  /** A fresh run without memory of others. */
  start(): Decider;
}
