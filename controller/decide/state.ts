import type { EngineState, Instant } from '../model/index.ts';
import { MOST_MARKS } from './timeline.ts';
import type { Timeline } from './timeline.ts';

/**
 * What the engine remembers of one policy. Opaque to everyone else; a few KB at most, whatever the policy says.
 * Times are instants, numbers are hosts unless said otherwise.
 */
export interface Memory {
  evaluatedAt?: Instant;
  /** Since when the load was seen without a hole. Never further back than the scale-in window. */
  observedSince?: Instant;
  /** First of the evaluations in a row in which a Ratio or Threshold was absent. */
  absentSince?: Instant;
  /** How many of them counted towards the fallback, and when the last one did. */
  absences: number;
  absenceCountedAt?: Instant;
  /** Proposals that can still be the highest of the scale-in window, or the lowest of the scale-out window. */
  highs: Timeline;
  lows: Timeline;
  /** Hosts added and removed by decisions that were seen carried out. */
  added: Timeline;
  removed: Timeline;
  /** The last decision that wanted a change; it becomes `added` or `removed` when the hosts follow. */
  pending?: { at: Instant; from: number; to: number };
}

export const FRESH: Memory = { absences: 0, highs: [], lows: [], added: [], removed: [] };

/** Every field is optional in what is stored; undefined ones are left out, so that JSON gives back the same. */
export const store = (memory: Memory): EngineState => ({
  version: 1,
  ...Object.fromEntries(Object.entries(memory).filter(([, value]) => value !== undefined)),
});

/**
 * Reads stored state. Undefined, another version or garbage is a fresh start, which only delays a scale-in.
 * What lies in the future (the clock was set back, or the last leader's was ahead) is as if it had not been.
 */
export function restore(stored: unknown, now: Instant): Memory {
  if (!isRecord(stored) || stored['version'] !== 1) return FRESH;
  const past = (value: unknown): Instant | undefined => (isCount(value) && value <= now ? value : undefined);
  const evaluatedAt = past(stored['evaluatedAt']);
  if (evaluatedAt === undefined) return { ...FRESH, ...changes(stored) };

  const observedSince = past(stored['observedSince']);
  const absentSince = past(stored['absentSince']);
  const absenceCountedAt = past(stored['absenceCountedAt']);
  const pending = readPending(stored['pending'], now);
  return {
    evaluatedAt,
    ...(observedSince !== undefined && { observedSince }),
    ...(absentSince !== undefined && { absentSince }),
    absences: isCount(stored['absences']) ? stored['absences'] : 0,
    ...(absenceCountedAt !== undefined && { absenceCountedAt }),
    highs: readTimeline(stored['highs']),
    lows: readTimeline(stored['lows']),
    ...changes(stored),
    ...(pending !== undefined && { pending }),
  };
}

const changes = (stored: Record<string, unknown>) => ({
  added: readTimeline(stored['added']),
  removed: readTimeline(stored['removed']),
});

/** Marks of the future stay out by themselves: no window reaches them. */
function readTimeline(value: unknown): Timeline {
  if (!Array.isArray(value) || value.length > MOST_MARKS) return [];
  return value.filter((mark): mark is [number, number] =>
    Array.isArray(mark) && mark.length === 2 && isCount(mark[0]) && isCount(mark[1]));
}

function readPending(value: unknown, now: Instant): Memory['pending'] {
  if (!isRecord(value)) return undefined;
  const { at, from, to } = value;
  return isCount(at) && at <= now && isCount(from) && isCount(to) ? { at, from, to } : undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;
