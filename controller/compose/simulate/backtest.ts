import type { BacktestRequest, Io } from '../../cli/index.ts';
import { toTimestamp } from '../../model/index.ts';
import {
  type BacktestReport, type ContenderSpec, type LoadSummary, type Scenario, baselineSpecs, contenderReport, leastCosts, needsOf, simulatedPolicy,
} from '../../simulate/index.ts';
import { type WrittenPolicy, readPolicy } from '../read-policy.ts';
import { type ReadLoad, readLoad } from './load.ts';
import { runJobs } from './pool.ts';
import { progressBar } from './progress.ts';
import { type PreparedWorld, prepareWorld } from './world.ts';

/** What every command that simulates begins with. */
export interface Prepared extends PreparedWorld {
  written: WrittenPolicy;
  load: ReadLoad;
}

export async function prepare({ policyFile, load: source, world, seed }: BacktestRequest, io: Io): Promise<Prepared> {
  const written = await readPolicy(policyFile);
  const bar = progressBar(io, 'reading');
  const load = await readLoad(source, written, io, { signal: io.signal, progress: (share) => bar.show(share) });
  bar.end();
  const prepared = prepareWorld(load, written.policy, written.pool, world);
  return { ...prepared, scenario: { ...prepared.scenario, seed }, written, load, notes: [...load.notes, ...prepared.notes] };
}

/** Runs a policy beside all baselines on all cores. Rejects with a ClassifiedError for anything wrong in what was given. */
export async function backtest(request: BacktestRequest, io: Io): Promise<BacktestReport> {
  const { scenario, targets, notes, written, load } = await prepare(request, io);
  const { policy, leftOut } = simulatedPolicy(written.policy.spec);
  const entries = contendersFor(scenario, targets, policy);
  const bar = progressBar(io, 'simulating');
  const results = await runJobs(entries.map(({ spec }) => ({ scenario, contender: spec, detail: 'Course' as const })), { signal: io.signal, progress: (done, all) => bar.show(done / all) });
  bar.end();
  const least = leastCosts(scenario);
  const { parameters } = scenario;
  return {
    policy: { name: written.policy.metadata.name, leftOut },
    load: summaryOf(scenario, load),
    world: parameters,
    notes: [...notes, ...(leftOut.length === 0 ? [] : [`the policy's ${leftOut.join(', ')} cannot be simulated and ${leftOut.length === 1 ? 'was' : 'were'} left out`])],
    price: request.price,
    contenders: entries.map(({ spec, title }, index) => {
      const result = results[index]!;
      return contenderReport({ spec, title, result: { ...result, course: result.course! }, least, parameters, price: request.price });
    }),
  };
}

interface Entry {
  title: string;
  spec: ContenderSpec;
}

const TITLES: Record<string, string> = {
  'hpa-cpu': 'HPA on CPU', 'hpa-requests': 'HPA or KEDA, requests', 'aws-target-tracking': 'AWS target tracking', 'nomad-target-value': 'Nomad target-value', 'step-rule': 'step rule',
};

function contendersFor(scenario: Scenario, targets: PreparedWorld['targets'], policy: Extract<ContenderSpec, { kind: 'Engine' }>['policy']): Entry[] {
  const { billing, drainSeconds } = scenario.parameters;
  const { peakHosts, meanHosts } = needsOf(scenario);
  return [
    { title: 'your policy', spec: { name: 'policy', kind: 'Engine', explanation: 'this controller with the policy of the file', policy, billing, drainSeconds } },
    ...baselineSpecs(targets).map((spec) => ({ title: TITLES[spec.name] ?? spec.name, spec })),
    { title: 'static, peak', spec: { name: 'static-peak', kind: 'Static', hosts: peakHosts, enoughFor: 'the highest load' } },
    { title: 'static, mean', spec: { name: 'static-mean', kind: 'Static', hosts: meanHosts, enoughFor: 'the mean load' } },
    { title: 'clairvoyant', spec: { name: 'clairvoyant', kind: 'Clairvoyant', billing } },
  ];
}

function summaryOf(scenario: Scenario, { source, recording }: ReadLoad): LoadSummary {
  const { meanRate, peakRate, peakAt } = needsOf(scenario);
  const { from, to } = scenario.evaluated;
  return {
    source,
    ...(recording.begin !== undefined && { from: toTimestamp(scenario.epoch + from * 1000) }),
    days: (to - from) / 86_400,
    binSeconds: recording.trace.binSeconds,
    meanRate, peakRate,
    peakAfterSeconds: peakAt - from,
  };
}
