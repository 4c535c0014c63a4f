import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PoolOptions, runJobs } from '../../../controller/compose/simulate/pool.ts';
import type { ContenderSpec, Job, LeastCosts, ReferenceTrace, Scenario, Trace } from '../../../controller/simulate/index.ts';
import { CsvReader, leastCosts, referenceScenario } from '../../../controller/simulate/index.ts';
import { type Score, meanOf, scoreOf } from './score.ts';
import type { Variant } from './variants.ts';

/** One contender in one world on some traces; its scores come once all runs are done. */
export interface Wanted {
  variant: Variant;
  contender: ContenderSpec;
  traces: readonly ReferenceTrace[];
}

/** Scores by trace, and their mean over the traces finer than an hour. */
export interface Scored {
  byTrace: ReadonlyMap<string, Score>;
  mean: Score;
}

export interface LoadedTrace {
  reference: ReferenceTrace;
  recorded: Trace;
}

export function loadTraces(folder: string, references: readonly ReferenceTrace[]): LoadedTrace[] {
  return references.map((reference) => {
    const file = join(folder, `${reference.name}.csv`);
    const reader = new CsvReader(file);
    for (const line of readFileSync(file, 'utf8').split('\n')) reader.add(line);
    return { reference, recorded: reader.finish().trace };
  });
}

/** Runs everything at once, so that no core waits. */
export async function scoreAll(wanted: readonly Wanted[], loaded: readonly LoadedTrace[], options: PoolOptions): Promise<Scored[]> {
  const scenarios = new Map<string, { scenario: Scenario; least: LeastCosts }>();
  const scenarioFor = (variant: Variant, reference: ReferenceTrace): { scenario: Scenario; least: LeastCosts } => {
    const key = `${reference.name} ${JSON.stringify(variant.change)}`;
    let found = scenarios.get(key);
    if (found === undefined) {
      const { recorded } = loaded.find((one) => one.reference === reference)!;
      const scenario = referenceScenario(reference, recorded, variant.change);
      found = { scenario, least: leastCosts(scenario) };
      scenarios.set(key, found);
    }
    return found;
  };
  const jobs: Job[] = [];
  for (const { variant, contender, traces } of wanted) {
    for (const trace of traces) jobs.push({ scenario: scenarioFor(variant, trace).scenario, contender, detail: 'Measures' });
  }
  const results = await runJobs(jobs, options);
  let next = 0;
  return wanted.map(({ variant, traces }) => {
    const byTrace = new Map(traces.map((trace) => [trace.name, scoreOf(results[next++]!.measures, scenarioFor(variant, trace).least)]));
    return { byTrace, mean: meanOf(traces.filter(({ fine }) => fine).map(({ name }) => byTrace.get(name)!)) };
  });
}
