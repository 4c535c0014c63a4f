import { Document, visit } from 'yaml';
import { inOneLine, isPrintable, withEscapes } from '../model/index.ts';

/** Makes a value of an object safe for one line of a terminal: no line break and no control sequence gets through. */
export const plainText = (value: unknown): string => inOneLine(typeof value === 'string' ? value : JSON.stringify(value) ?? '');

/** The value as YAML of which every character can be shown. */
export function printableYAML(value: unknown): string {
  const document = new Document(value);
  visit(document, {
    Scalar(_, scalar) {
      // Only in double quotes YAML has escapes; line breaks alone are laid out as lines.
      if (typeof scalar.value === 'string' && !isPrintable(scalar.value.replaceAll('\n', ''))) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return withEscapes(document.toString());
}

/** In characters; names and reasons have none of double width. */
export const widthOf = (text: string): number => characters(text).length;

const characters = (text: string): string[] => Array.from(text);

/** The text, or its beginning with `…` in the last place. */
export function clipped(text: string, width: number): string {
  return widthOf(text) <= width ? text : `${characters(text).slice(0, Math.max(0, width - 1)).join('').trimEnd()}…`;
}

/** Lines of at most so many characters, broken between words; a longer word stands on a line of its own. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** Three digits tell a person enough; large whole numbers keep theirs. */
export const shortNumber = (value: number): string =>
  String(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)));

/** `1 host`, `2 hosts`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
