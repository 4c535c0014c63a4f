/** Runs random worlds against a controller into which a bug is planted, in a process of its own, until one fails. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { BugName } from './bugs.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** `seed`: of the world that failed. `fault`: the first one, with its time. */
export type Finding = { kind: 'Found'; seed: number; fault: string } | { kind: 'NotFound'; worlds: number };

export interface Search {
  /** First seed. */
  from: number;
  /** Greatest number of worlds. */
  seeds: number;
  /** Folder in which processes that follow each other find what is compiled; absent: each compiles for itself. */
  compiled?: string;
}

/** Rejects when the process ends in another way than by running worlds: a bug that no longer fits the source is no finding. */
export function findBug(bug: BugName, { from, seeds, compiled }: Search): Promise<Finding> {
  const args = [
    '--no-warnings', '--import', join(import.meta.dirname, 'plant.ts'), join(ROOT, 'hack', 'chaos', 'run.ts'),
    '--from', String(from), '--seeds', String(seeds), '--stop-after', '1', '--no-shrink',
  ];
  const env = { ...process.env, KAMAL_AUTOSCALER_PLANTED_BUG: bug, ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }) };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: ROOT, env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      const found = /^seed (\d+): (.*)$/m.exec(stdout);
      const ran = /^(\d+) worlds, (\d+) failed$/m.exec(stdout);
      if (ran === null) reject(new Error(`${bug}: no worlds were run: ${stderr}`, { cause: error }));
      else if (found?.[1] === undefined) resolve({ kind: 'NotFound', worlds: Number(ran[1]) });
      else resolve({ kind: 'Found', seed: Number(found[1]), fault: found[2] ?? '' });
    });
  });
}
