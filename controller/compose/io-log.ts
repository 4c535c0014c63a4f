import { type Log, type LogLevel, createJsonLog } from '../runtime/log.ts';

/** JSON lines on standard error of the process; a log reader that goes away does not stop the controller. */
export function processLog(level: LogLevel, now: () => number): Log {
  if (!process.stderr.listeners('error').includes(unlessClosed)) process.stderr.on('error', unlessClosed);
  return createJsonLog({ level, now, write: (line) => void process.stderr.write(`${line}\n`) });
}

function unlessClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
