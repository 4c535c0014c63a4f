import { readFile } from 'node:fs/promises';
import { type Document, parseAllDocuments } from 'yaml';
import type { BacktestRequest, Io, Suggestion } from '../../cli/index.ts';
import { ClassifiedError } from '../../model/index.ts';
import {
  type Adjustable, type Job, type LeastCosts, type Scenario, type Settings, type Tried, adjustableOf, choose, costOf, firstRound, leastCosts, sameSettings, saturationRate, secondRound,
  simulatedPolicy, tradeOff, withSettings,
} from '../../simulate/index.ts';
import { type Prepared, prepare } from './backtest.ts';
import { runJobs } from './pool.ts';
import { progressBar } from './progress.ts';

const DAY = 86_400;
/** Of the history, the first part, on which settings are chosen; the rest says what they are worth. */
const LEARNED_SHARE = 0.6;

/** Searches the settings of a policy that keep within a limit of seconds short a day at the least cost. */
export async function suggest(request: BacktestRequest, limitSecondsPerDay: number, io: Io): Promise<Suggestion> {
  const prepared = await prepare(request, io);
  const { written, scenario } = prepared;
  const adjustable = adjustableOf(written.policy.spec);
  if (adjustable === undefined) {
    throw new ClassifiedError('Invalid', `policy ${written.policy.metadata.name} has no metric rps or cpu that sizes the pool`, { mend: 'add one of them: the simulated world has no other' });
  }
  const { learned, rest } = partsOf(scenario);
  const bar = progressBar(io, 'searching');
  let done = 0;
  const first = firstRound(adjustable, mostOf(prepared, adjustable));
  const tryOn = (part: Scenario, settings: readonly Settings[], from: number, to: number): Promise<Tried[]> =>
    tryAll(part, settings, prepared, adjustable, { signal: io.signal, progress: (count, all) => bar.show(from + ((to - from) * count) / all) });
  let tried = await tryOn(learned, first, done, (done = 0.6));
  const second = secondRound(choose(tried, limitSecondsPerDay).best.settings, written.policy.spec).filter((settings) => !first.some((known) => sameSettings(known, settings)));
  if (second.length > 0) tried = [...tried, ...await tryOn(learned, second, done, (done = 0.8))];
  const { best, within } = choose(tried, limitSecondsPerDay);
  const curve = tradeOff(tried);
  const shown = [...curve, ...[best, tried.find(({ settings }) => sameSettings(settings, adjustable.now))!].filter((one) => !curve.includes(one))]
    .filter((one, index, all) => all.indexOf(one) === index).toSorted((one, other) => one.cost - other.cost);
  const proven = await tryOn(rest, shown.map(({ settings }) => settings), done, 1);
  bar.end();
  return {
    limitSecondsPerDay, within,
    metric: adjustable.metric,
    learnedDays: daysOf(learned), restDays: daysOf(rest),
    points: shown.map((one, index) => ({ learned: one, rest: proven[index]!, is: one === best ? 'Chosen' : sameSettings(one.settings, adjustable.now) ? 'Now' : 'Curve' })),
    policy: await policyText(request.policyFile, adjustable, best.settings),
  };
}

const daysOf = ({ evaluated: { from, to } }: Scenario): number => (to - from) / DAY;

function partsOf(scenario: Scenario): { learned: Scenario; rest: Scenario } {
  const { from, to } = scenario.evaluated;
  if (to - from < DAY) throw new ClassifiedError('Invalid', `${((to - from) / 3600).toFixed(1)} hours of history are too few to choose on one part and judge on another`, { mend: 'give two days at least, better two weeks' });
  const split = from + Math.floor(((to - from) * LEARNED_SHARE) / 60) * 60;
  return {
    learned: { ...scenario, evaluated: { from, to: split } },
    // What was learned about days and weeks is known by then.
    rest: { ...scenario, evaluated: { from: split, to }, parameters: { ...scenario.parameters, warmUpSeconds: split } },
  };
}

/** What a host can carry, in the unit of the metric. */
function mostOf({ scenario: { parameters }, written }: Prepared, { metricIndex, metric }: Adjustable): number {
  const { limit, query } = written.policy.spec.metrics[metricIndex]!;
  if (limit !== undefined) return limit;
  return (query ?? metric) === 'cpu' ? (100 * parameters.hostLimitRate) / saturationRate(parameters.host) : parameters.hostLimitRate;
}

async function tryAll(part: Scenario, settings: readonly Settings[], { written, scenario }: Prepared, adjustable: Adjustable, options: Parameters<typeof runJobs>[1]): Promise<Tried[]> {
  const { billing, drainSeconds, minHosts } = scenario.parameters;
  const jobs = settings.map((one): Job => ({
    // The need stays what the load asks for: a higher minimum is a choice, and costs.
    scenario: { ...part, parameters: { ...part.parameters, minHosts } },
    contender: { name: 'policy', kind: 'Engine', explanation: '', policy: simulatedPolicy(withSettings(written.policy.spec, adjustable, one)).policy, billing, drainSeconds },
    detail: 'Measures',
  }));
  const least: LeastCosts = leastCosts(part);
  const results = await runJobs(jobs, options);
  return results.map(({ measures }, index) => {
    const { cost, hourlyCost } = costOf(measures, least);
    const { shortSecondsPerDay, badPercent, actionsPerDay } = measures;
    return { settings: settings[index]!, cost: billing === 'Hour' ? hourlyCost : cost, shortSecondsPerDay, badPercent, actionsPerDay };
  });
}

/** The file's own document with the chosen numbers in it; what people wrote there, comments too, stays. */
async function policyText(file: string, { metricIndex }: Adjustable, { target, limit, minHosts, caution }: Settings): Promise<string> {
  const documents = parseAllDocuments(await readFile(file, 'utf8')) as Document[];
  const document = documents.find((one) => one.get('kind') === 'ScalingPolicy');
  if (document === undefined) throw new ClassifiedError('Invalid', `${file} has no ScalingPolicy any more`, { mend: 'leave the file alone while it is read' });
  document.setIn(['spec', 'minHosts'], minHosts);
  document.setIn(['spec', 'metrics', metricIndex, 'target'], target);
  if (limit !== undefined) document.setIn(['spec', 'metrics', metricIndex, 'limit'], limit);
  document.setIn(['spec', 'prediction', 'caution'], caution);
  return document.toString();
}
