/** A real program under test: started until it is ready, ended by its process id, never outliving the test process. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from './until.ts';

const SETPRIV = '/usr/bin/setpriv';
const READY_DEADLINE_MS = 60_000;
const TAIL_LINES = 25;

export interface RealProgram {
  /** What errors call it. */
  name: string;
  command: string;
  args: readonly string[];
  /** The whole environment of the program: nothing of the test's own leaks in. */
  env?: Readonly<Record<string, string>>;
  /** True as soon as the program does its work; throwing means "not yet". */
  ready: () => Promise<boolean>;
  /** Milliseconds that `ready` may take. */
  readyWithinMs?: number;
}

/** An empty folder for one program; `RealProcess.stop` removes it. */
export async function privateFolder(name: string): Promise<string> {
  return await mkdtemp(join(tmpdir(), `real-${name}-`));
}

const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

export class RealProcess {
  readonly folder: string;
  readonly logFile: string;
  readonly #program: RealProgram;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(program: RealProgram, folder: string) {
    this.#program = program;
    this.folder = folder;
    this.logFile = join(folder, 'output.log');
  }

  /** Starts the program in its folder and waits until it is ready; on failure nothing is left behind. */
  static async start(program: RealProgram, folder: string): Promise<RealProcess> {
    const started = new RealProcess(program, folder);
    try {
      await started.start();
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  /** Undefined while the program does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it, again if it was halted or has died: same arguments, folder and ports. Throws with the tail of its output. */
  async start(): Promise<void> {
    if (this.#child) throw new Error(`${this.#program.name} runs already, as process ${this.#child.pid}`);
    const died = new AbortController();
    const log = await open(this.logFile, 'a');
    try {
      const [command, args] = diesWithUs(this.#program.command, this.#program.args);
      const child = spawn(command, args, { cwd: this.folder, env: { ...this.#program.env }, stdio: ['ignore', log.fd, log.fd] });
      this.#child = child;
      alive.add(child);
      this.#ended = new Promise((resolve) => {
        const end = (how: string): void => {
          alive.delete(child);
          this.#child = undefined;
          died.abort(new Error(how));
          resolve();
        };
        child.once('error', (error) => end(`could not be started: ${error.message}`));
        child.once('exit', (code, signal) => end(`ended with ${signal ?? `exit status ${code}`}`));
      });
    } finally {
      await log.close();
    }
    try {
      await until('readiness', this.#program.ready, { deadlineMs: this.#program.readyWithinMs ?? READY_DEADLINE_MS, signal: died.signal });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`${this.#program.name} did not become ready: ${why}; its last lines:\n${await this.tail()}`, { cause: error });
    }
  }

  /** Sends a signal to the program, which must run. */
  signal(name: NodeJS.Signals): void {
    if (!this.#child?.kill(name)) throw new Error(`${this.#program.name} does not run: ${name} reaches nobody`);
  }

  /** Ends the program, gently at first, and waits for its end; folder and ports stay for another `start`. */
  async halt(gentleMs = 5_000): Promise<void> {
    const child = this.#child;
    if (!child) return await this.#ended;
    child.kill('SIGTERM');
    // A frozen program answers SIGTERM only after it is woken.
    child.kill('SIGCONT');
    const patience = new AbortController();
    const gentle = await Promise.race([
      this.#ended.then(() => true),
      delay(gentleMs, false, { signal: patience.signal }).catch(() => false),
    ]);
    patience.abort();
    if (!gentle) child.kill('SIGKILL');
    await this.#ended;
  }

  /** Ends the program and removes its folder. */
  async stop(): Promise<void> {
    await this.halt();
    await rm(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** The last lines that the program printed. */
  async tail(): Promise<string> {
    const text = await readFile(this.logFile, 'utf8').catch(() => '');
    return text.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
  }
}

/**
 * On Linux the kernel kills the program when we die, even by SIGKILL; elsewhere only our orderly exit does.
 * setpriv replaces itself by the program, so the process id stays the program's own.
 */
function diesWithUs(command: string, args: readonly string[]): [command: string, args: readonly string[]] {
  if (process.platform !== 'linux' || !existsSync(SETPRIV)) return [command, args];
  return [SETPRIV, ['--pdeathsig', 'KILL', '--', command, ...args]];
}
