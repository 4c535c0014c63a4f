import { type Chance, gaussian } from './chance.ts';
import type { ScrapeParameters } from './parameters.ts';

/** What happened in the fleet during one tick. */
export interface TickFlow {
  arrived: number;
  completed: number;
  turnedAway: number;
  /** Of all hosts together. */
  busyHostSeconds: number;
  /** Of the requests that completed. */
  p95Seconds: number;
}

/** Counters at one scrape. */
interface Sample {
  at: number;
  completed: number;
  busySeconds: number;
  ready: number;
  /** Σ P95 · completed, for a mean weighted by requests. */
  slowness: number;
  inFlight: number;
}

export interface Metrics {
  rps: number | null;
  rpsLatest: number | null;
  cpu: number | null;
  p95: number | null;
  inFlight: number | null;
}

const NOTHING: Metrics = { rps: null, rpsLatest: null, cpu: null, p95: null, inFlight: null };

/** Counters, scraped at times and read later: what an autoscaler can know of the world. */
export class Meters {
  readonly #scrape: ScrapeParameters;
  readonly #chance: Chance;
  readonly #normal: () => number;
  /** The newest last; no more than a window needs. */
  #samples: Sample[] = [];
  #completed = 0;
  #busySeconds = 0;
  #slowness = 0;

  constructor(scrape: ScrapeParameters, chance: Chance) {
    this.#scrape = scrape;
    this.#chance = chance;
    this.#normal = gaussian(chance);
  }

  count({ arrived, completed, turnedAway, busyHostSeconds, p95Seconds }: TickFlow): void {
    const counted = this.#scrape.source === 'LoadBalancer' ? completed + turnedAway : completed;
    const error = Math.sqrt(arrived) * this.#normal() + this.#scrape.noise * counted * this.#normal();
    const increase = Math.max(0, counted + error);
    this.#completed += increase;
    this.#busySeconds += counted > 0 ? (busyHostSeconds * increase) / counted : busyHostSeconds;
    this.#slowness += increase * p95Seconds;
  }

  scrape(now: number, ready: number, inFlight: number): void {
    if (this.#scrape.lost > 0 && this.#chance() < this.#scrape.lost) return;
    this.#samples.push({ at: now, completed: this.#completed, busySeconds: this.#busySeconds, slowness: this.#slowness, ready, inFlight });
    // One more than the window, so that a value from before the newest visible one can be read too.
    const most = Math.ceil((this.#scrape.windowSeconds + this.#scrape.delaySeconds) / this.#scrape.everySeconds) + 3;
    if (this.#samples.length > most) this.#samples.shift();
  }

  /** What is visible at a time. Null before two scrapes were seen. */
  read(now: number, ready: number): Metrics {
    let newest = this.#samples.length - 1;
    while (newest >= 0 && this.#samples[newest]!.at + this.#scrape.delaySeconds > now) newest--;
    if (newest < 1) return NOTHING;
    const end = this.#samples[newest]!;
    let first = newest;
    while (first > 0 && end.at - this.#samples[first - 1]!.at <= this.#scrape.windowSeconds) first--;
    if (first === newest) first--;
    const begin = this.#samples[first]!;
    const before = this.#samples[newest - 1]!;
    const completed = end.completed - begin.completed;
    return {
      rps: completed / (end.at - begin.at),
      rpsLatest: (end.completed - before.completed) / (end.at - before.at),
      cpu: this.#scrape.source === 'LoadBalancer' ? null : cpuOf(ready, end.busySeconds - begin.busySeconds, end.at - begin.at),
      p95: completed > 0 ? (end.slowness - begin.slowness) / completed : null,
      inFlight: end.inFlight,
    };
  }
}

/** Mean over the hosts in service of what each did within the window, so that a new one shows little as yet. */
const cpuOf = (ready: number, busySeconds: number, seconds: number): number | null =>
  ready === 0 ? null : Math.min(100, (100 * busySeconds) / (seconds * ready));
