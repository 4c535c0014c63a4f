import { setImmediate as turn } from 'node:timers/promises';
import { numberOf } from '../prometheus-answer.ts';

/** One line of an exposition. */
export interface ExposedSample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** A target's text is not Prometheus's text format 0.0.4. The message names the line. */
export class ExpositionError extends Error {
  override readonly name = 'ExpositionError';
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const LABEL_VALUE = /"((?:[^"\\\n]|\\[\\"n])*)"/y;
const BLANKS = /[ \t]*/y;
/** Value and, after it, a timestamp in milliseconds. */
const REST = /^([^ \t]+)(?:[ \t]+(-?\d+))?[ \t]*$/;
const NUMBER = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?Inf|NaN)$/;

/**
 * Reads the text format 0.0.4, strictly: one bad line spoils the scrape, as in Prometheus. Timestamps in the text are
 * checked and not used; a sample is as old as its scrape. Throws ExpositionError.
 */
export function parseExposition(text: string): ExposedSample[] {
  return [...sampleLines(text)].flatMap(({ sample }) => sample ?? []);
}

/**
 * What `take` makes of the samples of a page, in pieces: a host that shows millions of lines, or long ones, must not keep
 * everything else from going on. Rejects with ExpositionError.
 */
export async function readExposition<T>(text: string, take: (sample: ExposedSample) => T | undefined): Promise<T[]> {
  const taken: T[] = [];
  let [lines, from] = [0, 0];
  for (const { sample, end } of sampleLines(text)) {
    const one = sample === undefined ? undefined : take(sample);
    if (one !== undefined) taken.push(one);
    lines += 1;
    if (lines < LINES_A_TURN && end - from < CHARACTERS_A_TURN) continue;
    [lines, from] = [0, end];
    await turn();
  }
  return taken;
}

const LINES_A_TURN = 1_000;
const CHARACTERS_A_TURN = 64 * 1024;
/** Prometheus's own pages have lines of some hundred; each is read at once. */
const LONGEST_LINE = 16 * 1024;
/** Exporters have ten; each has to be compared with its neighbours. */
const MOST_LABELS = 64;

/** Each line's sample, which comments and empty lines have none of, and where the line ends. */
function* sampleLines(text: string): Generator<{ sample: ExposedSample | undefined; end: number }> {
  let lineNumber = 0;
  for (let start = 0; start <= text.length;) {
    const found = text.indexOf('\n', start);
    const end = found === -1 ? text.length : found;
    lineNumber += 1;
    if (end - start > LONGEST_LINE) throw new ExpositionError(`line ${lineNumber} has more than ${LONGEST_LINE} characters`);
    const line = text.slice(start, end > start && text[end - 1] === '\r' ? end - 1 : end);
    yield { sample: /^[ \t]*(#|$)/.test(line) ? undefined : parseLine(line, lineNumber), end };
    start = end + 1;
  }
}

function parseLine(line: string, lineNumber: number): ExposedSample {
  const cursor = new Cursor(line, lineNumber);
  cursor.take(BLANKS);
  const name = cursor.take(NAME)?.[0];
  if (name === undefined) throw cursor.fault('a metric name');
  cursor.take(BLANKS);
  const labels = cursor.skip('{') ? parseLabels(cursor) : {};
  const [, value] = REST.exec(cursor.rest().trimStart()) ?? [];
  if (value === undefined || !NUMBER.test(value)) throw cursor.fault('a number and at most a timestamp');
  return { name, labels, value: numberOf(value) };
}

function parseLabels(cursor: Cursor): Record<string, string> {
  // Without a prototype, a label named like a method of objects is a label.
  const labels: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let count = 0; ; count += 1) {
    cursor.take(BLANKS);
    if (cursor.skip('}')) return labels;
    if (count === MOST_LABELS) throw cursor.fault(`at most ${MOST_LABELS} labels`);
    const name = cursor.take(LABEL_NAME)?.[0];
    cursor.take(BLANKS);
    if (name === undefined || !cursor.skip('=')) throw cursor.fault('a label name and =');
    if (name in labels) throw cursor.fault(`label ${name} once`);
    cursor.take(BLANKS);
    const value = cursor.take(LABEL_VALUE)?.[1];
    if (value === undefined) throw cursor.fault('a quoted label value');
    labels[name] = value.replace(/\\([\\"n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
    cursor.take(BLANKS);
    if (!cursor.skip(',') && !cursor.at('}')) throw cursor.fault(', or }');
  }
}

/** A place in one line. */
class Cursor {
  readonly #line: string;
  readonly #lineNumber: number;
  #position = 0;

  constructor(line: string, lineNumber: number) {
    this.#line = line;
    this.#lineNumber = lineNumber;
  }

  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#line) ?? undefined;
    if (match !== undefined) this.#position = pattern.lastIndex;
    return match;
  }

  at(character: string): boolean {
    return this.#line[this.#position] === character;
  }

  skip(character: string): boolean {
    if (!this.at(character)) return false;
    this.#position += 1;
    return true;
  }

  rest(): string {
    return this.#line.slice(this.#position);
  }

  fault(expected: string): ExpositionError {
    return new ExpositionError(`line ${this.#lineNumber}, column ${this.#position + 1}: expected ${expected}`);
  }
}
