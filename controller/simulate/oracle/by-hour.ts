import type { RunTotals, Scenario, Tick } from '../world/run.ts';
import { Hindsight, beginOf, needByTick, ticksOf } from './hindsight.ts';

/** A host that serves in ticks [ready, end), or may still be kept for another hour. */
interface PaidHost {
  end: number;
}

/**
 * The fewest started hours that are never short. Whenever hosts are missing, an hour is bought in the way that reaches
 * furthest: keeping the host whose paid time ended last, unless so long ago that a new one, which must boot and drain
 * within its hour, reaches further. Every purchase costs one hour and reach is all in which they differ, so buying as
 * late as possible and as far as possible is the best that can be done.
 */
export function clairvoyantByHour(scenario: Scenario, show: (tick: Tick) => void): RunTotals {
  const { evaluated, parameters } = scenario;
  const { boot, drain } = ticksOf(parameters);
  const hour = 3600 / parameters.tickSeconds;
  const counted = Math.ceil((evaluated.from - beginOf(scenario)) / parameters.tickSeconds);
  const hindsight = new Hindsight(scenario, (2 * boot + 2 * drain + 1) * parameters.tickSeconds, show);
  const totals: RunTotals = { startedHours: 0, starts: 0, stops: 0, changes: 0 };
  let hosts: PaidHost[] = [];

  let tick = 0;
  for (const needed of needByTick(scenario)) {
    hindsight.passTo(tick);
    const gone = hosts.filter(({ end }) => end <= tick - boot - drain);
    for (const { end } of gone) {
      hindsight.add('draining', end, end + drain);
      if (end >= counted) totals.stops++;
    }
    if (gone.length > 0) hosts = hosts.filter(({ end }) => end > tick - boot - drain);
    let serving = hosts.reduce((count, { end }) => count + (end > tick ? 1 : 0), 0);
    for (; serving < needed; serving++) {
      const kept = latestEnded(hosts, tick);
      // The hour of a kept host begins when its last one ends, which is a drain after it would have stopped to serve.
      const begins = kept === undefined ? Math.max(0, tick - boot) : kept.end + drain;
      if (kept === undefined) {
        hosts.push({ end: begins + hour - drain });
        hindsight.add('booting', begins, tick);
        if (tick > 0 && tick >= counted) totals.starts++;
      } else {
        hindsight.add('ready', kept.end, tick);
        kept.end += hour;
      }
      if (begins >= counted) totals.startedHours++;
    }
    for (const { end } of hosts) if (end > tick) hindsight.add('ready', tick, tick + 1);
    tick++;
  }
  for (const { end } of hosts) if (end < tick) hindsight.add('draining', end, end + drain);
  hindsight.finish(tick);
  return { ...totals, changes: totals.starts + totals.stops };
}

function latestEnded(hosts: readonly PaidHost[], tick: number): PaidHost | undefined {
  let latest: PaidHost | undefined;
  for (const host of hosts) if (host.end <= tick && (latest === undefined || host.end > latest.end)) latest = host;
  return latest;
}
