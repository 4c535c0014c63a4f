/**
 * What a terminal obeys instead of showing it, or what makes a text look like another one: control characters of both
 * sets, marks that turn the direction of writing, separators of lines, the mark of byte order.
 */
const BEYOND_ASCII = String.raw`\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff`;
const UNPRINTABLE = new RegExp(`[\\u0000-\\u001f${BEYOND_ASCII}]+`, 'g');
const UNPRINTABLE_IN_LINES = new RegExp(`[\\u0000-\\u0008\\u000b-\\u001f${BEYOND_ASCII}]+`, 'g');
const UNESCAPED = new RegExp(`[${BEYOND_ASCII}]`, 'g');

/** The text without what a terminal would obey; a blank stands in its place. */
export const withoutControls = (text: string): string => text.replace(UNPRINTABLE, ' ');

/** The same for a text of several lines, whose line feeds and tabs stay. */
export const withoutControlsInLines = (text: string): string => text.replace(UNPRINTABLE_IN_LINES, ' ');

/** For one line of a terminal: no line break and no control sequence gets through. */
export const inOneLine = (text: string): string => withoutControls(text).trim();

/** Whether a terminal shows this text as what it is. */
export const isPrintable = (text: string): boolean => text.search(UNPRINTABLE) === -1;

/** The value as JSON of which every character can be shown; JSON itself escapes only the control characters of ASCII. */
export const printableJSON = (value: unknown, indent?: number): string => withEscapes(JSON.stringify(value, undefined, indent) ?? 'null');

/** For a text in which these characters stand in nothing but quoted strings, whose escapes are those of JSON. */
export const withEscapes = (text: string): string => text.replace(UNESCAPED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
