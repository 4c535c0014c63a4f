/** Kamal as people run it: the real one where it is, else the stand-in. */
import { execFile, spawn } from 'node:child_process';
import { constants, accessSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { fromRoot } from '../control-plane.ts';

const run = promisify(execFile);
const VARIABLE = 'KAMAL_AUTOSCALER_KAMAL';
const STAND_IN = fromRoot('test/support/kamal-stand-in/kamal');

export interface Kamal {
  program: string;
  /** For reports: `kamal 2.12.0 (/usr/bin/kamal)` or `the stand-in for kamal 2.12.0`. */
  which: string;
}

/** The program that the variable names, else the one on PATH, else the stand-in. Throws where the variable names no program. */
export async function findKamal(): Promise<Kamal> {
  const own = process.env[VARIABLE];
  if (own && !isProgram(own)) throw new Error(`${VARIABLE}=${own} is not a program that can be run: name the absolute path of kamal`);
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder)).map((folder) => join(folder, 'kamal')).find(isProgram);
  const program = own || onPath || STAND_IN;
  const { stdout } = await run(program, ['version']);
  return { program, which: program === STAND_IN ? `the stand-in for kamal ${stdout.trim()}` : `kamal ${stdout.trim()} (${program})` };
}

export interface KamalEnd {
  status: number | string;
  /** Kamal's own errors are here. */
  stdout: string;
  stderr: string;
}

/** Runs it in a project's folder with nothing of the test's environment but what is given; answers however it ended. */
export async function runKamal(kamal: Kamal, folder: string, args: readonly string[], env: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<KamalEnd> {
  const child = spawn(kamal.program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], ...(signal && { signal, killSignal: 'SIGTERM' }) });
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once('close', (status, by) => resolve(status ?? by ?? 'unknown'));
    child.once('error', (error) => { if (error.name !== 'AbortError') reject(error); });
  });
  const [status, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { status, stdout, stderr };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
