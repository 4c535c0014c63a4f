/** `node hack/real-parts/install.ts [part…]`: finds or brings the real parts, and prints what there is. */
import { mkdir } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { Argument, Command } from 'commander';
import { table } from 'table';
import { bring } from './bring.ts';
import { cacheFolder, sweepPartial } from './cache.ts';
import { withLock } from './lock.ts';
import { find, RealPartMissing } from './locate.ts';
import type { FoundPart } from './locate.ts';
import { PART_NAMES, partNamed } from './parts.ts';
import type { PartName } from './parts.ts';

/** Builds leave the processor to whoever works on the same machine. */
const NICENESS = 10;

type Outcome = { part: PartName; found: FoundPart } | { part: PartName; error: Error };

async function findOrBring(name: PartName, say: (line: string) => void, signal: AbortSignal): Promise<FoundPart> {
  try {
    return await find(name);
  } catch (error) {
    if (!(error instanceof RealPartMissing)) throw error;
    // A variable that points nowhere is its owner's mistake: building another binary would hide it.
    if (process.env[partNamed(name).variable]) throw error;
  }
  await bring(partNamed(name), { say, signal });
  return await find(name);
}

async function install(names: readonly PartName[], signal: AbortSignal): Promise<Outcome[]> {
  const started = performance.now();
  const say = (line: string): void => {
    const seconds = Math.round((performance.now() - started) / 1000);
    process.stdout.write(`[${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}] ${line}\n`);
  };
  await mkdir(cacheFolder(), { recursive: true });
  return await withLock(cacheFolder(), () => say(`another run works in ${cacheFolder()}; waiting for it`), async () => {
    await sweepPartial();
    const outcomes: Outcome[] = [];
    for (const part of names) {
      try {
        outcomes.push({ part, found: await findOrBring(part, say, signal) });
      } catch (error) {
        if (signal.aborted) throw error;
        outcomes.push({ part, error: error instanceof Error ? error : new Error(String(error)) });
      }
    }
    return outcomes;
  });
}

function report(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) =>
    'found' in outcome ? [outcome.part, outcome.found.version, outcome.found.came, outcome.found.path] : [outcome.part, '-', 'missing', '-'],
  );
  return table([['part', 'version', 'came from', 'path'], ...rows], {
    drawHorizontalLine: () => false,
    border: { bodyLeft: '', bodyRight: '', bodyJoin: ' ' },
    columnDefault: { paddingLeft: 0, paddingRight: 1 },
  });
}

const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interruption.abort(new Error(`ended by ${name}`)));

const command = new Command('install')
  .description('Finds or brings the real parts that `make test-real` runs against.')
  .addArgument(new Argument('[part...]', 'the parts wanted; all when none is named').choices(PART_NAMES))
  .action(async (wanted: PartName[]) => {
    setPriority(NICENESS);
    const names = wanted.length === 0 ? PART_NAMES : PART_NAMES.filter((name) => wanted.includes(name));
    const outcomes = await install(names, interruption.signal);
    process.stdout.write(`\n${report(outcomes)}`);
    for (const outcome of outcomes) {
      if (!('error' in outcome)) continue;
      process.stderr.write(`\n${outcome.error.message}\n`);
      process.exitCode = 1;
    }
  });

try {
  await command.parseAsync();
} catch (thrown) {
  const error: unknown = interruption.signal.aborted ? interruption.signal.reason : thrown;
  process.stderr.write(`real parts: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
