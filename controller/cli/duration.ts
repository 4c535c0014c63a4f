import { CommandFailure, EXIT } from './failure.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS: Record<string, number> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** `90s`, `30m`, `2h`, `1d`, or several of them as in `1h30m`, in milliseconds. Throws wrong usage for anything else and for nothing at all. */
export function readDuration(flag: string, text: string): number {
  const parts = /^(\d+[smhd])+$/.test(text) ? text.match(/\d+[smhd]/g) ?? [] : [];
  const milliseconds = parts.reduce((sum, part) => sum + Number(part.slice(0, -1)) * (UNITS[part.slice(-1)] ?? 0), 0);
  if (milliseconds > 0 && milliseconds <= 366 * DAY) return milliseconds;
  throw new CommandFailure(EXIT.usage, `${flag} ${JSON.stringify(text)} is no duration up to a year`, 'write a number with s, m, h or d, such as 90s, 30m, 2h or 1d');
}

/** A duration as kubectl shows ages: two units at most, the second only while it matters. */
export function shortDuration(milliseconds: number): string {
  const time = Math.max(0, milliseconds);
  if (time < 2 * MINUTE) return `${whole(time, SECOND)}s`;
  if (time < 10 * MINUTE) return pair(time, MINUTE, 'm', SECOND, 's');
  if (time < 3 * HOUR) return `${whole(time, MINUTE)}m`;
  if (time < 8 * HOUR) return pair(time, HOUR, 'h', MINUTE, 'm');
  if (time < 2 * DAY) return `${whole(time, HOUR)}h`;
  if (time < 8 * DAY) return pair(time, DAY, 'd', HOUR, 'h');
  return `${whole(time, DAY)}d`;
}

const whole = (time: number, unit: number): number => Math.floor(time / unit);

function pair(time: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = whole(time % large, small);
  return `${whole(time, large)}${largeName}${rest === 0 ? '' : `${rest}${smallName}`}`;
}
