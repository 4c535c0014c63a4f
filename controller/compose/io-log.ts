import { type Log, type LogLevel, createJsonLog } from '../runtime/log.ts';

/** JSON lines on standard error of the process; a log reader that goes away does not stop the controller. */
export function processLog(level: LogLevel, now: () => number): Log {
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return createJsonLog({ level, now, write: (line) => void process.stderr.write(`${line}\n`) });
}
