import { expect } from 'chai';
import type { Contender } from '../../../controller/simulate/index.ts';
import {
  awsTargetTracking, costOf, fixedHosts, hpaOnCpu, hpaOnRequests, leastCosts, measure, nomadTargetValue, referenceScenario, REFERENCE_TRACES, stepRule,
} from '../../../controller/simulate/index.ts';
import { CELLS, publishedRow } from '../../support/published.ts';
import { needTraces, readTrace } from '../../support/traces.ts';

const algorithm = (one: Extract<Contender, { kind: 'Algorithm' }>['algorithm']): Contender => ({ kind: 'Algorithm', algorithm: one });

const ROWS: readonly [beginning: string, contender: Contender][] = [
  ['clairvoyant', { kind: 'Clairvoyant', billing: 'Second' }],
  ['HPA, CPU 70', algorithm(hpaOnCpu('hpa-cpu', 70))],
  ['HPA/KEDA, 70', algorithm(hpaOnRequests('hpa-requests', 70))],
  ['HPA/KEDA, 55', algorithm(hpaOnRequests('hpa-requests', 55))],
  ['AWS target tracking', algorithm(awsTargetTracking('aws', 70, 'EveryEvaluation'))],
  ['Nomad', algorithm(nomadTargetValue('nomad', 70))],
  ['±1 step rule', algorithm(stepRule('step', { outAbove: 70, inBelow: 30, cooldownSeconds: 300 }))],
  ['static peak', algorithm(fixedHosts('static-peak', 26, ''))],
];

/** Chance differs from that of the published runs, so ours is a mean of several. */
const SEEDS = [1, 2, 3, 4, 5];
/** Half of the last digit that is published, and what a mean of five seeds differs from one run by. */
const SLACK = [0.0051, 0.0051, 40, 0.051, 1.5] as const;

/** Differences over 5 %, in per cent at most, and where they come from. */
const EXPLAINED: readonly { row: string; cells: Partial<Record<(typeof CELLS)[number], number>>; traces?: readonly string[]; why: string }[] = [
  {
    row: 'AWS target tracking', cells: { cost: 7, cost_h: 12, viol: 100, 'bad %': 150, actions: 25 },
    why: 'an approximation of a service whose rules are not public; how long a one-minute datapoint is applied again while hosts already changed decides how far it overshoots, and the published one does so a little differently',
  },
  {
    row: 'AWS target tracking', traces: ['azure_daily'], cells: { actions: 35 },
    why: 'the same overshoot, on the trace with the steepest mornings',
  },
  {
    row: 'Nomad', cells: { viol: 10, 'bad %': 13, actions: 14 },
    why: 'its tolerance of 1 % makes it follow noise, so the chance of a run and whether a cooldown begins with an action or with its last boot decide small counts; cost agrees within 1 %',
  },
  {
    row: 'HPA/KEDA, 55', traces: ['nasa_jul95'], cells: { 'bad %': 35 },
    why: 'two seconds in a thousand; single runs give 0.2 to 0.3, as the published 0.2 does',
  },
  {
    row: 'HPA, CPU 70', traces: ['nab_elb'], cells: { cost_h: 7, actions: 8 },
    why: "whether a new host's CPU counts in its first minute is not in the published description; here the mean is over hosts in service",
  },
  {
    row: '±1 step rule', traces: ['azure_daily'], cells: { viol: 12, 'bad %': 12 },
    why: 'one host at a time and a pause of five minutes: where in the pause the morning rise begins is chance, 66 s a day of difference',
  },
];

describe('simulate: what was published of others', function () {
  this.timeout(120_000);
  before(function () {
    needTraces(this);
  });

  for (const [beginning, contender] of ROWS) {
    for (const trace of REFERENCE_TRACES) {
      it(`${beginning} on ${trace.name}`, () => {
        const recorded = readTrace(trace.name);
        const least = leastCosts(referenceScenario(trace, recorded));
        const runs = SEEDS.map((seed) => {
          const measures = measure(referenceScenario(trace, recorded, { seed }), contender);
          const { cost, hourlyCost } = costOf(measures, least);
          return [cost, hourlyCost, measures.shortSecondsPerDay, measures.badPercent, measures.actionsPerDay];
        });
        const published = publishedRow(beginning)[trace.name]!;
        for (const [cell, name] of CELLS.entries()) {
          const ours = runs.reduce((sum, run) => sum + run[cell]!, 0) / runs.length;
          const theirs = published[cell]!;
          const allowed = Math.max(5, ...EXPLAINED
            .filter(({ row, traces, cells }) => row === beginning && (traces?.includes(trace.name) ?? true) && cells[name] !== undefined)
            .map(({ cells }) => cells[name]!));
          expect(Math.abs(ours - theirs), `${name}: ours ${ours.toFixed(3)}, published ${theirs}`).to.be.at.most((allowed / 100) * theirs + SLACK[cell]!);
        }
      });
    }
  }
});
