import { Cron } from 'croner';
import type { ScalingPolicySpec } from '../api/index.ts';
import { ClassifiedError, messageOf, toTimestamp } from '../model/index.ts';
import type { Constraint, Instant } from '../model/index.ts';

type Schedule = NonNullable<ScalingPolicySpec['schedules']>[number];

/** The floors that schedules set at a time; `aheadSeconds` before a schedule begins its floor counts already, so that hosts serve when it does. */
export type Floors = (now: Instant, aheadSeconds: number) => readonly Constraint[];

const NO_FLOORS: Floors = () => [];

/**
 * Reads the schedules of a policy. Times are those of their zone, across its daylight-saving changes: an hour that a
 * change skips begins right after it. Throws Invalid, naming schedule, field and value, for what is no cron expression or time zone.
 */
export function scheduleFloors(schedules: readonly Schedule[] | undefined): Floors {
  if (schedules === undefined || schedules.length === 0) return NO_FLOORS;
  const read = schedules.map(readSchedule);
  return (now, aheadSeconds) => read.flatMap((schedule) => {
    const active = spanAt(schedule, now) ?? spanAt(schedule, now + aheadSeconds * 1000);
    return active === undefined ? [] : [floorOf(schedule, active)];
  });
}

interface ReadSchedule {
  written: Schedule;
  start: Cron;
  end: Cron;
  /** Until when the last answer holds, as a run of a cron expression takes a while to find. */
  known: Known[];
}

/** From one start or end to the next nothing changes. */
interface Known {
  from: Instant;
  until: Instant;
  active: boolean;
}

function readSchedule(written: Schedule): ReadSchedule {
  return { written, start: cronOf(written, 'start'), end: cronOf(written, 'end'), known: [] };
}

function cronOf({ name, timeZone, ...times }: Schedule, field: 'start' | 'end'): Cron {
  try {
    const cron = new Cron(times[field], { timezone: timeZone, paused: true, mode: '5-part' });
    // croner looks at the time zone only when it is asked for a time.
    cron.nextRun(new Date(0));
    return cron;
  } catch (error) {
    throw new ClassifiedError('Invalid', `spec.schedules ${JSON.stringify(name)}: ${field} ${JSON.stringify(times[field])} in time zone ${JSON.stringify(timeZone)} cannot be read: ${messageOf(error)}`, {
      mend: 'write five fields of cron, such as "0 8 * * 1-5", and a time zone of the IANA database, such as Europe/Berlin',
    });
  }
}

/** The active span that `at` lies in: the schedule is active when its end comes before it starts again. */
function spanAt(schedule: ReadSchedule, at: Instant): { until: Instant } | undefined {
  let span = schedule.known.find(({ from, until }) => from <= at && at < until);
  if (span === undefined) {
    const next = (cron: Cron): Instant => cron.nextRun(new Date(at))?.getTime() ?? Infinity;
    const [start, end] = [next(schedule.start), next(schedule.end)];
    span = { from: at, until: Math.min(start, end), active: end < start };
    schedule.known = [span, ...schedule.known].slice(0, 2);
  }
  return span.active ? span : undefined;
}

const floorOf = ({ written: { name, hosts } }: ReadSchedule, { until }: { until: Instant }): Constraint => ({
  kind: 'Floor', hosts, reason: `schedule ${name}`, liftedBy: Number.isFinite(until) ? `ends ${toTimestamp(until)}` : `lower spec.schedules ${name}`,
});
