import { addAbortSignal } from 'node:stream';
import type { Io } from './composition.ts';

const TERMINAL_WIDTH = 80;
const BY_INTERRUPT = 130;

/**
 * The real process. SIGINT, SIGTERM and SIGHUP abort the signal; a second one ends the process at once, for people who
 * do not want to wait for a graceful stop. A reader that goes away (`get | head`) aborts it too and is no failure.
 */
export function processIo(): Io {
  const ending = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (ending.signal.aborted) process.exit(BY_INTERRUPT);
      ending.abort();
    });
  }
  return {
    stdout: writer(process.stdout, ending),
    stderr: writer(process.stderr, ending),
    stdin: () => addAbortSignal(ending.signal, process.stdin.setEncoding('utf8')),
    env: process.env,
    now: () => Date.now(),
    columns: process.stdout.columns ?? TERMINAL_WIDTH,
    isTTY: process.stdout.isTTY === true,
    signal: ending.signal,
  };
}

function writer(stream: NodeJS.WriteStream, ending: AbortController): (text: string) => void {
  let read = true;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    read = false;
    ending.abort();
  });
  return (text) => {
    if (read) stream.write(text);
  };
}
