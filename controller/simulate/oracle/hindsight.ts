import { type WorldParameters, hostsNeeded } from '../world/parameters.ts';
import { ResponseCurve } from '../world/response-curve.ts';
import type { Scenario, Tick } from '../world/run.ts';
import { rateAt } from '../world/trace.ts';

/** Ticks that whoever knows the future may still change; older ones are shown and forgotten. */
export class Hindsight {
  readonly #scenario: Scenario;
  readonly #curve: ResponseCurve;
  readonly #show: (tick: Tick) => void;
  readonly #length: number;
  readonly #ready: Int32Array;
  readonly #booting: Int32Array;
  readonly #draining: Int32Array;
  readonly #tick: Tick;
  /** Index of the oldest tick that was not shown; ticks are counted from the begin of the run. */
  #oldest = 0;

  constructor(scenario: Scenario, reachSeconds: number, show: (tick: Tick) => void) {
    this.#scenario = scenario;
    this.#curve = new ResponseCurve(scenario.parameters.host);
    this.#show = show;
    this.#length = Math.ceil(reachSeconds / scenario.parameters.tickSeconds) + 1;
    this.#ready = new Int32Array(this.#length);
    this.#booting = new Int32Array(this.#length);
    this.#draining = new Int32Array(this.#length);
    this.#tick = { second: 0, seconds: scenario.parameters.tickSeconds, rate: 0, needed: 0, ready: 0, booting: 0, draining: 0, p95Seconds: 0, turnedAway: 0 };
  }

  /** Adds a host in ticks [from, to); what was shown already is left as it is, what is yet to come is added later by the caller. */
  add(what: 'ready' | 'booting' | 'draining', from: number, to: number): void {
    const counts = what === 'ready' ? this.#ready : what === 'booting' ? this.#booting : this.#draining;
    const end = Math.min(to, this.#oldest + this.#length);
    for (let index = Math.max(from, this.#oldest); index < end; index++) counts[index % this.#length]! += 1;
  }

  /** Shows every tick that is out of reach once tick `now` is being decided. */
  passTo(now: number): void {
    while (this.#oldest <= now - this.#length) this.#pass();
  }

  /** Shows all that is left before tick `end`. */
  finish(end: number): void {
    while (this.#oldest < end) this.#pass();
  }

  #pass(): void {
    const { trace, evaluated, parameters } = this.#scenario;
    const slot = this.#oldest % this.#length;
    const tick = this.#tick;
    tick.second = beginOf(this.#scenario) + this.#oldest * parameters.tickSeconds;
    tick.rate = rateAt(trace, tick.second);
    tick.needed = hostsNeeded(parameters, tick.rate);
    tick.ready = this.#ready[slot]!;
    tick.booting = this.#booting[slot]!;
    tick.draining = this.#draining[slot]!;
    tick.p95Seconds = tick.ready === 0 ? 0 : this.#curve.p95(tick.rate / tick.ready);
    this.#ready[slot] = 0;
    this.#booting[slot] = 0;
    this.#draining[slot] = 0;
    this.#oldest++;
    if (tick.second >= evaluated.from) this.#show(tick);
  }
}

/** Second at which a run begins: with its warm-up, as far as the trace goes back. */
export const beginOf = ({ evaluated, parameters }: Scenario): number => Math.max(0, evaluated.from - parameters.warmUpSeconds);

/** Hosts needed at each tick of a run, from its begin on. */
export function* needByTick(scenario: Scenario): Generator<number> {
  const { trace, evaluated, parameters } = scenario;
  for (let second = beginOf(scenario); second < evaluated.to; second += parameters.tickSeconds) yield hostsNeeded(parameters, rateAt(trace, second));
}

/** Ticks of a boot of usual length, and of a drain. */
export const ticksOf = ({ boot, drainSeconds, tickSeconds }: WorldParameters): { boot: number; drain: number } => ({
  boot: Math.ceil(boot.medianSeconds / tickSeconds),
  drain: Math.ceil(drainSeconds / tickSeconds),
});
