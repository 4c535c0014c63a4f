import type { ErrorClass } from '../../../model/index.ts';
import { FAILURE_RULES } from './failure-rules.ts';
import type { Redact } from './redact.ts';

/** A failed run in words that may be shown. */
export interface KamalFailure {
  class: ErrorClass;
  /** What happened, Kamal's own words for it, and what a person can do. */
  message: string;
  replaceHost: boolean;
}

export interface FailedOutput {
  stdout: string;
  stderr: string;
}

const LONGEST_EVIDENCE = 240;
const TAIL_LINES = 4;

/** The class of a failed run, by what it printed. What nobody has seen before is `Unrecognised`, with its last words. */
export function readFailure(output: FailedOutput, redact: Redact): KamalFailure {
  const error = errorText(output);
  const rule = FAILURE_RULES.find(({ text }) => text.test(error));
  if (rule === undefined) {
    return { class: 'Unrecognised', replaceHost: false, message: `Kamal failed in a way that this program does not know: ${lastWords(output, redact)}` };
  }
  const evidence = cut(redact(lineOf(error, rule.text)));
  const logged = rule.replaceHost ? appLog(output.stdout) : undefined;
  const message = [`${rule.says} (${evidence})`, ...(logged === undefined ? [] : [`the app logged: ${cut(redact(logged))}`]), ...(rule.mend === undefined ? [] : [rule.mend])];
  return { class: rule.class, replaceHost: rule.replaceHost, message: message.join('; ') };
}

/**
 * The part in which Kamal says why it ended: from its last `ERROR (Class):` on, else what Thor wrote to standard error.
 * The app's own log stands before that, and what is in it says nothing about this run.
 */
function errorText({ stdout, stderr }: FailedOutput): string {
  const plain = withoutColours(stdout);
  const at = [...plain.matchAll(/^[ \t]*ERROR \([\w:]+\):/gm)].at(-1)?.index;
  return at === undefined ? withoutColours(stderr) : plain.slice(at);
}

const lineOf = (text: string, pattern: RegExp): string => (text.split('\n').find((line) => pattern.test(line)) ?? text).trim();

/** What the app said last before Kamal gave it up: Docker puts a time before each line of its log. */
function appLog(stdout: string): string | undefined {
  const lines = [...withoutColours(stdout).matchAll(/^(?: ERROR )?\d{4}-\d\d-\d\dT[\d:.]+Z (.*)$/gm)];
  return lines.at(-1)?.[1]?.trim();
}

/** The last lines of a run, without the commands it reported on the way. */
export function lastWords({ stdout, stderr }: FailedOutput, redact: Redact): string {
  const lines = withoutColours(`${stdout}\n${stderr}`).split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('INFO ') && !line.startsWith('Finished all in '));
  return lines.length === 0 ? 'it printed nothing' : cut(redact(lines.slice(-TAIL_LINES).join(' | ')));
}

/** Kamal and kamal-proxy colour their words, with or without a terminal. */
export const withoutColours = (text: string): string => text.replace(COLOUR, '');
const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

/** After redaction: half of a secret would not be known as one. */
const cut = (text: string): string => (text.length <= LONGEST_EVIDENCE ? text : `${text.slice(0, LONGEST_EVIDENCE)}…`);
