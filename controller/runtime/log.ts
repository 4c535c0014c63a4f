import { printableJSON } from '../model/index.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Record<string, string | number | boolean | undefined>;

/** Structured lines; `write` gets one line without its end. */
export interface Log {
  log(level: LogLevel, message: string, fields?: LogFields): void;
}

const RANK: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** One JSON object a line, time first. Field names that sound secret are masked as a last resort; callers pass none. */
export function createJsonLog(options: { level: LogLevel; now(): number; write(line: string): void }): Log {
  return {
    log(level, message, fields = {}) {
      if (RANK[level] < RANK[options.level]) return;
      const safe = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, SECRET_NAME.test(key) ? '***' : value]));
      options.write(printableJSON({ time: new Date(options.now()).toISOString(), level, message, ...safe }));
    },
  };
}

const SECRET_NAME = /token|password|secret|authorization|key_data/i;
