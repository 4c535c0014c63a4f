/**
 * The few Ruby expressions that a deploy.yml takes its hosts from: literals, `+`, `||`, ENV, JSON, YAML and File, and
 * the methods in {@link METHODS}. Anything else is refused by name: a stand-in that guessed would deploy elsewhere.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { BeyondStandIn, KamalError, runtimeError } from '../errors.ts';
import { textOf } from './validate.ts';

export type RubyValue = string | number | boolean | null | RubyValue[] | { [key: string]: RubyValue };

export interface RubySurroundings {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
}

type Token = { kind: 'text'; value: string } | { kind: 'list'; value: string[] } | { kind: 'number'; value: number } | { kind: 'name' | 'sign'; value: string };

const TOKEN = /\s*(?:"((?:[^"\\#]|\\.|#(?!\{))*)"|'((?:[^'\\]|\\.)*)'|%w(?:\[([^\]]*)\]|\(([^)]*)\)|\{([^}]*)\})|(\d+)|([A-Za-z_]\w*[?!]?)|(&:[a-z_]\w*[?!]?|\|\||[-+.,()[\]]))/y;

export function evaluateRuby(source: string, around: RubySurroundings): RubyValue {
  const reader = new Reader(tokens(source), source, around);
  return reader.whole();
}

const beyond = (source: string, what: string): BeyondStandIn =>
  new BeyondStandIn(`the stand-in for kamal cannot evaluate the ERB expression <%= ${source.trim()} %> (at ${what}); it knows literals, ENV, JSON.parse, YAML.load_file, File.read and a few methods of arrays and hashes`);

function tokens(source: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(source);
    if (match === null) throw beyond(source, source.slice(at, at + 20).trim());
    const words = match[3] ?? match[4] ?? match[5];
    if (words !== undefined) found.push({ kind: 'list', value: words.trim() === '' ? [] : words.trim().split(/\s+/) });
    else if (match[1] !== undefined) found.push({ kind: 'text', value: match[1].replaceAll('\\n', '\n').replaceAll(/\\(.)/g, '$1') });
    else if (match[2] !== undefined) found.push({ kind: 'text', value: match[2].replaceAll(/\\(['\\])/g, '$1') });
    else if (match[6] !== undefined) found.push({ kind: 'number', value: Number(match[6]) });
    else if (match[7] !== undefined) found.push({ kind: 'name', value: match[7] });
    else found.push({ kind: 'sign', value: match[8] ?? '' });
  }
  return found;
}

class Reader {
  readonly #tokens: readonly Token[];
  readonly #source: string;
  readonly #around: RubySurroundings;
  #at = 0;

  constructor(all: readonly Token[], source: string, around: RubySurroundings) {
    this.#tokens = all;
    this.#source = source;
    this.#around = around;
  }

  whole(): RubyValue {
    const value = this.#either();
    if (this.#at < this.#tokens.length) throw this.#beyond();
    return value;
  }

  #either(): RubyValue {
    let left = this.#sum();
    while (this.#takes('||')) {
      const right = this.#sum();
      left = left === null || left === false ? right : left;
    }
    return left;
  }

  #sum(): RubyValue {
    let left = this.#chain();
    while (this.#takes('+')) {
      const right = this.#chain();
      if (Array.isArray(left) && Array.isArray(right)) left = [...left, ...right];
      else if (typeof left === 'string' && typeof right === 'string') left += right;
      else if (typeof left === 'number' && typeof right === 'number') left += right;
      else throw new KamalError('TypeError', `no implicit conversion of ${rubyClass(right)} into ${rubyClass(left)}`);
    }
    return left;
  }

  #chain(): RubyValue {
    let value = this.#primary();
    for (;;) {
      if (this.#takes('[')) {
        const [key] = this.#list(']');
        value = member(value, key ?? null);
      } else if (this.#takes('.')) {
        value = this.#call(value, this.#name());
      } else {
        return value;
      }
    }
  }

  #call(value: RubyValue, name: string): RubyValue {
    const args = this.#takes('(') ? this.#list(')') : [];
    const method = METHODS[name];
    if (value === null && method !== undefined && !['to_a', 'to_s', 'to_i', 'to_json', 'inspect'].includes(name)) throw noMethod(name);
    const answer = method?.(value, args);
    if (answer === undefined) throw this.#beyond(name);
    return answer;
  }

  #primary(): RubyValue {
    const token = this.#tokens[this.#at++];
    switch (token?.kind) {
      case 'text':
      case 'number':
      case 'list':
        return token.value;
      case 'sign':
        if (token.value === '[') return this.#list(']');
        if (token.value === '(') {
          const value = this.#either();
          this.#expects(')');
          return value;
        }
        throw this.#beyond(token.value);
      case 'name':
        return this.#constant(token.value);
      case undefined:
      default:
        throw this.#beyond('its end');
    }
  }

  #constant(name: string): RubyValue {
    if (name === 'nil') return null;
    if (name === 'raise') throw runtimeError(textOf(this.#either()));
    if (name === 'true' || name === 'false') return name === 'true';
    if (name === 'ENV' && this.#takes('[')) return this.#around.env[textOf(this.#list(']')[0])] ?? null;
    if (name === 'ENV' && this.#takes('.')) {
      if (this.#name() !== 'fetch') throw this.#beyond('ENV');
      this.#expects('(');
      const [key, ...fallback] = this.#list(')');
      const value = this.#around.env[textOf(key)] ?? fallback[0];
      if (value === undefined) throw new KamalError('KeyError', `key not found: ${JSON.stringify(key)}`);
      return value;
    }
    if (!this.#takes('.')) throw this.#beyond(name);
    const method = `${name}.${this.#name()}`;
    this.#expects('(');
    const argument = textOf(this.#list(')')[0]);
    if (method === 'JSON.parse') return parsedJson(argument);
    if (method === 'File.read') return this.#read(argument);
    if (method === 'YAML.load_file') return parseYaml(this.#read(argument), { version: '1.1' }) as RubyValue;
    if (method === 'YAML.load' || method === 'YAML.safe_load') return parseYaml(argument, { version: '1.1' }) as RubyValue;
    throw this.#beyond(method);
  }

  #read(path: string): string {
    try {
      return readFileSync(resolve(this.#around.cwd, path), 'utf8');
    } catch {
      throw new KamalError('Errno::ENOENT', `No such file or directory @ rb_sysopen - ${path}`);
    }
  }

  #list(end: ')' | ']'): RubyValue[] {
    const values: RubyValue[] = [];
    while (!this.#takes(end)) {
      const token = this.#tokens[this.#at];
      if (token?.kind === 'sign' && token.value.startsWith('&:')) {
        this.#at += 1;
        values.push(token.value);
      } else {
        values.push(this.#either());
      }
      if (!this.#takes(',') && this.#tokens[this.#at]?.value !== end) throw this.#beyond();
    }
    return values;
  }

  #name(): string {
    const token = this.#tokens[this.#at++];
    if (token?.kind !== 'name') throw this.#beyond();
    return token.value;
  }

  #takes(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'sign' || token.value !== sign) return false;
    this.#at += 1;
    return true;
  }

  #expects(sign: string): void {
    if (!this.#takes(sign)) throw this.#beyond();
  }

  #beyond(what = String(this.#tokens[this.#at]?.value ?? 'its end')): BeyondStandIn {
    return beyond(this.#source, what);
  }
}

function parsedJson(text: string): RubyValue {
  try {
    return JSON.parse(text) as RubyValue;
  } catch {
    throw new KamalError('JSON::ParserError', `unexpected token at '${text}'`);
  }
}

const rubyClass = (value: RubyValue): string => {
  if (value === null) return 'nil';
  if (Array.isArray(value)) return 'Array';
  return { string: 'String', number: 'Integer', boolean: 'true', object: 'Hash' }[typeof value as 'string'];
};

function member(value: RubyValue, key: RubyValue): RubyValue {
  if (value === null) throw noMethod('[]');
  if (Array.isArray(value) && typeof key === 'number') return value.at(key) ?? null;
  if (typeof value === 'object' && !Array.isArray(value)) return value[textOf(key)] ?? null;
  throw runtimeError(`no element ${JSON.stringify(key)} of ${rubyClass(value)}`);
}

const noMethod = (name: string): KamalError => new KamalError('NoMethodError', `undefined method \`${name}' for nil:NilClass`);

const isEmpty = (value: RubyValue): boolean => value === '' || (Array.isArray(value) && value.length === 0);

/** By name; undefined says that the method does not fit the value. */
const METHODS: Readonly<Record<string, (value: RubyValue, args: readonly RubyValue[]) => RubyValue | undefined>> = {
  fetch: (value, [key, ...fallback]) => {
    const found = member(value, key ?? null);
    if (found !== null) return found;
    if (fallback.length > 0) return fallback[0];
    throw new KamalError('KeyError', `key not found: ${JSON.stringify(key)}`);
  },
  dig: (value, keys) => keys.reduce((inner: RubyValue, key) => (inner === null ? null : member(inner, key)), value),
  split: (value, [by]) => (typeof value === 'string' && typeof by === 'string' ? value.split(by).filter((_part, at, all) => all.slice(at).some((later) => later !== '')) : undefined),
  strip: (value) => (typeof value === 'string' ? value.trim() : undefined),
  join: (value, [by]) => (Array.isArray(value) ? value.map(textOf).join(textOf(by)) : undefined),
  uniq: (value) => (Array.isArray(value) ? [...new Set(value)] : undefined),
  compact: (value) => (Array.isArray(value) ? value.filter((entry) => entry !== null) : undefined),
  sort: (value) => (Array.isArray(value) ? value.toSorted((one, other) => (textOf(one) < textOf(other) ? -1 : 1)) : undefined),
  first: (value) => (Array.isArray(value) ? value[0] ?? null : undefined),
  reject: (value, [block]) => (Array.isArray(value) && block === '&:empty?' ? value.filter((entry) => !isEmpty(entry)) : undefined),
  map: (value, [block]) => (Array.isArray(value) && block === '&:strip' ? value.map((entry) => textOf(entry).trim()) : undefined),
  to_a: (value) => (Array.isArray(value) ? value : value === null ? [] : undefined),
  to_s: (value) => textOf(value),
  to_i: (value) => Number.parseInt(textOf(value), 10) || 0,
  to_json: (value) => JSON.stringify(value),
  inspect: (value) => JSON.stringify(value),
};
