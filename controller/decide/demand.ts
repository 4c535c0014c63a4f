import type { Instant } from '../model/index.ts';
import { MOST_HOSTS } from './capacity.ts';
import type { Reading } from './readings.ts';
import type { Sample } from './foresight.ts';

/** A scrape interval that no state and no sample tells. */
const USUAL_SCRAPE_SECONDS = 15;
const LONGEST_SCRAPE_SECONDS = 120;

/**
 * The load as hosts at their limit that it would fill, from the newest values, by the metric that fills most. Undefined
 * while a Ratio is absent or partial: what is left may be the smaller part. `before` is when the last sample was taken.
 */
export function demandOf(readings: readonly Reading[], settled: number, before: Instant | undefined): Sample | undefined {
  const ratios = readings.filter(({ rule }) => rule.type === 'Ratio');
  let highest: Sample | undefined;
  for (const { rule, seen } of ratios) {
    if (seen.kind === 'Absent' || seen.partial === true) return undefined;
    if (rule.aggregation === 'Mean' && settled === 0) return undefined;
    const value = seen.latest ?? seen.value;
    const load = Math.min(MOST_HOSTS, (rule.aggregation === 'Mean' ? settled * value : value) / rule.limit);
    if (highest === undefined || load > highest.load) highest = { at: middleOf(seen, before), asOf: seen.asOf, load };
  }
  return highest;
}

/** Of the time over which the value was measured. */
function middleOf({ asOf, windowSeconds, latest }: Extract<Reading['seen'], { kind: 'Value' }>, before: Instant | undefined): Instant {
  if (latest === undefined) return asOf - windowSeconds * 500;
  const scrape = before === undefined ? USUAL_SCRAPE_SECONDS : (asOf - before) / 1000;
  return asOf - (scrape > 0 && scrape <= LONGEST_SCRAPE_SECONDS ? scrape : USUAL_SCRAPE_SECONDS) * 500;
}
