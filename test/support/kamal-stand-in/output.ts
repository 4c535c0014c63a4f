/** What Kamal prints: SSHKit's log lines at a verbosity, Thor's sentences, and plain output. All of it goes to stdout. */
import type { World } from './world.ts';
import { programOf, shownLine, type Words } from './words.ts';

export const LEVELS = { debug: 0, info: 1, warn: 2, error: 3 } as const;
export type Level = keyof typeof LEVELS;
type Colour = keyof typeof CODES;

const CODES = { black: 30, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35 } as const;
const LEVEL_COLOURS: Readonly<Record<Level, Colour>> = { debug: 'black', info: 'blue', warn: 'yellow', error: 'red' };

/** A command under way, as its log lines name it. */
export interface Running {
  id: string;
  words: Words;
  /** Where: a host's address, or `localhost`. */
  on: string;
  /** The user whose name is shown; only for this machine. */
  as?: string | undefined;
  level: Level;
  startedAt: number;
}

export class Output {
  verbosity: Level = 'info';
  /** `-q`: Thor's sentences are kept back. */
  quiet = false;
  readonly #world: World;
  readonly #colours: boolean;

  constructor(world: World) {
    this.#world = world;
    this.#colours = world.terminal || world.env['SSHKIT_COLOR'] !== undefined;
  }

  /** A sentence of Kamal's own, kept back by `-q`. */
  say(text: string, colour?: 'magenta' | 'red' | 'yellow'): void {
    if (this.quiet) return;
    this.#world.out(`${this.#world.terminal && colour !== undefined ? `\x1b[${CODES[colour]}m${text}\x1b[0m` : text}\n`);
  }

  puts(text: string): void {
    this.#world.out(text.endsWith('\n') ? text : `${text}\n`);
  }

  raw(text: string): void {
    this.#world.out(text);
  }

  log(level: Level, text: string, id?: string): void {
    if (LEVELS[level] < LEVELS[this.verbosity]) return;
    const label = this.#paint(level.toUpperCase().padStart(6), LEVEL_COLOURS[level]);
    this.#world.out(`${label} ${id === undefined ? '' : `[${this.#paint(id, 'green')}] `}${text}\n`);
  }

  info(text: string): void {
    this.log('info', text);
  }

  error(text: string): void {
    this.log('error', text);
  }

  started(running: Running): void {
    const where = running.as === undefined ? 'on ' : `as ${this.#paint(running.as, 'blue')}@`;
    this.log(running.level, `Running ${this.#paint(shownLine(running.words), 'yellow', true)} ${where}${this.#paint(running.on, 'blue')}`, running.id);
    this.log('debug', `Command: ${this.#paint(shownLine(running.words), 'blue')}`, running.id);
  }

  data(running: Running, stream: 'stdout' | 'stderr', text: string): void {
    this.log('debug', this.#paint(`\t${text}`.replace(/\r?\n$/, ''), stream === 'stdout' ? 'green' : 'red'), running.id);
  }

  finished(running: Running, status: number, now: number): void {
    const word = status === 0 ? this.#paint('successful', 'green', true) : this.#paint('failed', 'red', true);
    const seconds = ((now - running.startedAt) / 1000).toFixed(3);
    this.log(running.level, `Finished in ${seconds} seconds with exit status ${status} (${word}).`, running.id);
  }

  #paint(text: string, colour: Colour, bold = false): string {
    return this.#colours ? `\x1b[${bold ? 1 : 0};${CODES[colour]};49m${text}\x1b[0m` : text;
  }
}

/** SSHKit's words for a command that ended with another status than 0. */
export function failureReport(words: Words, result: { status: number; stdout: string; stderr: string }): string {
  const program = programOf(words);
  const told = (text: string): string => text.trim() || 'Nothing written';
  return `${program} exit status: ${result.status}\n${program} stdout: ${told(result.stdout)}\n${program} stderr: ${told(result.stderr)}\n`;
}
