import type { RunTotals, Scenario, Tick } from '../world/run.ts';
import { Hindsight, beginOf, needByTick, ticksOf } from './hindsight.ts';

/**
 * The cheapest hosts that are never short, for whoever knows the load and is billed by the second. Level by level: the
 * k-th host is there while k hosts are needed, and through every pause that costs less than a drain and another boot.
 * Each boot takes the median delay. Memory grows with the highest need alone.
 */
export function clairvoyantBySecond(scenario: Scenario, show: (tick: Tick) => void): RunTotals {
  const { evaluated, parameters } = scenario;
  const { boot, drain } = ticksOf(parameters);
  const begin = beginOf(scenario);
  const counted = Math.ceil((evaluated.from - begin) / parameters.tickSeconds);
  const hindsight = new Hindsight(scenario, (2 * boot + 2 * drain + 1) * parameters.tickSeconds, show);
  const totals: RunTotals = { startedHours: 0, starts: 0, stops: 0, changes: 0 };
  const hourTicks = 3600 / parameters.tickSeconds;
  /** By level: the ticks of its present or last life. `end` is the first tick in which it was not needed. */
  const launched: (number | undefined)[] = [];
  const end: number[] = [];

  const settle = (level: number): void => {
    const launch = launched[level]!;
    hindsight.add('draining', end[level]!, end[level]! + drain);
    totals.startedHours += hoursWithin(launch, end[level]! + drain, counted, hourTicks);
    if (end[level]! >= counted) totals.stops++;
    launched[level] = undefined;
  };

  let tick = 0;
  let before = 0;
  for (const needed of needByTick(scenario)) {
    hindsight.passTo(tick);
    for (let level = 0; level < Math.max(needed, before); level++) {
      if (level < needed) {
        const known = launched[level] !== undefined;
        if (known && tick - end[level]! > boot + drain) settle(level);
        if (launched[level] === undefined) {
          launched[level] = Math.max(0, tick - boot);
          hindsight.add('booting', launched[level]!, tick);
          if (tick > 0 && tick >= counted) totals.starts++;
          end[level] = tick;
        }
        hindsight.add('ready', end[level]!, tick + 1);
        end[level] = tick + 1;
      }
    }
    // Ends are known for certain only when a pause has become too long, which must be before its ticks are out of reach.
    for (let level = needed; level < launched.length; level++) {
      if (launched[level] !== undefined && tick - end[level]! > boot + drain) settle(level);
    }
    before = needed;
    tick++;
  }
  for (let level = 0; level < launched.length; level++) {
    if (launched[level] === undefined) continue;
    if (end[level]! < tick) settle(level);
    else totals.startedHours += hoursWithin(launched[level]!, tick, counted, hourTicks);
  }
  hindsight.finish(tick);
  return { ...totals, changes: totals.starts + totals.stops };
}

/** Hours that begin at or after tick `from`, of a life that is charged by started hours. */
export function hoursWithin(launch: number, end: number, from: number, hourTicks: number): number {
  const hours = Math.max(1, Math.ceil((end - launch) / hourTicks));
  return hours - Math.min(hours, Math.max(0, Math.ceil((from - launch) / hourTicks)));
}
