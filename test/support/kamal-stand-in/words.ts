/** Command lines as Kamal builds and quotes them. */

/** A word of a command line; a secret one is shown as [REDACTED]. */
export type Word = string | { secret: string };
export type Words = readonly Word[];
type Scalar = string | number | boolean | null | undefined;

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\f': '\\f', '\v': '\\v', '\b': '\\b', '\x07': '\\a', '\x1b': '\\e',
};

/** Ruby's `String#dump` of a text of ASCII characters, without the quotes around it. */
function dumped(ascii: string): string {
  return ascii.replace(/["\\]|[\x00-\x1f\x7f]|#(?=[{$@])/g, (character) => {
    if (character === '#') return '\\#';
    return ESCAPES[character] ?? `\\x${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

const parts = (value: string): string[] => value.match(/[\x00-\x7f]+|[^\x00-\x7f]+/g) ?? [];

/** Quoted for a shell; `${NAME}` is left for the shell to fill in, any other `$` is not. */
export function shellValue(value: Scalar): string {
  return parts(String(value ?? '')).map((part) => (/^[\x00-\x7f]/.test(part)
    ? `"${dumped(part)}"`.replaceAll('`', '\\`').replaceAll(/\$(?!\{[^}]*\})/g, '\\$')
    : part)).join('');
}

/** A value in Docker's env file, whose lines know no quotes. */
export function envFileValue(value: string): string {
  return parts(value).map((part) => (/^[\x00-\x7f]/.test(part) ? dumped(part).replaceAll('\\"', '"').replaceAll('\\#', '#') : part)).join('');
}

const isBlank = (value: Scalar): boolean => value === undefined || value === null || value === false || String(value).trim() === '';

/** `--label service="shop"` for each pair; a pair without a value gives its key alone. */
export function argumentize(argument: string, pairs: Iterable<readonly [string, Scalar]>): string[] {
  return [...pairs].flatMap(([key, value]) => {
    if (value === false) return [argument, `${key}=false`];
    return [argument, isBlank(value) ? key : `${key}=${shellValue(value)}`];
  });
}

/** `--memory "512m"`, or `--memory="512m"` with a joint; true gives the option alone, a list gives it once an entry. */
export function optionize(options: Iterable<readonly [string, Scalar | readonly Scalar[]]>, joint?: '='): string[] {
  const flat = [...options].flatMap(([key, value]) => (Array.isArray(value) ? value : [value]).map((entry: Scalar) => [key, entry] as const));
  return flat.flatMap(([key, value]) => {
    if (value === true) return [`--${key}`];
    return joint === undefined ? [`--${key}`, shellValue(value)] : [`--${key}${joint}${shellValue(value)}`];
  });
}

const BUILT_INTO_THE_SHELL = new Set(['if', 'test', 'time', 'exec', 'docker']);

/** The line that is sent to the host. A program is found through env, except Docker; a whole script is sent as it is. */
export const commandLine = (words: Words): string => joined(words, (secret) => secret);

/** The line as Kamal shows it. */
export const shownLine = (words: Words): string => joined(words, () => '[REDACTED]');

function joined(words: Words, show: (secret: string) => string): string {
  const texts = words.map((word) => (typeof word === 'string' ? word : show(word.secret)));
  const [, ...rest] = texts;
  const first = programOf(words);
  if (/\s/.test(first)) return first;
  return [BUILT_INTO_THE_SHELL.has(first) ? first : `/usr/bin/env ${first}`, ...rest].join(' ');
}

/** Commands one after the other with a word between them: `&&`, `|`, `;`, `>>`. */
export const combined = <W extends Word>(by: string & W, ...commands: readonly (readonly W[])[]): W[] => commands.flatMap((command, at) => (at === 0 ? command : [by, ...command]));

/** A command inside `sh -c '…'`. */
export const inShell = (words: readonly string[]): Words => ['sh', '-c', `'${words.join(' ').replaceAll("'", "'\\''")}'`];


/** The first word on one line: the program, or a whole script. It names the command in SSHKit's report of a failure. */
export const programOf = (words: Words): string => firstWord(words).replace(/\n$/, '').split('\n').map((line) => line.trim()).join('; ');

const firstWord = ([first = '']: Words): string => (typeof first === 'string' ? first : first.secret);
