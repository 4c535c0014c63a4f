/** A piece of a line in one style. */
export interface Span {
  text: string;
  style: Style;
}

export type Style = 'Plain' | 'Strong' | 'Faint' | 'Good' | 'Coming' | 'Bad' | 'Load';
export type Line = readonly Span[];
export type Colours = 'On' | 'Off';

const CODES: Record<Exclude<Style, 'Plain'>, string> = { Strong: '1', Faint: '2', Good: '32', Coming: '33', Bad: '31', Load: '36' };

export const span = (text: string, style: Style = 'Plain'): Span => ({ text, style });

/** As so many characters of a terminal; what is too long is cut, with a sign that it was. */
export function paint(line: Line, columns: number, colours: Colours): string {
  const width = line.reduce((sum, { text }) => sum + Array.from(text).length, 0);
  let left = width > columns ? columns - 1 : columns;
  let painted = '';
  for (const { text, style } of line) {
    const characters = Array.from(text).slice(0, left);
    left -= characters.length;
    painted += styled(characters.join(''), style, colours);
  }
  return width > columns ? `${painted}…` : painted;
}

function styled(text: string, style: Style, colours: Colours): string {
  if (style === 'Plain' || colours === 'Off' || text === '') return text;
  return `\u001B[${CODES[style]}m${text}\u001B[0m`;
}

/** Breaks a text between words; later lines may be narrower than the first. */
export function wrap(text: string, columns: number, mostLines: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  if (lines.length <= mostLines) return lines;
  const kept = lines.slice(0, mostLines);
  const last = kept.pop() ?? '';
  return [...kept, `${last.slice(0, columns - 2)} …`];
}
