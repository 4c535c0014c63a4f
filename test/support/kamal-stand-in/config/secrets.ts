/** `.kamal/secrets-common` and `.kamal/secrets[.DESTINATION]`: Dotenv's format, read when a secret is first asked for. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { BeyondStandIn, configurationError } from '../errors.ts';
import type { World } from '../world.ts';

export interface Secrets {
  /** Throws a ConfigurationError when no file names it; an unset variable behind it is an empty secret. */
  get(name: string): string;
  has(name: string): boolean;
  all(): Readonly<Record<string, string>>;
}

export function readSecrets(world: World, destination: string | undefined, path = '.kamal/secrets'): Secrets {
  const names = [`${path}-common`, destination === undefined ? path : `${path}.${destination}`];
  const files = (): string[] => names.filter((name) => existsSync(resolve(world.cwd, name)));
  let read: Record<string, string> | undefined;
  const all = (): Record<string, string> => (read ??= Object.assign({}, ...files().map((file) => parseDotenv(readFileSync(resolve(world.cwd, file), 'utf8'), world))) as Record<string, string>);
  return {
    all,
    has: (name) => (all()[name] ?? '').trim() !== '',
    get: (name) => {
      const value = all()[name];
      if (value !== undefined) return value;
      throw configurationError(files().length > 0 ? `Secret '${name}' not found in ${files().join(', ')}` : `Secret '${name}' not found, no secret files (${names.join(', ')}) provided`);
    },
  };
}

const LINE = /^\s*(export\s+)?([\w.]+)(?:(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|[^#\n]+)?)?\s*(?:#.*)?$/gm;

function parseDotenv(text: string, world: World): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [, exported, key = '', raw] of text.replaceAll(/\r\n?/g, '\n').matchAll(LINE)) {
    if (exported !== undefined && raw === undefined) continue;
    values[key] = parseValue(raw ?? '', values, world);
  }
  return values;
}

function parseValue(raw: string, earlier: Readonly<Record<string, string>>, world: World): string {
  const quoted = /^(['"])([\s\S]*)\1$/.exec(raw.trim());
  if (quoted?.[1] === "'") return quoted[2] ?? '';
  const inner = quoted?.[2] ?? raw.trim();
  // A written \n stays two characters, as in Dotenv 3: only its legacy mode makes it a line break.
  const lines = quoted === null ? inner : inner.replaceAll('\\n', '\\\\n').replaceAll('\\r', '\\\\r');
  const variable = (value: string): string => value.replaceAll(/(\\)?\$(?!\()\{?([A-Z0-9_]+)?\}?/gi, (whole, escaped: string | undefined, name: string | undefined) => {
    if (escaped !== undefined) return whole.slice(1);
    return name === undefined ? whole : earlier[name] ?? world.env[name] ?? '';
  });
  return substituted(variable(lines.replaceAll(/\\([^$])/g, '$1')), variable, world);
}

/** `$(command)` gives what the command prints; parentheses inside it nest. */
function substituted(value: string, variable: (text: string) => string, world: World): string {
  let done = '';
  let rest = value;
  for (;;) {
    const start = rest.indexOf('$(');
    if (start < 0) return done + rest;
    const end = closing(rest, start + 1);
    if (end < 0) return done + rest;
    const command = variable(rest.slice(start + 2, end));
    if (rest[start - 1] === '\\') {
      done += `${rest.slice(0, start - 1)}${rest.slice(start, end + 1)}`;
    } else {
      if (/^\s*kamal\s+secrets\s/.test(command)) throw new BeyondStandIn('the stand-in for kamal has no adapters of password managers: kamal secrets');
      const result = world.run(['sh', '-c', command]);
      world.err(result.stderr);
      done += rest.slice(0, start) + result.stdout.replace(/\n$/, '');
    }
    rest = rest.slice(end + 1);
  }
}

function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '(') depth += 1;
    else if (text[at] === ')' && (depth -= 1) === 0) return at;
  }
  return -1;
}
