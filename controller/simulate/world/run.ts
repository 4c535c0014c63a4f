import type { Algorithm } from '../algorithm.ts';
import type { Instant } from '../../model/index.ts';
import { seededChance } from './chance.ts';
import { VirtualFleet } from './fleet.ts';
import { Meters } from './meters.ts';
import { type WorldParameters, hostsNeeded } from './parameters.ts';
import { ResponseCurve } from './response-curve.ts';
import { type Span, type Trace, rateAt } from './trace.ts';
import { saturationRate } from './queue.ts';

/** What is simulated: a load, the part of it that counts, a world and its chance. */
export interface Scenario {
  trace: Trace;
  evaluated: Span;
  parameters: WorldParameters;
  seed: number;
  /** When second 0 of the trace was. */
  epoch: Instant;
}

/** One tick of a run. The same object each tick: copy what you keep. */
export interface Tick {
  /** Seconds of the trace. */
  second: number;
  seconds: number;
  rate: number;
  needed: number;
  ready: number;
  booting: number;
  draining: number;
  /** Infinite never: a saturated host's grows with what waits. */
  p95Seconds: number;
  turnedAway: number;
}

/** What a run bought and released within the evaluated span, beside what its ticks tell. */
export interface RunTotals {
  startedHours: number;
  starts: number;
  stops: number;
  /** Evaluations whose answer changed the number of hosts. */
  changes: number;
}

/**
 * Runs one algorithm through a scenario and shows every tick of the evaluated span. Memory does not grow with the length
 * of the trace. Throws what the decider throws, and a RangeError when it answers something that is no number.
 */
export function runWorld({ trace, evaluated, parameters, seed, epoch }: Scenario, algorithm: Algorithm, show: (tick: Tick) => void): RunTotals {
  const { tickSeconds, scrape, evaluateEverySeconds, minHosts, maxHosts, host, mostBacklogSeconds } = parameters;
  const curve = new ResponseCurve(host);
  const meters = new Meters(scrape, seededChance(seed, 1));
  const fleet = new VirtualFleet({ boot: parameters.boot, drainSeconds: parameters.drainSeconds, billing: parameters.billing, chance: seededChance(seed, 2), billFrom: evaluated.from });
  const decide = algorithm.start();
  const start = Math.max(0, evaluated.from - parameters.warmUpSeconds);
  const saturation = saturationRate(host);
  const tick: Tick = { second: start, seconds: tickSeconds, rate: 0, needed: 0, ready: 0, booting: 0, draining: 0, p95Seconds: 0, turnedAway: 0 };
  let backlog = 0;
  let totals = { starts: 0, stops: 0, changes: 0 };

  fleet.begin(Math.min(maxHosts, hostsNeeded(parameters, rateAt(trace, start))), start);
  for (let second = start; second < evaluated.to; second += tickSeconds) {
    fleet.advance(second);
    if ((second - start) % evaluateEverySeconds === 0) {
      const wanted = decide({
        time: epoch + second * 1000,
        metrics: { ...meters.read(second, fleet.ready) },
        hosts: { inService: fleet.ready, warming: fleet.warming(second), booting: fleet.booting, draining: fleet.draining },
        bootSeconds: fleet.takeBootSeconds(),
        launchedAt: fleet.launches().map((launchedAt) => epoch + launchedAt * 1000),
      });
      if (!Number.isFinite(wanted)) throw new RangeError(`${algorithm.name} answered ${wanted} hosts`);
      const before = fleet.ready + fleet.booting;
      const desired = Math.min(maxHosts, Math.max(minHosts, Math.round(wanted)));
      const { starts, stops } = fleet;
      fleet.scaleTo(desired, second);
      if (second >= evaluated.from) {
        totals = { starts: totals.starts + fleet.starts - starts, stops: totals.stops + fleet.stops - stops, changes: totals.changes + (desired === before ? 0 : 1) };
      }
    }

    const rate = rateAt(trace, second);
    const ready = fleet.ready;
    const arrived = rate * tickSeconds;
    const capacity = ready * saturation * tickSeconds;
    const completed = Math.min(capacity, arrived + backlog);
    const waiting = arrived + backlog - completed;
    backlog = Math.min(waiting, mostBacklogSeconds * ready * saturation);
    const perHost = ready === 0 ? saturation : rate / ready;
    const p95Seconds = curve.p95(perHost) + (ready === 0 ? mostBacklogSeconds : backlog / (ready * saturation));
    meters.count({ arrived, completed, turnedAway: waiting - backlog, busyHostSeconds: completed / saturation, p95Seconds });
    const end = second + tickSeconds;
    if ((end - start) % scrape.everySeconds === 0) meters.scrape(end, ready, backlog + ready * curve.inSystem(perHost));

    if (second < evaluated.from) continue;
    tick.second = second;
    tick.rate = rate;
    tick.needed = hostsNeeded(parameters, rate);
    tick.ready = ready;
    tick.booting = fleet.booting;
    tick.draining = fleet.draining;
    tick.p95Seconds = p95Seconds;
    tick.turnedAway = waiting - backlog;
    show(tick);
  }
  fleet.close(evaluated.to);
  return { ...totals, startedHours: fleet.startedHours };
}
