import type { EngineState, Instant } from '../model/index.ts';
import { UNSEEN } from './foresight.ts';
import type { Foresight } from './foresight.ts';
import { restoreForesight } from './foresight-state.ts';
import type { InFlight } from './offered.ts';
import { isCount, isRecord } from './stored.ts';
import type { Step, Steps } from './thresholds.ts';
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
  /** Requests in the system when last seen. */
  inFlight?: InFlight;
  /** Thresholds that are exceeded, and what hosts did about them. */
  steps: Steps;
  foresight: Foresight;
}

export const FRESH: Memory = { absences: 0, highs: [], lows: [], added: [], removed: [], steps: {}, foresight: UNSEEN };

/** Another version is a fresh start. */
const VERSION = 3;

/** Every field is optional in what is stored; undefined ones are left out, so that JSON gives back the same. */
export const store = (memory: Memory): EngineState => ({
  version: VERSION,
  ...Object.fromEntries(Object.entries(memory).filter(([, value]) => value !== undefined)),
});

/**
 * Reads stored state. Undefined, another version or garbage is a fresh start, which only delays a scale-in.
 * What lies in the future (the clock was set back, or the last leader's was ahead) is as if it had not been.
 */
export function restore(stored: unknown, now: Instant): Memory {
  if (!isRecord(stored) || stored['version'] !== VERSION) return FRESH;
  const past = (value: unknown): Instant | undefined => (isCount(value) && value <= now ? value : undefined);
  const evaluatedAt = past(stored['evaluatedAt']);
  const foresight = restoreForesight(stored['foresight'], now);
  if (evaluatedAt === undefined) return { ...FRESH, ...changes(stored), foresight };

  const observedSince = past(stored['observedSince']);
  const absentSince = past(stored['absentSince']);
  const absenceCountedAt = past(stored['absenceCountedAt']);
  const pending = readPending(stored['pending'], now);
  const inFlight = readInFlight(stored['inFlight'], now);
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
    ...(inFlight !== undefined && { inFlight }),
    steps: readSteps(stored['steps'], now),
    foresight,
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

function readInFlight(value: unknown, now: Instant): InFlight | undefined {
  if (!isRecord(value)) return undefined;
  const { at, requests } = value;
  return isCount(at) && at <= now && isCount(requests) ? { at, requests } : undefined;
}

/** A policy has at most 16 metrics. */
const MOST_STEPS = 16;

function readSteps(value: unknown, now: Instant): Steps {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).slice(0, MOST_STEPS).flatMap(([name, step]) => {
    if (!isRecord(step)) return [];
    const { at, hosts, load, excess, verdict } = step;
    if (!isCount(at) || at > now || !isCount(hosts) || !isCount(load) || !isCount(excess) || (verdict !== 'Open' && verdict !== 'Elsewhere')) return [];
    return [[name, { at, hosts, load, excess, verdict } satisfies Step]];
  }));
}
