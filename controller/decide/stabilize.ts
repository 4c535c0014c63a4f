import type { Instant } from '../model/index.ts';
import type { Sight } from './coverage.ts';
import * as reasons from './reasons.ts';
import type { Memory } from './state.ts';
import { addHigh, addLow, within } from './timeline.ts';
import type { Verdict } from './verdict.ts';

/** For how long proposals count, in each direction. */
export interface StabilizationWindows {
  outSeconds: number;
  inSeconds: number;
}

/**
 * Growth follows the lowest proposal of its window, shrinking the highest of its own, each window seen from the
 * current number alone: neither can hold back the other. Nothing shrinks before one full window was observed.
 */
export function stabilize(verdict: Verdict, current: number, memory: Memory, { outSeconds, inSeconds }: StabilizationWindows, now: Instant): Verdict {
  const wanted = verdict.hosts;
  if (wanted > current) {
    const lowest = Math.min(wanted, ...within(memory.lows, outSeconds, now).map(([, hosts]) => hosts));
    const hosts = Math.max(current, lowest);
    return hosts === wanted ? verdict : held(verdict, hosts, reasons.stabilized(hosts, 'lowest', outSeconds));
  }
  if (wanted < current) {
    const observedMs = memory.observedSince === undefined ? 0 : now - memory.observedSince;
    if (observedMs < inSeconds * 1000) return held(verdict, current, reasons.notYetObserved(current, observedMs, inSeconds));
    const highest = Math.max(wanted, ...within(memory.highs, inSeconds, now).map(([, hosts]) => hosts));
    const hosts = Math.min(current, highest);
    return hosts === wanted ? verdict : held(verdict, hosts, reasons.stabilized(hosts, 'highest', inSeconds));
  }
  return verdict;
}

const held = (verdict: Verdict, hosts: number, reason: string): Verdict =>
  ({ hosts, reasons: [...verdict.reasons, reason], heldBy: 'Stabilization' });

interface Seen {
  /** The highest number of any metric, whatever blocked it. */
  proposed: number;
  current: number;
  sight: Sight;
  /** The fallback that applied; 0 for none. It is held for a window too, not dropped with the first sample. */
  atLeast: number;
}

/**
 * Remembers what was proposed, and forgets what both windows have passed. What a partial sight proposes may be too
 * low: it counts only where it asks for more.
 */
export function remember(memory: Memory, { proposed, current, sight, atLeast }: Seen, { outSeconds, inSeconds }: StabilizationWindows, now: Instant): Memory {
  const highs = within(memory.highs, inSeconds, now);
  const lows = within(memory.lows, outSeconds, now);
  const counts = sight === 'Complete' || proposed > current;
  const high = Math.max(counts ? proposed : 0, atLeast);
  return {
    ...memory,
    highs: high > 0 ? addHigh(highs, [now, high]) : highs,
    lows: counts ? addLow(lows, [now, proposed]) : lows,
  };
}
