import type { Tick } from '../world/run.ts';
import { type SecondsByCause, causeOf, noSeconds } from './shortage.ts';

/** The ten minutes in which the most requests met a P95 over the limit or were turned away. */
export interface WorstMinutes {
  /** Second of the trace at which they begin. */
  from: number;
  seconds: number;
  requests: number;
  badRequests: number;
  turnedAway: number;
  rateBefore: number;
  rateMost: number;
  neededMost: number;
  readyLeast: number;
  bootingMost: number;
  p95Most: number;
  shortSeconds: SecondsByCause;
  /** Hosts let go in the ten minutes before, which would have been of use. */
  releasedBefore: number;
}

const WINDOW_SECONDS = 600;

/** What of a tick the window keeps. */
type Kept = Pick<Tick, 'second' | 'rate' | 'needed' | 'ready' | 'booting' | 'p95Seconds' | 'turnedAway'>;

/** Finds them in one pass; keeps twenty minutes of ticks. */
export class WorstFinder {
  readonly #limitSeconds: number;
  readonly #maxHosts: number;
  readonly #tickSeconds: number;
  /** A window and as much before it, for what led to it. */
  #kept: Kept[] = [];
  #bad = 0;
  #worstBad = 0;
  #worst: WorstMinutes | undefined;

  constructor({ p95LimitSeconds, maxHosts, tickSeconds }: { p95LimitSeconds: number; maxHosts: number; tickSeconds: number }) {
    this.#limitSeconds = p95LimitSeconds;
    this.#maxHosts = maxHosts;
    this.#tickSeconds = tickSeconds;
  }

  add({ second, rate, needed, ready, booting, p95Seconds, turnedAway }: Tick): void {
    const window = Math.ceil(WINDOW_SECONDS / this.#tickSeconds);
    this.#kept.push({ second, rate, needed, ready, booting, p95Seconds, turnedAway });
    this.#bad += this.#badOf(this.#kept.at(-1)!);
    if (this.#kept.length > window) this.#bad -= this.#badOf(this.#kept.at(-1 - window)!);
    // Looked at only when it grew, so that describing it costs little.
    if (this.#bad > this.#worstBad * 1.001 + 1e-6) {
      this.#worstBad = this.#bad;
      this.#worst = this.#describe(this.#kept.slice(-window), this.#kept.slice(-2 * window, -window));
    }
    if (this.#kept.length > 4 * window) this.#kept = this.#kept.slice(-2 * window);
  }

  /** Undefined when no request was bad. */
  get worst(): WorstMinutes | undefined {
    return this.#worst;
  }

  #badOf({ rate, p95Seconds }: Kept): number {
    return p95Seconds > this.#limitSeconds ? rate * this.#tickSeconds : 0;
  }

  #describe(ticks: readonly Kept[], before: readonly Kept[]): WorstMinutes {
    const shortSeconds = noSeconds();
    for (const tick of ticks) {
      const cause = causeOf({ ...tick, seconds: this.#tickSeconds, draining: 0 }, this.#maxHosts);
      if (cause !== undefined) shortSeconds[cause] += this.#tickSeconds;
    }
    const most = (of: (tick: Kept) => number, among: readonly Kept[] = ticks): number => among.reduce((highest, tick) => Math.max(highest, of(tick)), 0);
    return {
      from: ticks[0]!.second,
      seconds: ticks.length * this.#tickSeconds,
      requests: ticks.reduce((sum, { rate }) => sum + rate * this.#tickSeconds, 0),
      badRequests: this.#bad,
      turnedAway: ticks.reduce((sum, { turnedAway }) => sum + turnedAway, 0),
      rateBefore: (before[0] ?? ticks[0]!).rate,
      rateMost: most(({ rate }) => rate),
      neededMost: most(({ needed }) => needed),
      readyLeast: ticks.reduce((least, { ready }) => Math.min(least, ready), Infinity),
      bootingMost: most(({ booting }) => booting),
      p95Most: most(({ p95Seconds }) => p95Seconds),
      shortSeconds,
      releasedBefore: Math.max(0, most(({ ready }) => ready, before) - ticks[0]!.ready),
    };
  }
}
