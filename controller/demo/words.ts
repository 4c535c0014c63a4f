/** Numbers and times as the demo says them. */

const thousands = new Intl.NumberFormat('en-US');

export const count = (value: number): string => thousands.format(Math.round(value));

export const plural = (value: number, word: string): string => `${count(value)} ${word}${value === 1 ? '' : 's'}`;

/** `1:05`, of seconds. */
export function minutes(seconds: number): string {
  const whole = Math.floor(Math.max(0, seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** `104 ms` or `1.92 s`, of milliseconds. */
export function latency(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return 'none measured';
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(2)} s`;
}

/** A decision's reason without what it says of metrics that were absent, where it says anything else. */
export function essence(reason: string): string {
  const said = reason.replaceAll(/\w+ absent .*?: nothing is removed(; )?/g, '').replace(/; $/, '');
  return said === '' ? reason : said;
}
