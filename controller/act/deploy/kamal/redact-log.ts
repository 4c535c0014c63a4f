import { type Redact, createRedactor } from './redact.ts';

const MASK = '[REDACTED]';

/**
 * What is secret by its look in the logs of strangers, beyond what any text is searched for: values of longer names that
 * end or begin with a word for a secret, variables on command lines, query strings, and the end of a key whose beginning
 * was cut off. Quantities are bounded, so that no text makes it slow.
 */
const LOOKS: readonly [RegExp, string][] = [
  [/^(?:(?!-----BEGIN)[\s\S])*?-----END [A-Z ]{0,30}PRIVATE KEY-----/, MASK],
  [/(--env(?:=|[ ]+)[A-Za-z_][A-Za-z0-9_]{0,80}=)(?:"(?:[^"\\]|\\.)*"|\S+)/g, `$1${MASK}`],
  [/\b([\w.-]{0,40}(?:passw|pass_?phrase|secret|token|credential|api_?key|access_?key|master_?key|private_?key|authorization|cookie)[\w.-]{0,40}["'\]]{0,2}\s{0,3}(?:=>|[=:])\s{0,3}["']?)[^\s"',;&]+/gi, `$1${MASK}`],
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/-]{8,}=*/gi, `$1 ${MASK}`],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, MASK],
  // A block of base64 tells nobody anything, and a secret in it may be broken over two lines.
  [/^(?=[^\n]*[G-Zg-z+])[A-Za-z0-9+/_[\]-]{60,}={0,2}(?:\n[A-Za-z0-9+/_[\]-]{60,}={0,2})*(?:\n(?:[A-Za-z0-9+/_[\]-]{8,}={0,2}|[A-Za-z0-9+/_[\]-]{2,7}=+))?$/gm, MASK],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g, MASK],
];

const byLook = createRedactor([]);

export const redactLog: Redact = (text) => byLook(LOOKS.reduce((masked, [look, replacement]) => masked.replace(look, replacement), text));

/** These say nothing that is not known anyway, and stand in half of all lines. */
const HARMLESS = new Set(['PATH', 'HOME', 'LANG', 'LC_ALL', 'TERM', 'RAILS_ENV', 'RACK_ENV', 'NODE_ENV', 'KAMAL_HOST', 'KAMAL_CONTAINER_NAME', 'KAMAL_VERSION']);
const SHORTEST = 4;

/** Values of a container's environment, as `NAME=value`, that must not be shown: those of all variables that a person set. */
export function valuesOf(environment: readonly string[]): string[] {
  return environment.flatMap((entry) => {
    const at = entry.indexOf('=');
    const [name, value] = [entry.slice(0, at), entry.slice(at + 1)];
    if (at < 1 || HARMLESS.has(name) || value.length < SHORTEST) return [];
    return [value, ...partsOfURL(value)];
  });
}

/** A database says who it refuses, without the rest of the URL. */
function partsOfURL(value: string): string[] {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value) || !URL.canParse(value)) return [];
  const { username, password, hostname } = new URL(value);
  return [username, password, hostname, decoded(password)].filter((part) => part.length >= SHORTEST);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The end of a text, in whole lines, within so many bytes. Cut after redaction: half a secret is not known for one. */
export function tailOf(text: string, bytes: number): string {
  const all = Buffer.from(text.trimEnd());
  if (all.length <= bytes) return all.toString('utf8');
  const tail = all.subarray(-bytes).toString('utf8');
  return `…\n${tail.slice(tail.indexOf('\n') + 1)}`;
}
