/** The part of the shell's language that is sent to hosts: lists, pipes, redirections, quotes, substitutions, `while read`. */

export type Part =
  | { kind: 'text'; text: string; quoted: boolean }
  | { kind: 'output'; list: List; quoted: boolean }
  | { kind: 'variable'; name: string; fallback?: Word; cut?: Word; quoted: boolean };
export type Word = readonly Part[];

export interface Redirection {
  from: 1 | 2;
  /** `1` joins the standard output. */
  to: Word | 1;
  appends: boolean;
}

export type Command =
  | { kind: 'simple'; words: readonly Word[]; redirections: readonly Redirection[] }
  | { kind: 'group'; list: List }
  | { kind: 'reading'; variables: readonly string[]; body: List };
export type Pipeline = readonly Command[];
export type Joint = 'first' | '&&' | '||' | ';';
export type List = readonly { joint: Joint; pipeline: Pipeline }[];

export class ShellSyntaxError extends Error {
  override readonly name = 'ShellSyntaxError';
}

export function parseShell(source: string): List {
  const reader = new Reader(source);
  const list = reader.list();
  reader.end();
  return list;
}

class Reader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  list(): List {
    const list: { joint: Joint; pipeline: Pipeline }[] = [];
    let joint: Joint = 'first';
    for (;;) {
      this.#space();
      if (this.#ended() || this.#looks(')') || this.#looksWord('done')) return list;
      list.push({ joint, pipeline: this.#pipeline() });
      this.#space();
      const sign = this.#joint();
      if (sign === undefined) return list;
      joint = sign;
    }
  }

  end(): void {
    this.#space();
    if (!this.#ended()) throw this.#error('a word or an end');
  }

  #joint(): Joint | undefined {
    if (this.#take('&&') !== undefined) return '&&';
    if (this.#take('||') !== undefined) return '||';
    return (this.#take(';') ?? this.#take('\n')) === undefined ? undefined : ';';
  }

  #pipeline(): Command[] {
    const commands = [this.#command()];
    for (;;) {
      this.#space();
      if (this.#looks('||') || this.#take('|') === undefined) return commands;
      commands.push(this.#command());
    }
  }

  #command(): Command {
    this.#space();
    if (this.#take('(') !== undefined) {
      const list = this.list();
      this.#expect(')');
      return { kind: 'group', list };
    }
    if (this.#looksWord('while')) return this.#reading();
    return this.#simple();
  }

  #reading(): Command {
    const match = /^while\s+read((?:\s+[A-Za-z_]\w*)+)\s*;\s*do\s/.exec(this.#source.slice(this.#at));
    if (match === null) throw this.#error('while read NAME; do');
    this.#at += match[0].length;
    const body = this.list();
    this.#space();
    this.#expect('done');
    return { kind: 'reading', variables: (match[1] ?? '').trim().split(/\s+/), body };
  }

  #simple(): Command {
    const words: Word[] = [];
    const redirections: Redirection[] = [];
    for (;;) {
      this.#space();
      const redirection = this.#redirection();
      if (redirection !== undefined) redirections.push(redirection);
      else if (this.#ended() || /[|;&)\n]/.test(this.#here())) break;
      else words.push(this.#word());
    }
    if (words.length === 0 && redirections.length === 0) throw this.#error('a command');
    return { kind: 'simple', words, redirections };
  }

  #redirection(): Redirection | undefined {
    const match = /^(2?)(>>?)/.exec(this.#source.slice(this.#at, this.#at + 3));
    if (match === null) return undefined;
    this.#at += match[0].length;
    const from = match[1] === '2' ? 2 : 1;
    if (from === 2 && this.#take('&1') !== undefined) return { from, to: 1, appends: true };
    this.#space();
    return { from, to: this.#word(), appends: match[2] === '>>' };
  }

  #word(): Word {
    const parts: Part[] = [];
    while (!this.#ended() && !/[\s|;&<>()]/.test(this.#here())) {
      const character = this.#here();
      if (character === "'") parts.push({ kind: 'text', text: this.#single(), quoted: true });
      else if (character === '"') parts.push(...this.#double());
      else if (character === '\\') {
        parts.push({ kind: 'text', text: this.#source[this.#at + 1] ?? '', quoted: true });
        this.#at += 2;
      } else if (character === '$') parts.push(this.#dollar(false));
      else {
        parts.push({ kind: 'text', text: character, quoted: false });
        this.#at += 1;
      }
    }
    if (parts.length === 0) throw this.#error('a word');
    return parts;
  }

  #single(): string {
    const end = this.#source.indexOf("'", this.#at + 1);
    if (end < 0) throw this.#error("a closing '");
    const text = this.#source.slice(this.#at + 1, end);
    this.#at = end + 1;
    return text;
  }

  #double(): Part[] {
    this.#at += 1;
    const parts: Part[] = [{ kind: 'text', text: '', quoted: true }];
    while (!this.#looks('"')) {
      if (this.#ended()) throw this.#error('a closing "');
      const escaped = /^\\[$`"\\\n]/.exec(this.#source.slice(this.#at, this.#at + 2));
      if (escaped !== null) {
        parts.push({ kind: 'text', text: escaped[0] === '\\\n' ? '' : escaped[0].slice(1), quoted: true });
        this.#at += 2;
      } else if (this.#here() === '$' && /^\$[({A-Za-z_]/.test(this.#source.slice(this.#at, this.#at + 2))) {
        parts.push(this.#dollar(true));
      } else {
        parts.push({ kind: 'text', text: this.#here(), quoted: true });
        this.#at += 1;
      }
    }
    this.#at += 1;
    return parts;
  }

  #dollar(quoted: boolean): Part {
    this.#at += 1;
    if (this.#take('(') !== undefined) {
      const list = this.list();
      this.#expect(')');
      return { kind: 'output', list, quoted };
    }
    if (this.#take('{') === undefined) {
      const name = this.#name();
      return name === '' ? { kind: 'text', text: '$', quoted } : { kind: 'variable', name, quoted };
    }
    const name = this.#name();
    const fallback = this.#take(':-') === undefined ? undefined : this.#untilBrace();
    const cut = this.#take('#') === undefined ? undefined : this.#untilBrace();
    this.#expect('}');
    return { kind: 'variable', name, quoted, ...(fallback === undefined ? {} : { fallback }), ...(cut === undefined ? {} : { cut }) };
  }

  #untilBrace(): Word {
    const parts: Part[] = [];
    while (!this.#looks('}')) {
      if (this.#ended()) throw this.#error('a closing }');
      if (this.#here() === '$') parts.push(this.#dollar(true));
      else {
        parts.push({ kind: 'text', text: this.#here(), quoted: true });
        this.#at += 1;
      }
    }
    return parts;
  }

  #name(): string {
    const name = /^[A-Za-z_]\w*/.exec(this.#source.slice(this.#at))?.[0] ?? '';
    this.#at += name.length;
    return name;
  }

  #space(): void {
    while (/[ \t]/.test(this.#here())) this.#at += 1;
  }

  #here(): string {
    return this.#source[this.#at] ?? '';
  }

  #ended(): boolean {
    return this.#at >= this.#source.length;
  }

  #looks(sign: string): boolean {
    return this.#source.startsWith(sign, this.#at);
  }

  #looksWord(word: string): boolean {
    return this.#looks(word) && !/\w/.test(this.#source[this.#at + word.length] ?? '');
  }

  #take(sign: string): string | undefined {
    if (!this.#looks(sign)) return undefined;
    this.#at += sign.length;
    return sign;
  }

  #expect(sign: string): void {
    if (this.#take(sign) === undefined) throw this.#error(sign);
  }

  #error(wanted: string): ShellSyntaxError {
    return new ShellSyntaxError(`expected ${wanted} at ${JSON.stringify(this.#source.slice(this.#at, this.#at + 30))} in: ${this.#source}`);
  }
}
