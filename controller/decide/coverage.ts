import type { Instant } from '../model/index.ts';
import type { Memory } from './state.ts';

/** Whether every Ratio and Threshold of this evaluation had a value. */
export type Sight = 'Complete' | 'Partial';

interface Windows {
  scaleInSeconds: number;
  intervalSeconds: number;
}

/**
 * Takes note of what this evaluation could see. The load counts as observed without a hole until nobody evaluated for
 * longer than the scale-in window or five minutes (the controller was down), or metrics stayed away for longer than
 * a minute. Three intervals always pass, so that a slow policy can shrink at all.
 */
export function look(memory: Memory, sight: Sight, windows: Windows, now: Instant): Memory {
  const slack = 3 * windows.intervalSeconds;
  const pause = memory.evaluatedAt === undefined ? Infinity : now - memory.evaluatedAt;
  const seen = pause <= Math.max(slack, Math.min(windows.scaleInSeconds, 300)) * 1000 ? memory.observedSince : undefined;
  const next = { ...memory, evaluatedAt: now };
  if (sight === 'Partial') {
    return { ...next, observedSince: seen, absentSince: memory.absentSince ?? now, ...countAbsence(memory, windows, now) };
  }
  const blind = memory.absentSince !== undefined && now - memory.absentSince > Math.max(slack, 60) * 1000;
  const since = blind || seen === undefined ? now : seen;
  return {
    ...next,
    observedSince: Math.max(since, now - windows.scaleInSeconds * 1000),
    absentSince: undefined,
    absences: 0,
    absenceCountedAt: undefined,
  };
}

/** Evaluations come in bursts when hosts change; one missing sample must not count once for each of them. */
function countAbsence(memory: Memory, windows: Windows, now: Instant): Pick<Memory, 'absences' | 'absenceCountedAt'> {
  const { absences, absenceCountedAt } = memory;
  const counts = absenceCountedAt === undefined || now - absenceCountedAt >= windows.intervalSeconds * 500;
  return counts ? { absences: absences + 1, absenceCountedAt: now } : { absences, absenceCountedAt };
}
