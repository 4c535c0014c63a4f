import { type WorldParameters, REFERENCE_WORLD } from './world/parameters.ts';
import type { Scenario } from './world/run.ts';
import { type Trace, peakIn, scaled, smoothed } from './world/trace.ts';

/** A recorded load, and the part of it with which algorithms are compared. */
export interface ReferenceTrace {
  /** Name of the file, without `.csv`. */
  name: string;
  /** Days of the file that count; the second is not in it. */
  days: readonly [from: number, to: number];
  smoothSeconds?: number;
  /** Finer than an hour, and so one of those whose mean is published. */
  fine: boolean;
}

export const REFERENCE_TRACES: readonly ReferenceTrace[] = [
  { name: 'wc98_match', days: [7, 9], fine: true },
  { name: 'nasa_jul95', days: [10, 14], smoothSeconds: 120, fine: true },
  { name: 'azure_daily', days: [7, 11], fine: true },
  { name: 'nab_elb', days: [7, 14], fine: true },
  { name: 'wikipedia_hourly', days: [54, 61], fine: false },
];

export const REFERENCE_PEAK_RATE = 2000;
/** A Monday, so that days of the week are what they seem. */
const EPOCH = Date.UTC(2026, 0, 5);
const DAY = 86_400;

export interface ReferenceChange {
  parameters?: Partial<WorldParameters>;
  peakRate?: number;
  seed?: number;
}

/** The reference world with a recorded load, scaled to its peak; `change` varies one thing or another. */
export function referenceScenario({ days: [from, to], smoothSeconds }: ReferenceTrace, recorded: Trace, change: ReferenceChange = {}): Scenario {
  const parameters = { ...REFERENCE_WORLD, ...change.parameters };
  const evaluated = { from: from * DAY, to: to * DAY };
  const trace = smoothSeconds === undefined ? recorded : smoothed(recorded, smoothSeconds);
  return {
    trace: scaled(trace, (change.peakRate ?? REFERENCE_PEAK_RATE) / peakIn(trace, evaluated, parameters.tickSeconds)),
    evaluated,
    parameters,
    seed: change.seed ?? 1,
    epoch: EPOCH,
  };
}
