import type { Algorithm } from './algorithm.ts';
import { type Measures, Tally } from './measures/measures.ts';
import { clairvoyantByHour } from './oracle/by-hour.ts';
import { clairvoyantBySecond } from './oracle/by-second.ts';
import { type RunTotals, type Scenario, type Tick, runWorld } from './world/run.ts';

/** A way through a scenario: an algorithm, or somebody who knows the future and pays by the second or by started hours. */
export type Contender = { kind: 'Algorithm'; algorithm: Algorithm } | { kind: 'Clairvoyant'; billing: 'Second' | 'Hour' };

/** Something that looks at the ticks of a run as they pass. */
export interface Watcher {
  add(tick: Tick): void;
}

/** Runs a contender through a scenario. Throws what an algorithm throws. */
export function measure(scenario: Scenario, contender: Contender, watchers: readonly Watcher[] = []): Measures {
  const tally = new Tally(scenario.parameters);
  const show = watchers.length === 0 ? (tick: Tick) => tally.add(tick) : (tick: Tick) => {
    tally.add(tick);
    for (const watcher of watchers) watcher.add(tick);
  };
  return tally.measures(run(scenario, contender, show));
}

function run(scenario: Scenario, contender: Contender, show: (tick: Tick) => void): RunTotals {
  switch (contender.kind) {
    case 'Algorithm':
      return runWorld(scenario, contender.algorithm, show);
    case 'Clairvoyant':
      return contender.billing === 'Second' ? clairvoyantBySecond(scenario, show) : clairvoyantByHour(scenario, show);
  }
}

/** What both clairvoyants need: the unit of every cost. */
export interface LeastCosts {
  hostHours: number;
  startedHours: number;
}

export const leastCosts = (scenario: Scenario): LeastCosts => ({
  hostHours: measure(scenario, { kind: 'Clairvoyant', billing: 'Second' }).hostHours,
  startedHours: measure(scenario, { kind: 'Clairvoyant', billing: 'Hour' }).startedHours,
});

/** Host-hours billed by the second over the least possible (`cost`), and started hours over the fewest possible (`cost_h`). */
export const costOf = ({ hostHours, startedHours }: Measures, least: LeastCosts): { cost: number; hourlyCost: number } => ({
  cost: hostHours / least.hostHours,
  hourlyCost: startedHours / least.startedHours,
});
