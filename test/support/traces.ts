import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CsvReader } from '../../controller/simulate/index.ts';
import type { Trace } from '../../controller/simulate/index.ts';

/** Recorded traffic is not part of the repository. */
const FOLDER = join(process.env['KAMAL_AUTOSCALER_SHARED'] ?? join(import.meta.dirname, '..', '..', '..', 'shared'), 'traces');

/** Undefined when the traces are there, else why they are not read. */
export const whyNoTraces = (): string | undefined =>
  existsSync(FOLDER) ? undefined : `needs the recorded traffic in ${FOLDER}: set KAMAL_AUTOSCALER_SHARED to the folder that has traces/`;

export function readTrace(name: string): Trace {
  const file = join(FOLDER, `${name}.csv`);
  const reader = new CsvReader(file);
  for (const line of readFileSync(file, 'utf8').split('\n')) reader.add(line);
  return reader.finish().trace;
}

/** Call in `before`: skips the suite with one loud line, and fails it where everything must run. */
export function needTraces(suite: Mocha.Context): void {
  const why = whyNoTraces();
  if (why === undefined) return;
  if (process.env['CI'] === 'true') throw new Error(why);
  console.warn(`SKIPPED: ${why}`);
  suite.skip();
}
