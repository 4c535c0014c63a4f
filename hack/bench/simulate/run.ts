/** `npm run bench:simulate`: how long a backtest takes, and that neither a longer load nor a larger log needs more memory. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Measurement } from './one.ts';

const run = promisify(execFile);

const CASES: readonly [what: 'backtest' | 'log', amount: number, label: string][] = [
  ['backtest', 14, '14 days at 15 s, nine contenders, one core'],
  ['backtest', 56, '56 days, the same'],
  ['log', 100, '100 MB of kamal-proxy log'],
  ['log', 800, '800 MB of it'],
];
/** Node takes memory as long as nobody minds; with little of it given, what is really needed shows, and a leak ends the process. */
const LITTLE_MEMORY = ['--max-old-space-size=64', '--max-semi-space-size=4'];
/** A bin of a load is eight bytes; what else grows is a leak. */
const MOST_GROWTH_MEGABYTES = 40;

const measured: Measurement[] = [];
console.log('| what | seconds | most memory, MB |\n| --- | --: | --: |');
for (const [what, amount, label] of CASES) {
  const { stdout } = await run(process.execPath, ['--no-warnings', ...LITTLE_MEMORY, join(import.meta.dirname, 'one.ts'), what, String(amount)]);
  const one = JSON.parse(stdout) as Measurement;
  measured.push(one);
  console.log(`| ${label} | ${one.seconds.toFixed(1)} | ${one.megabytes.toFixed(0)} |`);
}
for (const [small, large] of [[0, 1], [2, 3]] as const) {
  const growth = measured[large]!.megabytes - measured[small]!.megabytes;
  if (growth > MOST_GROWTH_MEGABYTES) {
    console.error(`${CASES[large]![2]} took ${growth.toFixed(0)} MB more than ${CASES[small]![2]}: the goal is under ${MOST_GROWTH_MEGABYTES}`);
    process.exitCode = 1;
  }
}
