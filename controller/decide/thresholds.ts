import type { Instant } from '../model/index.ts';
import type { Reading } from './readings.ts';
import { short } from './short.ts';

/** One threshold that is exceeded: what it was when hosts were last added for it. */
export interface Step {
  /** When the step was asked for. */
  at: Instant;
  /** Hosts that the value was measured over. */
  hosts: number;
  /** Load over all of them, in hosts at their limit; 0 where no Ratio says. */
  load: number;
  /** Value over target. */
  excess: number;
  verdict: 'Open' | 'Elsewhere';
}

/** By metric name; thresholds that are content are not in it. */
export type Steps = Readonly<Record<string, Step>>;

/** So many more hosts must have come into service before their effect is judged. */
const JUDGED_FROM = 1.25;
/** A value that is still this share of what it was has not been helped. */
const NO_HELP = 0.9;
/** With so much more load than at the step the value says nothing about the hosts. */
const MORE_LOAD = 1.2;

/** More says no more, and stays a number. */
const MOST_EXCESS = 1000;

/**
 * Judges whether hosts that were added for a threshold have brought its value down. When they have not, more of them would
 * not either: whatever slows the application down is elsewhere. The verdict counts from the next evaluation on.
 */
export function judgeSteps(before: Steps, readings: readonly Reading[], settled: number, load: number, now: Instant): Steps {
  const after: Record<string, Step> = {};
  for (const { rule, seen } of readings) {
    if (rule.type !== 'Threshold') continue;
    const step = before[rule.name];
    if (seen.kind === 'Absent') {
      if (step !== undefined) after[rule.name] = step;
      continue;
    }
    const excess = short(Math.min(seen.value / rule.target, MOST_EXCESS));
    if (excess > 1) after[rule.name] = next(step, { at: now, hosts: settled, load, excess, verdict: 'Open' });
  }
  return after;
}

function next(before: Step | undefined, now: Step): Step {
  if (before === undefined || now.hosts < before.hosts) return now;
  if (now.load > before.load * MORE_LOAD) return now;
  if (now.hosts < before.hosts * JUDGED_FROM) return before;
  return now.excess >= before.excess * NO_HELP ? { ...before, verdict: 'Elsewhere' } : now;
}

/** The metric that points to what else is slow: of guards, pools and waits the one closest to or furthest over its target. */
export function suspectOf(readings: readonly Reading[], slow: string): string | undefined {
  let worst: { name: string; excess: number } | undefined;
  for (const { rule, seen } of readings) {
    if (rule.name === slow || rule.type === 'Ratio' || seen.kind === 'Absent') continue;
    const excess = seen.value / rule.target;
    if (excess >= 0.8 && (worst === undefined || excess > worst.excess)) worst = { name: rule.name, excess };
  }
  return worst?.name;
}
