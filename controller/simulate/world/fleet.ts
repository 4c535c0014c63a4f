import type { BootDelays } from './parameters.ts';
import { type Chance, gaussian } from './chance.ts';

/** A host that is paid for. Times in seconds of the trace. */
interface SimulatedHost {
  launchedAt: number;
  readyAt: number;
}

const HOUR = 3600;

/** The virtual hosts of a run. Memory grows with the number of hosts alone. */
export class VirtualFleet {
  readonly #delays: () => number;
  readonly #drainSeconds: number;
  readonly #billing: 'Second' | 'Hour';
  #booting: SimulatedHost[] = [];
  #ready: SimulatedHost[] = [];
  /** Launch and end, in the order of their ends. */
  #draining: { launchedAt: number; endsAt: number }[] = [];
  #bootSeconds: number[] = [];
  starts = 0;
  stops = 0;
  /** Started hours that began since `billFrom`. */
  startedHours = 0;
  readonly #billFrom: number;

  constructor(given: { boot: BootDelays; drainSeconds: number; billing: 'Second' | 'Hour'; chance: Chance; billFrom: number }) {
    const normal = gaussian(given.chance);
    const { medianSeconds, sigma, leastSeconds, mostSeconds } = given.boot;
    this.#delays = () => Math.min(mostSeconds, Math.max(leastSeconds, medianSeconds * Math.exp(sigma * normal())));
    this.#drainSeconds = given.drainSeconds;
    this.#billing = given.billing;
    this.#billFrom = given.billFrom;
  }

  get ready(): number {
    return this.#ready.length;
  }

  get booting(): number {
    return this.#booting.length;
  }

  get draining(): number {
    return this.#draining.length;
  }

  /** Hosts that serve from the first moment on. */
  begin(hosts: number, now: number): void {
    for (let host = 0; host < hosts; host++) this.#ready.push({ launchedAt: now, readyAt: now });
  }

  advance(now: number): void {
    if (this.#booting.some(({ readyAt }) => readyAt <= now)) {
      for (const host of this.#booting) {
        if (host.readyAt > now) continue;
        this.#ready.push(host);
        this.#bootSeconds.push(host.readyAt - host.launchedAt);
      }
      this.#booting = this.#booting.filter(({ readyAt }) => readyAt > now);
    }
    while (this.#draining.length > 0 && this.#draining[0]!.endsAt <= now) {
      const { launchedAt, endsAt } = this.#draining.shift()!;
      this.#bill(launchedAt, endsAt);
    }
  }

  /** Ready hosts that became it within the last minute. */
  warming(now: number): number {
    let count = 0;
    for (const { readyAt, launchedAt } of this.#ready) if (readyAt > launchedAt && now - readyAt < 60) count++;
    return count;
  }

  launches(): number[] {
    return this.#ready.map(({ launchedAt }) => launchedAt);
  }

  /** Boots that ended since the last call. */
  takeBootSeconds(): number[] {
    const taken = this.#bootSeconds;
    this.#bootSeconds = [];
    return taken;
  }

  /** Starts hosts or lets them go: booting ones first, the youngest first, then ready ones. */
  scaleTo(desired: number, now: number): void {
    for (let missing = desired - this.#ready.length - this.#booting.length; missing > 0; missing--) {
      this.#booting.push({ launchedAt: now, readyAt: now + this.#delays() });
      this.starts++;
    }
    for (let excess = this.#ready.length + this.#booting.length - desired; excess > 0; excess--) {
      this.stops++;
      const cancelled = this.#booting.pop();
      if (cancelled !== undefined) {
        this.#bill(cancelled.launchedAt, now);
        continue;
      }
      const [leaving] = this.#ready.splice(this.#victim(now), 1);
      this.#draining.push({ launchedAt: leaving!.launchedAt, endsAt: now + this.#drainSeconds });
    }
  }

  /** Charges what is still there at the end of the run. */
  close(now: number): void {
    for (const { launchedAt, endsAt } of this.#draining) this.#bill(launchedAt, Math.min(now, endsAt));
    for (const { launchedAt } of [...this.#ready, ...this.#booting]) this.#bill(launchedAt, now);
  }

  /** By the hour the one with the least paid time left after its drain, by the second the newest. */
  #victim(now: number): number {
    let chosen = this.#ready.length - 1;
    if (this.#billing === 'Second') return chosen;
    let least = Infinity;
    for (let index = chosen; index >= 0; index--) {
      const left = HOUR - ((now + this.#drainSeconds - this.#ready[index]!.launchedAt) % HOUR);
      if (left < least) {
        least = left;
        chosen = index;
      }
    }
    return chosen;
  }

  /** Hours are charged when they begin. */
  #bill(launchedAt: number, endedAt: number): void {
    const hours = Math.max(1, Math.ceil((endedAt - launchedAt) / HOUR));
    const before = Math.min(hours, Math.max(0, Math.ceil((this.#billFrom - launchedAt) / HOUR)));
    this.startedHours += hours - before;
  }
}
