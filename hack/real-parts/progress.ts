/** Runs a slow program and says every quarter of a minute that it still works. */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';

const HEARTBEAT_MS = 15_000;
const TAIL_LINES = 15;

export interface SlowRun {
  /** What the progress lines call it. */
  label: string;
  command: string;
  args: readonly string[];
  cwd: string;
  env?: NodeJS.ProcessEnv;
  /** Takes everything that the program prints. */
  logFile: string;
  /** Receives the progress lines. */
  say: (line: string) => void;
  /** Ends the program. */
  signal: AbortSignal;
}

/** Waits for the program's end. Throws with the tail of its output when it fails, is ended or cannot be started. */
export async function runWithProgress(run: SlowRun): Promise<void> {
  await mkdir(dirname(run.logFile), { recursive: true });
  const log = createWriteStream(run.logFile);
  const started = performance.now();
  const elapsed = (): string => `${Math.round((performance.now() - started) / 1000)} s`;

  let lines = 0;
  let last = '';
  const child = spawn(run.command, run.args, {
    cwd: run.cwd,
    env: run.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: run.signal,
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      log.write(text);
      lines += text.split('\n').length - 1;
      last = text.trimEnd().split('\n').at(-1) ?? last;
    });
  }
  const alive = (): string => (lines === 0 ? 'at work' : `${lines} lines so far, last: ${last}`);
  const heartbeat = setInterval(() => run.say(`${run.label}: ${elapsed()}, ${alive()}`), HEARTBEAT_MS);
  try {
    const end = await new Promise<string | undefined>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code === 0 ? undefined : `exit ${code ?? signal}`));
    });
    log.end();
    await finished(log);
    if (end !== undefined) {
      throw new Error(`${run.label}: ${run.command} ended with ${end} after ${elapsed()}; its last lines (all in ${run.logFile}):\n${await tailOf(run.logFile)}`);
    }
    run.say(`${run.label}: done in ${elapsed()}`);
  } finally {
    clearInterval(heartbeat);
    log.end();
  }
}

async function tailOf(file: string): Promise<string> {
  const text = await readFile(file, 'utf8');
  return text.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
}
