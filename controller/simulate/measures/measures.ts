import type { RunTotals, Tick } from '../world/run.ts';
import { Instability } from './instability.ts';
import { type SecondsByCause, causeOf, noSeconds } from './shortage.ts';

/** What a run was like, of its evaluated span; docs/simulate.md explains each. */
export interface Measures {
  days: number;
  /** Booting and draining ones included: what is billed by the second. */
  hostHours: number;
  startedHours: number;
  /** Seconds a day with fewer hosts ready than needed. */
  shortSecondsPerDay: number;
  /** The same by why they were missing. */
  shortSecondsPerDayBy: SecondsByCause;
  /** Per cent of requests that arrived while the modelled P95 was above the limit. */
  badPercent: number;
  /** Per cent of requests that were turned away after waiting was full. */
  turnedAwayPercent: number;
  /** Changes of the number of hosts a day. */
  actionsPerDay: number;
  startsPerDay: number;
  stopsPerDay: number;
  /** θ_U: mean missing share of what is needed, per cent. */
  underAccuracy: number;
  /** θ_O: mean excess in shares of what is needed (not of what is there), per cent. */
  overAccuracy: number;
  /** τ_U: share of the time with too few hosts, per cent. */
  underTimeshare: number;
  /** τ_O: with too many. */
  overTimeshare: number;
  /** υ: share of the time, by minutes, in which hosts and need did not change in the same direction, per cent. */
  instability: number;
}

const DAY = 86_400;

/** Adds up the ticks of one run in constant memory. */
export class Tally {
  readonly #p95LimitSeconds: number;
  readonly #maxHosts: number;
  readonly #shortBy = noSeconds();
  readonly #instability = new Instability();
  #seconds = 0;
  #hostSeconds = 0;
  #shortSeconds = 0;
  #overSeconds = 0;
  #missing = 0;
  #excess = 0;
  #requests = 0;
  #bad = 0;
  #turnedAway = 0;

  constructor({ p95LimitSeconds, maxHosts }: { p95LimitSeconds: number; maxHosts: number }) {
    this.#p95LimitSeconds = p95LimitSeconds;
    this.#maxHosts = maxHosts;
  }

  add(tick: Tick): void {
    const { second, seconds, rate, needed, ready, booting, draining, p95Seconds, turnedAway } = tick;
    const requests = rate * seconds;
    this.#seconds += seconds;
    this.#hostSeconds += (ready + booting + draining) * seconds;
    this.#requests += requests;
    if (p95Seconds > this.#p95LimitSeconds) this.#bad += requests;
    this.#turnedAway += turnedAway;
    const cause = causeOf(tick, this.#maxHosts);
    if (cause !== undefined) {
      this.#shortSeconds += seconds;
      this.#shortBy[cause] += seconds;
      this.#missing += ((needed - ready) / needed) * seconds;
    } else if (ready > needed && needed > 0) {
      this.#overSeconds += seconds;
      this.#excess += ((ready - needed) / needed) * seconds;
    }
    this.#instability.add(second, needed, ready);
  }

  measures({ startedHours, starts, stops, changes }: RunTotals): Measures {
    const days = this.#seconds / DAY;
    const share = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);
    return {
      days,
      hostHours: this.#hostSeconds / 3600,
      startedHours,
      shortSecondsPerDay: this.#shortSeconds / days,
      shortSecondsPerDayBy: { Ceiling: this.#shortBy.Ceiling / days, Booting: this.#shortBy.Booting / days, NotOrdered: this.#shortBy.NotOrdered / days },
      badPercent: share(this.#bad, this.#requests),
      turnedAwayPercent: share(this.#turnedAway, this.#requests),
      actionsPerDay: changes / days,
      startsPerDay: starts / days,
      stopsPerDay: stops / days,
      underAccuracy: share(this.#missing, this.#seconds),
      overAccuracy: share(this.#excess, this.#seconds),
      underTimeshare: share(this.#shortSeconds, this.#seconds),
      overTimeshare: share(this.#overSeconds, this.#seconds),
      instability: this.#instability.percent,
    };
  }
}
