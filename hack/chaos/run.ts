/** `npm run chaos`: random worlds by seed, a table of what happened in them, and for each that fails the smallest world that still does. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BUG_NAMES, type BugName } from '../../test/support/chaos/bugs.ts';
import type { ChaosWorld } from '../../test/support/chaos/events.ts';
import { type Finding, findBug } from '../../test/support/chaos/find-bug.ts';
import { faultText, findingsTable, readFindings, writeFindings } from '../../test/support/chaos/findings.ts';
import { generateWorld } from '../../test/support/chaos/generate.ts';
import { runWorld } from '../../test/support/chaos/run.ts';
import { shrink } from '../../test/support/chaos/shrink.ts';
import { coverageTable, createCoverage } from './coverage.ts';
import { runSeeds } from './seeds.ts';

const USAGE = 'npm run chaos -- [--seeds N] [--from SEED] [--jobs PROCESSORS] [--stop-after FAILURES] | --replay SEED|FILE [--quiet] | --planted [BUG ...] [--seeds N] [--write]';
const MOST_SHRINK_RUNS = 300;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '100' }, from: { type: 'string', default: '1' }, jobs: { type: 'string', default: '1' }, replay: { type: 'string' },
    'stop-after': { type: 'string', default: '5' }, quiet: { type: 'boolean', default: false }, 'no-shrink': { type: 'boolean', default: false },
    planted: { type: 'boolean', default: false }, write: { type: 'boolean', default: false },
  },
});

function wholeNumber(name: 'seeds' | 'from' | 'jobs' | 'stop-after'): number {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${name} ${values[name]} is no whole number: ${USAGE}`);
  return process.exit(2);
}

const worldOf = async (which: string): Promise<ChaosWorld> => (/^\d+$/.test(which) ? generateWorld(Number(which)) : JSON.parse(await readFile(which, 'utf8')) as ChaosWorld);

async function replay(which: string): Promise<void> {
  const { faults } = await runWorld(await worldOf(which), values.quiet ? undefined : (line) => console.log(line));
  for (const fault of faults) console.log(fault);
  console.log(faults.length === 0 ? 'all is well' : `${faults.length} faults`);
  if (faults.length > 0) process.exitCode = 1;
}

async function many(): Promise<void> {
  const most = wholeNumber('stop-after');
  const coverage = createCoverage();
  const folder = await mkdtemp(join(tmpdir(), 'chaos-'));
  let failures = 0;
  for await (const { seed, result } of runSeeds(wholeNumber('from'), wholeNumber('seeds'), wholeNumber('jobs'))) {
    coverage.add(result);
    if (result.faults.length === 0) continue;
    failures += 1;
    await tell(generateWorld(seed), result.faults, folder);
    if (failures >= most) break;
  }
  console.log(coverageTable(coverage));
  console.log(`${coverage.worlds} worlds, ${failures} failed`);
  if (failures > 0) process.exitCode = 1;
}

/** How many worlds it takes to find each planted bug, or those that are named. */
async function planted(): Promise<void> {
  const unknown = positionals.filter((word) => !BUG_NAMES.includes(word as BugName));
  if (unknown.length > 0) {
    console.error(`there is no planted bug ${unknown.join(', ')}, but ${BUG_NAMES.join(', ')}`);
    return process.exit(2);
  }
  const findings = readFindings();
  const compiled = await mkdtemp(join(tmpdir(), 'planted-'));
  for (const name of positionals.length === 0 ? BUG_NAMES : positionals as BugName[]) {
    const finding = await firstFinding(name, wholeNumber('seeds'), compiled);
    findings[name] = finding.kind === 'Found' ? { seed: finding.seed, fault: faultText(finding.fault) } : { notFoundIn: wholeNumber('seeds') };
    console.log(`${name}: ${finding.kind === 'Found' ? `world ${finding.seed}, ${finding.fault}` : `not found in ${wholeNumber('seeds')} worlds`}`);
    if (finding.kind === 'NotFound') process.exitCode = 1;
  }
  await rm(compiled, { recursive: true });
  console.log(`\n${findingsTable(findings)}`);
  if (values.write) writeFindings(findings);
}

/** A world that fails without the bug too shows nothing of it. */
async function firstFinding(name: BugName, most: number, compiled: string): Promise<Finding> {
  for (let from = 1; from <= most; from += 1) {
    const finding = await findBug(name, { from, seeds: most - from + 1, compiled });
    if (finding.kind === 'NotFound' || (await runWorld(generateWorld(finding.seed))).faults.length === 0) return finding;
    console.log(`world ${finding.seed} fails without ${name} too, and is passed over`);
    from = finding.seed;
  }
  return { kind: 'NotFound', worlds: most };
}

async function tell(world: ChaosWorld, faults: string[], folder: string): Promise<void> {
  console.log(`seed ${world.seed}: ${faults[0]}`);
  if (values['no-shrink']) return;
  const small = await shrink(world, faults, async (candidate) => (await runWorld(candidate)).faults, MOST_SHRINK_RUNS);
  const file = join(folder, `${world.seed}.json`);
  await writeFile(file, `${JSON.stringify(small.world, undefined, 1)}\n`);
  console.log(`  ${world.events.length} events shrunk to ${small.world.events.length} in ${small.runs} runs: ${small.faults.slice(0, 3).join('\n    ')}`);
  console.log(`  ${JSON.stringify(small.world.nature)}`);
  for (const event of small.world.events) console.log(`    ${JSON.stringify(event)}`);
  console.log(`  replay it: npm run chaos -- --replay ${file}`);
}

await (values.planted ? planted() : values.replay === undefined ? many() : replay(values.replay));
// Processes of the last world stand still for ever.
process.exit();
