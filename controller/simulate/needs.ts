import { hostsNeeded } from './world/parameters.ts';
import type { Scenario } from './world/run.ts';
import { rateAt } from './world/trace.ts';

/** What the load of the evaluated span asks for. */
export interface Needs {
  peakHosts: number;
  /** Of the mean load, rounded up. */
  meanHosts: number;
  peakRate: number;
  meanRate: number;
  /** Second of the trace at which the load was highest. */
  peakAt: number;
}

export function needsOf({ trace, evaluated, parameters }: Scenario): Needs {
  let sum = 0;
  let ticks = 0;
  let peakRate = 0;
  let peakAt = evaluated.from;
  for (let second = evaluated.from; second < evaluated.to; second += parameters.tickSeconds) {
    const rate = rateAt(trace, second);
    sum += rate;
    ticks++;
    if (rate > peakRate) {
      peakRate = rate;
      peakAt = second;
    }
  }
  const meanRate = ticks === 0 ? 0 : sum / ticks;
  return { peakHosts: hostsNeeded(parameters, peakRate), meanHosts: hostsNeeded(parameters, meanRate), peakRate, meanRate, peakAt };
}
