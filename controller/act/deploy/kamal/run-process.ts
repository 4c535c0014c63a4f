import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../../../ports/index.ts';

/** A program of this machine, with an argument vector; no shell reads it. */
export interface ProcessOrder {
  program: string;
  arguments: readonly string[];
  folder: string;
  environment: Record<string, string>;
  timeoutSeconds: number;
  /** Ends it early. */
  signal?: AbortSignal;
}

export interface ProcessOutput {
  stdout: string;
  stderr: string;
}

export type ProcessEnd = ProcessOutput & (
  | { kind: 'Exited'; code: number }
  /** Somebody else ended it. */
  | { kind: 'Killed'; signal: string }
  /** It was ended here, at its time limit or because the signal aborted. */
  | { kind: 'TimedOut' }
  | { kind: 'Aborted' }
  /** `code`: the system's, such as `ENOENT`. */
  | { kind: 'NotStarted'; code: string }
);

/** Of each output; what came first is dropped. */
const OUTPUT_KEPT = 256 * 1024;
/** From the request to end until the end. */
export const MILLISECONDS_TO_END = 5_000;
/** A program that outlives the one that started it may hold its output open. */
const MILLISECONDS_TO_CLOSE = 500;

/**
 * Runs a program in a process group of its own and resolves when it has ended, by itself or at its time limit. Then the
 * whole group is asked to end and, after 5 s, ended: a hook or an ssh below it must not go on alone. Does not reject.
 */
export async function runProcess(order: ProcessOrder, clock: Clock): Promise<ProcessEnd> {
  const child = spawn(order.program, order.arguments, { cwd: order.folder, env: order.environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout = keepTail(child.stdout);
  const stderr = keepTail(child.stderr);
  const ended = new AbortController();
  const exit = whenEnded(child, clock).finally(() => ended.abort());
  const limit = endAtLimit(child, order, clock, ended.signal);
  const how = await exit;
  const why = await limit;
  const output = { stdout: stdout(), stderr: stderr() };
  if (how.kind === 'NotStarted') return { ...how, ...output };
  if (why !== undefined) return { kind: why, ...output };
  return { ...how, ...output };
}

type Ended = { kind: 'Exited'; code: number } | { kind: 'Killed'; signal: string } | { kind: 'NotStarted'; code: string };

function whenEnded(child: ChildProcess, clock: Clock): Promise<Ended> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve({ kind: 'NotStarted', code: error.code ?? 'unknown' }));
    child.once('exit', (code, signal) => {
      const how: Ended = code === null ? { kind: 'Killed', signal: signal ?? 'unknown' } : { kind: 'Exited', code };
      const closed = new AbortController();
      child.once('close', () => closed.abort());
      void clock.sleep(MILLISECONDS_TO_CLOSE, closed.signal).then(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        resolve(how);
      });
    });
  });
}

/** Resolves with why it was ended here; undefined when it ended before. */
async function endAtLimit({ pid }: ChildProcess, order: ProcessOrder, clock: Clock, ended: AbortSignal): Promise<'TimedOut' | 'Aborted' | undefined> {
  if (pid === undefined) return undefined;
  const any = AbortSignal.any([ended, ...(order.signal === undefined ? [] : [order.signal])]);
  await clock.sleep(order.timeoutSeconds * 1_000, any);
  if (ended.aborted) return undefined;
  await endGroup(pid, clock, ended);
  return order.signal?.aborted === true ? 'Aborted' : 'TimedOut';
}

/** Asks the group to end and, after 5 s, ends it. */
async function endGroup(pid: number, clock: Clock, ended: AbortSignal): Promise<void> {
  endProcess(-pid, 'SIGTERM');
  await clock.sleep(MILLISECONDS_TO_END, ended);
  // Whoever led the group may be gone while others of it go on.
  endProcess(-pid, 'SIGKILL');
}

/** Nothing where it has ended. A negative number is a process group. */
export function endProcess(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The end of a stream's text; where something was dropped, whole lines remain. */
function keepTail(stream: NodeJS.ReadableStream): () => string {
  let chunks: Buffer[] = [];
  let size = 0;
  let dropped = false;
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size <= 2 * OUTPUT_KEPT) return;
    const tail = Buffer.concat(chunks).subarray(-OUTPUT_KEPT);
    chunks = [tail];
    size = tail.length;
    dropped = true;
  });
  stream.on('error', () => undefined);
  return () => {
    const all = Buffer.concat(chunks);
    const text = all.subarray(-OUTPUT_KEPT).toString('utf8');
    return dropped || all.length > OUTPUT_KEPT ? text.slice(text.indexOf('\n') + 1) : text;
  };
}
