import type { Suggestion } from '../../../controller/cli/index.ts';
import { REFERENCE_WORLD, baselineSpecs, contenderReport, leastCosts, needsOf, runJob } from '../../../controller/simulate/index.ts';
import type { BacktestReport, ContenderSpec, Scenario } from '../../../controller/simulate/index.ts';

const DAY = 86_400;

/** Two days of a shop: quiet nights, busy evenings, and a sale at noon of the second. */
const scenario: Scenario = {
  trace: {
    binSeconds: 60,
    rates: Float64Array.from({ length: 2880 }, (_, minute) => {
      const daily = 400 - 300 * Math.cos(((minute - 240) / 1440) * 2 * Math.PI);
      return daily + (minute >= 2160 && minute < 2220 ? 60 * Math.min(15, minute - 2159) : 0);
    }),
  },
  evaluated: { from: 6 * 3600, to: 2 * DAY },
  parameters: { ...REFERENCE_WORLD },
  seed: 1,
  epoch: Date.UTC(2026, 10, 23),
};

const specs: [string, ContenderSpec][] = [
  ['your policy', { name: 'policy', kind: 'HpaOnRequests', target: 60 }],
  ...baselineSpecs({ requests: 70, cpu: 70 }).slice(0, 2).map((spec): [string, ContenderSpec] => [spec.name === 'hpa-cpu' ? 'HPA on CPU' : 'HPA or KEDA, requests', spec]),
  ['static, peak', { name: 'static-peak', kind: 'Static', hosts: needsOf(scenario).peakHosts, enoughFor: 'the highest load' }],
  ['clairvoyant', { name: 'clairvoyant', kind: 'Clairvoyant', billing: 'Second' }],
];

/** A backtest as `simulate` makes it, small and always the same; no engine is in it, so that it stays what it is. */
export const sampleReport: BacktestReport = makeReport();

function makeReport(): BacktestReport {
  const least = leastCosts(scenario);
  const { parameters } = scenario;
  const price = { perHour: 0.0119, currency: '€' };
  const { meanRate, peakRate, peakAt } = needsOf(scenario);
  return {
    policy: { name: 'web', leftOut: ['dbPool'] },
    load: { source: 'shop.csv', from: '2026-11-23T06:00:00.000Z', days: 1.75, binSeconds: 60, meanRate, peakRate, peakAfterSeconds: peakAt - scenario.evaluated.from },
    world: parameters,
    notes: ["the policy's dbPool cannot be simulated and was left out"],
    price,
    contenders: specs.map(([title, spec]) => {
      const result = runJob({ scenario, contender: spec, detail: 'Course' });
      return contenderReport({ spec, title, result: { ...result, course: result.course! }, least, parameters, price });
    }),
  };
}

/** A suggestion as `simulate --suggest` prints it. */
export const sampleSuggestion: Suggestion = makeSuggestion();

function makeSuggestion(): Suggestion {
  const point = (is: 'Chosen' | 'Now' | 'Curve', [target, minHosts, caution]: readonly [number, number, number], cost: number, short: number): Suggestion['points'][number] => {
    const learned = { settings: { target, limit: 78, minHosts, caution }, cost, shortSecondsPerDay: short, badPercent: short / 400, actionsPerDay: 40 + caution };
    return { is, learned, rest: { ...learned, cost: cost + 0.012, shortSecondsPerDay: short * 1.1 } };
  };
  return {
    limitSecondsPerDay: 300, within: true, metric: 'rps', learnedDays: 8.4, restDays: 5.6,
    points: [point('Curve', [72, 2, 0], 1.113, 640), point('Chosen', [72, 2, 25], 1.136, 288), point('Now', [60, 2, 50], 1.204, 120), point('Curve', [66, 4, 100], 1.241, 31)],
    policy: 'apiVersion: kamal-autoscaler.dev/v1alpha1\nkind: ScalingPolicy\nmetadata: {name: web}\nspec:\n  targetRef: {name: web}\n  minHosts: 2\n  maxHosts: 60\n  metrics:\n    - {name: rps, target: 72}\n  prediction: {caution: 25}\n',
  };
}
