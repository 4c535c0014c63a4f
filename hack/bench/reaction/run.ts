/** `npm run bench:reaction`: from a step of the load to hosts in service, as a table. */
import { Command, InvalidArgumentError } from 'commander';
import { cpus, totalmem } from 'node:os';
import { createJsonLog } from '../../../controller/runtime/log.ts';
import { find } from '../../real-parts/locate.ts';
import { HOSTS_AT_ONCE, SETUPS, SHORT_SETUPS, setupText } from './cases.ts';
import { BOOT_MILLISECONDS } from './documents.ts';
import { benchHosts } from './hosts/run.ts';
import { type Spans, spansOf } from './marks.ts';
import { type Measured, missesOf, resultTable } from './table.ts';
import { runTrial } from './trial.ts';
import { type World, startWorld } from './world.ts';

const USUAL_REPEATS = 5;

const command = new Command('bench:reaction')
  .description('Measures what the controller adds between a step of the load and hosts in service, over a real Prometheus and Traefik.')
  .option('--repeats <count>', 'steps of each case', wholeNumber, USUAL_REPEATS)
  .option('--short', 'one step of the cases without a rate, some three minutes')
  .option('--hosts', 'bring-ups of real hosts instead: boot, bootstrap, Kamal and join; root on Linux')
  .option('--check', 'exit with status 1 when a median misses its goal')
  .parse();
const { repeats: asked, short, check, hosts: ofHosts } = command.opts<{ repeats: number; short?: true; check?: true; hosts?: true }>();

const repeats = short ? 1 : asked;
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const log = createJsonLog({ level: 'warn', now: Date.now, write: say });

const worlds: World[] = [];
let interrupted: 'SIGINT' | 'SIGTERM' | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupted = signal;
    void stopWorlds().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  });
}

try {
  if (ofHosts) process.stdout.write(`${await benchHosts(repeats, say)}\n`);
  else await benchReaction();
} catch (error) {
  // What is ended by the signal fails all the rest.
  if (interrupted === undefined) throw error;
} finally {
  await stopWorlds();
}

async function benchReaction(): Promise<void> {
  const [prometheus, traefik] = await Promise.all([find('prometheus'), find('traefik')]);
  for (const setup of short ? SHORT_SETUPS : SETUPS) worlds.push(await startWorld(setup, log));
  const results = await measure(worlds, repeats);
  process.stdout.write([
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GB, `
    + `Node ${process.versions.node}, Prometheus ${prometheus.version}, Traefik ${traefik.version}; boot of ${BOOT_MILLISECONDS / 1_000} s; medians in seconds`,
    '', resultTable(results), '', ...missesOf(results).map((miss) => `misses its goal: ${miss}`), '',
  ].join('\n'));
  if (check && missesOf(results).length > 0) process.exitCode = 1;
}

async function stopWorlds(): Promise<void> {
  await Promise.all(worlds.splice(0).map(async (world) => {
    const word = await world.stop();
    if (word !== undefined) say(`${setupText(world.setup)}: ${word}`);
  }));
}

/** One step at a time; the worlds take turns, so that each may calm down while the others step. */
async function measure(all: readonly World[], count: number): Promise<Measured[]> {
  const results = HOSTS_AT_ONCE.flatMap((hosts) => all.map((world) => ({ case: { ...world.setup, hosts }, world, spans: [] as Spans[] })));
  for (let repeat = 0; repeat < count; repeat += 1) {
    for (const result of results) {
      // Spread evenly, for people do not wait for a scrape.
      const spans = spansOf(await runTrial(result.world, result.case.hosts, (repeat + 0.5) / count));
      result.spans.push(spans);
      const parts = Object.entries(spans).map(([name, value]) => `${name} ${value.toFixed(2)}`);
      say(`${repeat + 1}/${count} ${setupText(result.case)}, ${result.case.hosts} hosts: ${parts.join(', ')}`);
    }
  }
  return results;
}

function wholeNumber(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 100) throw new InvalidArgumentError('write a whole number from 1 to 100');
  return count;
}
