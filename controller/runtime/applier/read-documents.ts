import { setImmediate as turn } from 'node:timers/promises';
import { Composer, Lexer, LineCounter, Parser } from 'yaml';
import type { Document, Tags } from 'yaml';
import { API_VERSION, keyOf, keyText } from '../../api/index.ts';
import type { HostPool, ObjectKey, ScalingPolicy } from '../../api/index.ts';
import { isClass, messageOf, nestsTooDeeply, repeatedKey } from '../../model/index.ts';
import { admit } from '../store/validation/index.ts';

export interface SourceFile {
  /** As people know it; it precedes every message. */
  name: string;
  text: string;
}

/** Where something is written; line and column count from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

export interface PlacedProblem {
  place: Place;
  message: string;
}

/** Kinds that people write. */
export const WRITTEN_KINDS = ['HostPool', 'ScalingPolicy'] as const;
export type WrittenKind = (typeof WRITTEN_KINDS)[number];

/** One document of a file that has no problem. */
export interface WrittenObject {
  kind: WrittenKind;
  key: ObjectKey;
  place: Place;
  /** As it is in the file, without defaults: what the file owns. */
  written: { metadata: { labels?: Record<string, string>; annotations?: Record<string, string> }; spec: Record<string, unknown> };
  /** As it would be stored. */
  admitted: HostPool | ScalingPolicy;
}

/** `pools.yaml:3:1: what is wrong`. */
export const problemText = ({ place, message }: PlacedProblem): string => `${placeText(place)}: ${message}`;
export const placeText = ({ file, line, column }: Place): string => `${file}:${line}:${column}`;

/**
 * The objects of a set of YAML files. A file with a problem gives no objects at all, so that a broken edit changes
 * nothing; an object that is written twice is a problem of both of its files.
 */
export function readDocuments(files: readonly SourceFile[]): Reading {
  const steps = readInSteps(files);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same for a process that has other things to do meanwhile: a large folder is read document by document. */
export async function readDocumentsInTurns(files: readonly SourceFile[]): Promise<Reading> {
  const steps = readInSteps(files);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await turn();
  }
}

interface Reading {
  objects: WrittenObject[];
  errors: PlacedProblem[];
}

/** A step is one document. */
type Steps<Result> = Generator<undefined, Result>;

function* readInSteps(files: readonly SourceFile[]): Steps<Reading> {
  const read: Reading[] = [];
  for (const file of files) read.push(yield* readFile(file));
  const errors = [...read.flatMap((file) => file.errors), ...twice(read.flatMap((file) => file.objects))];
  const broken = new Set(errors.map(({ place }) => place.file));
  return { objects: read.flatMap((file) => file.objects).filter(({ place }) => !broken.has(place.file)), errors };
}

/** One error a place, so that each of the files is known to be broken. */
function twice(objects: readonly WrittenObject[]): PlacedProblem[] {
  const same = Map.groupBy(objects, ({ kind, key }) => `${kind} ${keyText(key)}`);
  return objects.flatMap((object) => {
    const [first, second] = same.get(`${object.kind} ${keyText(object.key)}`) ?? [];
    const other = first === object ? second : first;
    if (other === undefined) return [];
    return [{ place: object.place, message: `${object.kind} ${keyText(object.key)} is written here and at ${placeText(other.place)}: keep one of them` }];
  });
}

function* readFile({ name, text }: SourceFile): Steps<Reading> {
  const unread = yield* unreadable(text);
  if (unread !== undefined) return { objects: [], errors: [{ place: { file: name, line: unread.line, column: 1 }, message: unread.why }] };
  const lines = new LineCounter();
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file: name, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const documents: Document.Parsed[] = [];
  // Whether keys repeat is looked at afterwards: the composer's own look takes as many steps as their number squared.
  const composer = new Composer({ version: '1.1', merge: true, customTags: withoutTimes, prettyErrors: false, uniqueKeys: false });
  const first = stopAtFirstError(composer);
  try {
    for (const document of composer.compose(new Parser(lines.addNewLine).parse(text))) {
      documents.push(document);
      yield;
    }
  } catch (error) {
    if (error !== first) throw error;
    return { objects: [], errors: [{ place: placeOf(first.offset ?? 0), message: `cannot be parsed as YAML: ${first.message}` }] };
  }
  // What follows a syntax error is read on a guess: its errors would mislead.
  const [syntax] = documents.flatMap(({ errors }) => errors);
  if (syntax !== undefined) {
    return { objects: [], errors: [{ place: placeOf(syntax.pos[0]), message: `cannot be parsed as YAML: ${syntax.message}` }] };
  }
  const objects: WrittenObject[] = [];
  const errors: PlacedProblem[] = [];
  for (const document of documents) {
    const place = placeOf(document.contents?.range[0] ?? 0);
    const again = repeatedKey(document.contents);
    if (again !== undefined) return { objects: [], errors: [{ place: placeOf(again.range?.[0] ?? 0), message: `key ${JSON.stringify(again.value)?.slice(0, 80)} is written twice: keep one of them` }] };
    const read = readDocument(document, place);
    yield;
    if (read === undefined) continue;
    if ('message' in read) errors.push(read);
    else objects.push(read);
  }
  const left = errors.length - MOST_ERRORS;
  if (left > 0) errors.splice(MOST_ERRORS, left, { place: errors[MOST_ERRORS]!.place, message: `and ${left} more problems in this file` });
  return { objects, errors };
}

class FirstError extends Error {
  /** Undefined until there is one. */
  offset: number | undefined;
}

/**
 * Lets a composer throw what it would note. What follows an error is read on a guess anyway, and to note an error for
 * each of some thousand words takes seconds. The package has no option for it.
 */
function stopAtFirstError(composer: Composer): FirstError {
  const first = new FirstError();
  const open = composer as unknown as { onError(source: number | [number, number] | { offset: number }, code: string, message: string, warning?: boolean): void };
  open.onError = (source, _code, message, warning) => {
    if (warning === true) return;
    // On its way out it is caught and told once more, of each node around.
    if (first.offset !== undefined) throw first;
    first.message = message;
    first.offset = typeof source === 'number' ? source : Array.isArray(source) ? source[0] : source.offset;
    throw first;
  };
  return first;
}

/** Of one file; with more it is another file than was meant. */
const MOST_ERRORS = 50;
/** As much as an API server takes for one object, for a whole file. */
export const LONGEST_FILE = 1024 * 1024;
/** Of a document; a pool with a hundred fixed hosts, all fields written, has 9,000. To parse takes some 4 µs a word, and nothing else happens meanwhile. */
const MOST_WORDS = 12_000;
const WORDS_A_STEP = 2_000;

/** What keeps a text from being parsed at all: that is done document by document, and must be quick. */
function* unreadable(text: string): Steps<{ line: number; why: string } | undefined> {
  if (text.length > LONGEST_FILE) return { line: 1, why: `has more than ${LONGEST_FILE} characters: split it` };
  if (nestsTooDeeply(text)) return { line: 1, why: 'cannot be parsed as YAML: it nests too deeply' };
  let [line, begin, words, all] = [1, 1, 0, 0];
  for (const word of new Lexer().lex(text)) {
    if (word === '---') [begin, words] = [line, 0];
    words += 1;
    all += 1;
    if (words > MOST_WORDS) return { line: begin, why: 'is a document too large for a policy or a pool: split it with a line of ---' };
    line += word.split('\n').length - 1;
    if (all % WORDS_A_STEP === 0) yield;
  }
  return undefined;
}

/** As kubectl reads YAML: 1.1, but times and `22:30` stay text. */
const withoutTimes = (tags: Tags): Tags => tags.filter((tag) =>
  typeof tag === 'string' || (tag.tag !== 'tag:yaml.org,2002:timestamp' && tag.format !== 'TIME'));

/** An empty document is none. */
function readDocument(document: Document.Parsed, place: Place): WrittenObject | PlacedProblem | undefined {
  let content: unknown;
  try {
    content = document.toJS();
  } catch (error) {
    return { place, message: `cannot be parsed as YAML: ${messageOf(error)}` };
  }
  if (content === null || content === undefined) return undefined;
  if (typeof content !== 'object' || Array.isArray(content)) return { place, message: 'is not an object: write apiVersion, kind, metadata and spec' };
  return readObject(content as Record<string, unknown>, place);
}

function readObject(content: Record<string, unknown>, place: Place): WrittenObject | PlacedProblem {
  const { kind, apiVersion } = content;
  const refuse = (message: string): PlacedProblem => ({ place, message });
  if (apiVersion !== API_VERSION) {
    return refuse(apiVersion === undefined ? `apiVersion: Required value: write ${API_VERSION}` : `apiVersion: Unsupported value: ${JSON.stringify(apiVersion)}: supported values: "${API_VERSION}"`);
  }
  if (kind === 'KamalHost') return refuse('kind: KamalHost is made by its HostPool, never by hand: take this document out and set replicas of the pool');
  if (kind === 'DeploySession') return refuse('kind: DeploySession is made by the controller, never by hand: take this document out');
  const known = WRITTEN_KINDS.find((candidate) => candidate === kind);
  if (known === undefined) {
    const supported = WRITTEN_KINDS.map((name) => `"${name}"`).join(', ');
    return refuse(kind === undefined ? `kind: Required value: write one of ${supported}` : `kind: Unsupported value: ${JSON.stringify(kind)}: supported values: ${supported}`);
  }
  nameSwitches(content);
  try {
    const admitted = admit(known, content) as HostPool | ScalingPolicy;
    const { labels, annotations } = admitted.metadata;
    const written = { metadata: { ...(labels && { labels }), ...(annotations && { annotations }) }, spec: withoutNulls(content.spec) as Record<string, unknown> };
    return { kind: known, key: keyOf(admitted), place, written, admitted };
  } catch (error) {
    if (!isClass(error, 'Invalid')) throw error;
    return refuse(error.message);
  }
}

/** YAML 1.1 reads `mode: Off` as false, which the person who wrote it did not mean: there it is the name of a mode. */
function nameSwitches({ spec }: Record<string, unknown>): void {
  const prediction = (spec as { prediction?: { mode?: unknown } | null } | null | undefined)?.prediction;
  if (typeof prediction?.mode === 'boolean') prediction.mode = prediction.mode ? 'On' : 'Off';
}

/** `replicas:` with nothing behind it is a field that is not written. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null).map(([name, member]) => [name, withoutNulls(member)]));
}
