/** Runs random worlds against a controller into which a bug is planted, in a process of its own, until one fails. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { BugName } from './bugs.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** `seeds`: how many worlds it took, the one that failed included. */
export type Finding = { kind: 'Found'; seeds: number; fault: string } | { kind: 'NotFound'; seeds: number };

/** Rejects when the process ends in another way than by running worlds: a bug that no longer fits the source is no finding. */
export function findBug(bug: BugName, most: number): Promise<Finding> {
  const args = ['--no-warnings', '--import', join(import.meta.dirname, 'plant.ts'), join(ROOT, 'hack', 'chaos', 'run.ts'), '--seeds', String(most), '--stop-after', '1', '--no-shrink'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: ROOT, env: { ...process.env, KAMAL_AUTOSCALER_PLANTED_BUG: bug }, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      const found = /^seed (\d+): (.*)$/m.exec(stdout);
      const ran = /^(\d+) worlds, (\d+) failed$/m.exec(stdout);
      if (ran === null) reject(new Error(`${bug}: no worlds were run: ${stderr}`, { cause: error }));
      else if (found?.[1] === undefined) resolve({ kind: 'NotFound', seeds: Number(ran[1]) });
      else resolve({ kind: 'Found', seeds: Number(found[1]), fault: found[2] ?? '' });
    });
  });
}
