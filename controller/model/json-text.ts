/** More levels than an answer of any API has. */
const DEEPEST = 64;
/** A thousand series with ten labels each have 25,000. */
const MOST_VALUES = 100_000;

/** What a text is as JSON: its value, or the reason why it is not read. */
export type JSONText = { kind: 'JSON'; value: unknown } | { kind: 'Unread'; why: string };

/**
 * Reads JSON that somebody else wrote. One that nests deeply or has very many values is not read: the parser goes through
 * it in one turn, and some megabytes of brackets or keys take it a third of a second, in which nothing else goes on.
 * How long a text may be is for who fetches it to say; to look through one takes some milliseconds a megabyte.
 */
export function readJSON(text: string): JSONText {
  const why = shapeFault(text);
  if (why !== undefined) return { kind: 'Unread', why };
  try {
    return { kind: 'JSON', value: JSON.parse(text) as unknown };
  } catch {
    // The parser's own words repeat a part of the text, which may hold what must not be shown.
    return { kind: 'Unread', why: 'it is no JSON' };
  }
}

const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from('"\\,[]{}');

/** Counts what begins a value or a level, outside of strings. */
function shapeFault(text: string): string | undefined {
  let [depth, values] = [0, 1];
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        index = endOfString(text, index);
        break;
      case COMMA:
        values += 1;
        break;
      case OPEN_LIST: case OPEN_OBJECT:
        values += 1;
        depth += 1;
        break;
      case CLOSE_LIST: case CLOSE_OBJECT:
        depth -= 1;
        break;
    }
    if (depth > DEEPEST) return `it nests more than ${DEEPEST} levels`;
    if (values > MOST_VALUES) return `it has more than ${MOST_VALUES} values`;
  }
  return undefined;
}

/** Where the quote stands that ends the string which begins at `start`; the end of the text where none does. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    const character = text.charCodeAt(index);
    if (character === QUOTE) return index;
    if (character === BACKSLASH) index += 1;
  }
  return text.length;
}
