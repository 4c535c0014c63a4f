import { withoutControlsInLines } from '../../../model/index.ts';

/** Takes everything out of a text that must not be shown: secrets, and what a terminal would obey. */
export type Redact = (text: string) => string;

const MASK = '[REDACTED]';
/** A shorter value is masked only where it stands alone, for it may be part of any word. */
const SHORTEST_ANYWHERE = 4;
/** A longer value is masked piece by piece: an expression of one that is very long cannot be made, and is slow where it nearly matches everywhere. */
const LONGEST_PIECE = 256;

/** What is secret by its look, whatever its value. */
const LOOKS: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, MASK],
  [/^([ \t]*)(:?key_data:).*\n(?:\1(?:[ \t]+|- ).*\n?)*/gm, `$1$2 ${MASK}\n`],
  [/\b(authorization:\s*(?:bearer|basic|token)\s+)\S+/gi, `$1${MASK}`],
  [/(\/\/[^\s/:@]+:)[^\s/@]+@/g, `$1${MASK}@`],
  // From the last `docker login` before it: tried from each one to the end of its line, a long line would take minutes.
  [/(docker login (?:(?!docker login )[^\n])*?(?:-p|--password)[ =])\S+/g, `$1${MASK}`],
  [/\b((?:password|passwd|secret|token|api[_-]?key|access[_-]?key|master[_-]?key)["']?\s*(?:=>|[=:])\s*["']?)[^\s"',;]+/gi, `$1${MASK}`],
  [/\b(?:gh[pousr]_|github_pat_|dckr_pat_|glpat-|xox[abp]-)[A-Za-z0-9_-]{10,}/g, MASK],
];

/** Masks these values, in the forms in which programs print them, and what looks like a secret. */
export function createRedactor(secrets: Iterable<string>): Redact {
  const values = [...new Set([...secrets].flatMap(printedForms))].sort((one, other) => other.length - one.length);
  const pattern = values.length === 0 ? undefined : new RegExp(values.map(asPattern).join('|'), 'g');
  return (text) => {
    const looked = LOOKS.reduce((masked, [look, replacement]) => masked.replace(look, replacement), text);
    return withoutControlsInLines(pattern === undefined ? looked : looked.replace(pattern, MASK));
  };
}

function printedForms(secret: string): string[] {
  const lines = secret.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  const whole = lines.length > 1 ? [] : lines;
  // The lines of a key or certificate are printed one by one; a brace that stands alone in a JSON document is no secret.
  const parts = lines.length > 1 ? lines.filter((line) => line.length >= 8) : [];
  return [...whole, ...parts].flatMap((value) => [value, encodeURIComponent(value.toWellFormed()), JSON.stringify(value).slice(1, -1), ...base64Of(value)]).flatMap(piecesOf);
}

/** Of a shorter value too little would be left of the forms below. */
const SHORTEST_WITHIN = 8;

/** The value alone, and what is always there where it stands in a longer text, as in `user:password` of a registry's login: its bytes may begin at any of three places, and others may follow. */
function base64Of(value: string): string[] {
  const alone = Buffer.from(value).toString('base64');
  const within = value.length < SHORTEST_WITHIN ? [] : [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)]);
    return [bytes, bytes.subarray(0, bytes.length - bytes.length % 3)].map((some) => some.toString('base64').slice(before === 0 ? 0 : 4));
  });
  return [alone, ...within].flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')]);
}

/** Each as long as the others, or one character shorter, so that none is so short that it is part of any word. */
function piecesOf(value: string): string[] {
  const count = Math.ceil(value.length / LONGEST_PIECE);
  return count <= 1 ? [value] : Array.from({ length: count }, (_, index) => value.slice(Math.floor(index * value.length / count), Math.floor((index + 1) * value.length / count)));
}

function asPattern(value: string): string {
  const escaped = value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return value.length >= SHORTEST_ANYWHERE ? escaped : `(?<![A-Za-z0-9])${escaped}(?![A-Za-z0-9])`;
}

/** Values of variables whose names say that they are secret. */
export const secretsOf = (environment: Record<string, string | undefined>): string[] =>
  Object.entries(environment).flatMap(([name, value]) => (value !== undefined && value !== '' && SECRET_NAME.test(name) ? [value] : []));

const SECRET_NAME = /TOKEN|PASSW|SECRET|CREDENTIAL|PRIVATE|_KEY$|^KEY$|API_?KEY|DSN$|DATABASE_URL|REDIS_URL|_PAT$/i;
