import type { Condition } from '../report/conditions.ts';
import { type Instant, fromTimestamp, withoutControls } from '../model/index.ts';
import type { ObjectEvent } from './composition.ts';
import { shortDuration } from './duration.ts';
import { plainText, widthOf, wrapped } from './text.ts';

/** A titled block of `describe`; one without lines is left out. */
export interface Section {
  title: string;
  lines: readonly string[];
}

const INDENT = '  ';

/** Blocks with a blank line between; lines are indented under their title. Whatever stands in them, it is text. */
export const printSections = (sections: readonly Section[]): string => sections
  .filter(({ lines }) => lines.length > 0)
  .map(({ title, lines }) => [`${title}:`, ...lines.map((line) => INDENT + line)].map(withoutControls).join('\n'))
  .join('\n\n');

/** What is left for a line under a title. */
export const widthWithin = (columns: number): number => columns - INDENT.length;

/** `Name:  value` lines; values stand under each other and are wrapped there. Undefined ones are left out. */
export function fieldLines(fields: readonly (readonly [string, string | undefined])[], columns: number): string[] {
  const shown = fields.filter((field): field is readonly [string, string] => field[1] !== undefined);
  const width = Math.max(...shown.map(([name]) => widthOf(name))) + 3;
  return shown.flatMap(([name, value]) => hanging(`${name}:`.padEnd(width), plainText(value), columns));
}

/** A text after a head; its further lines stand under its first. Neither has anything that a terminal would obey. */
export function hanging(head: string, text: string, columns: number): string[] {
  const indent = ' '.repeat(widthOf(head));
  return wrapped(text, Math.max(20, columns - indent.length)).map((line, index) => withoutControls(`${index === 0 ? head : indent}${line}`));
}

/** A list entry, with its further lines under its first. */
export const bullet = (text: string, columns: number): string[] => hanging('- ', plainText(text), columns);

export function conditionsSection(conditions: readonly Condition[] | undefined, now: Instant, columns: number): Section {
  const all = conditions ?? [];
  const widths = [Math.max(0, ...all.map(({ type }) => type.length)), Math.max(0, ...all.map(({ status }) => status.length))] as const;
  const lines = all.flatMap(({ type, status, reason, message, lastTransitionTime }) => [
    `${type.padEnd(widths[0])}  ${status.padEnd(widths[1])}  ${plainText(reason)}, since ${ageOf(lastTransitionTime, now) ?? '<unknown>'}`,
    ...hanging(INDENT, plainText(message), widthWithin(columns)),
  ]);
  return { title: 'Conditions', lines };
}

const SHOWN_EVENTS = 10;

/** Newest first. */
export function eventsSection(events: readonly ObjectEvent[], now: Instant, columns: number): Section {
  const lines = [...events].sort((a, b) => b.lastAt - a.lastAt).slice(0, SHOWN_EVENTS).flatMap(({ type, reason, message, count, lastAt }) => {
    const times = count > 1 ? ` (${count} times)` : '';
    return hanging(`${shortDuration(now - lastAt).padEnd(6)} ${type.padEnd(7)} `, plainText(`${reason}${times}: ${message}`), widthWithin(columns));
  });
  return { title: 'Events', lines };
}

/** How long ago; undefined for an absent or unreadable time. */
export function ageOf(timestamp: string | undefined, now: Instant): string | undefined {
  const time = fromTimestamp(timestamp);
  return time === undefined ? undefined : shortDuration(now - time);
}
