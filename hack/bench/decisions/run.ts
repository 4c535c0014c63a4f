/**
 * `npm run bench:decisions`: our engine beside every baseline in the reference world and in worlds that differ from it.
 * `-- --short` for the reference world alone, `-- --traces DIR` for recorded traffic that is elsewhere.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type ReferenceTrace, REFERENCE_TRACES } from '../../../controller/simulate/index.ts';
import { ABLATION_HEAD, ablationRows, ablations } from './ablations.ts';
import { BASELINES, CLAIRVOYANTS, FAMILIES, FEW_TARGETS, type Family, TARGETS } from './contenders.ts';
import { ourSettings } from './ours.ts';
import { type Scored, type Wanted, loadTraces, scoreAll } from './runs.ts';
import { type Row, compared, comparisonCell, markdown, scoreRow } from './tables.ts';
import { REFERENCE, VARIANTS, type Variant, byTheHour } from './variants.ts';

const { values } = parseArgs({ options: { short: { type: 'boolean', default: false }, traces: { type: 'string' } } });
const folder = values.traces ?? join(process.env['KAMAL_AUTOSCALER_SHARED'] ?? join(import.meta.dirname, '..', '..', '..', '..', 'shared'), 'traces');
if (!existsSync(folder)) {
  console.error(`error: no recorded traffic in ${folder}\nmend: write --traces DIR, or set KAMAL_AUTOSCALER_SHARED to the folder that has traces/`);
  process.exit(2);
}

const FINE = REFERENCE_TRACES.filter(({ fine }) => fine);
const variants = values.short ? [REFERENCE] : [REFERENCE, ...VARIANTS];
const targets = values.short ? FEW_TARGETS : TARGETS;
const settings = await ourSettings();

/** What is wanted, remembered by what it is for. */
const wanted: Wanted[] = [];
const want = (variant: Variant, contender: Wanted['contender'], traces: readonly ReferenceTrace[]): number => wanted.push({ variant, contender, traces }) - 1;
const sourceOf = ({ change }: Variant): 'Hosts' | 'LoadBalancer' => change.parameters?.scrape?.source ?? 'Hosts';
const curveOf = (family: Family, variant: Variant): number[] => targets.map((target) => want(variant, family.at(target), FINE));

const main = [...CLAIRVOYANTS, ...BASELINES].map((contender) => ({ name: contender.name, index: want(REFERENCE, contender, REFERENCE_TRACES) }));
const oursMain = (['Second', 'Hour'] as const).flatMap((billing) => settings.map((setting) => ({
  name: `**ours, ${setting.name}**${billing === 'Hour' ? ', by the hour' : ''}`,
  index: want(billing === 'Hour' ? byTheHour(REFERENCE) : REFERENCE, setting.specFor(billing, 'Hosts'), REFERENCE_TRACES),
})));
const worlds = (['Second', 'Hour'] as const).flatMap((billing) => variants.map((base) => {
  const variant = billing === 'Hour' ? byTheHour(base) : base;
  const source = sourceOf(variant);
  return {
    name: `${base.name}${billing === 'Hour' ? ', by the hour' : ''}`,
    by: billing === 'Hour' ? ('hourlyCost' as const) : ('cost' as const),
    ours: settings.map((setting) => ({ name: setting.name, index: want(variant, setting.specFor(billing, source), FINE) })),
    curves: FAMILIES.map((family) => (family.needsCpu && source === 'LoadBalancer' ? undefined : curveOf(family, variant))),
  };
}));

const middle = settings.find(({ name }) => name === 'default');
const parts = values.short || middle === undefined ? [] : ablations(middle).map((ablation) => ({
  ...ablation, index: want(ablation.billing === 'Hour' ? byTheHour(REFERENCE) : REFERENCE, ablation.spec, FINE),
}));

const started = performance.now();
const scored = await scoreAll(wanted, loadTraces(folder, REFERENCE_TRACES), {
  progress: (done, all) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${all} runs${done === all ? '\n' : ''}`);
  },
});
const at = (index: number): Scored => scored[index]!;

const CELL = 'cost / cost_h / seconds short a day / % bad / actions a day';
console.log(`## The reference world\n\n${CELL}\n`);
console.log(markdown(
  ['', ...REFERENCE_TRACES.map(({ name }) => name), 'mean of the first four'],
  [...main, ...oursMain].map(({ name, index }) => scoreRow(name, [...REFERENCE_TRACES.map((trace) => at(index).byTrace.get(trace.name)!), at(index).mean])),
));

console.log(`\n## Our knob in every world\n\nMean of the four finer traces: ${CELL}\n`);
console.log(markdown(['world', ...settings.map(({ name }) => name)], worlds.map(({ name, ours }) => scoreRow(name, ours.map(({ index }) => at(index).mean)))));

console.log('\n## Every baseline, tuned to cost the same\n\nSeconds short a day / % bad; each baseline has the target with which its mean cost equals ours, and ours has one setting for all.\n');
console.log(markdown(['world', 'ours', ...FAMILIES.map(({ name }) => name)], worlds.flatMap(({ name, by, ours, curves }) => ours.map((setting): Row => {
  const score = at(setting.index).mean;
  return [
    name, `${setting.name}, ${by === 'cost' ? 'cost' : 'cost_h'} ${score[by].toFixed(3)}: ${score.shortSecondsPerDay.toFixed(0)} / ${score.badPercent.toFixed(1)}`,
    ...curves.map((curve) => (curve === undefined ? 'has no CPU metric' : comparisonCell(compared(score, curve.map((index) => at(index).mean), by)))),
  ];
}))));
if (middle !== undefined && parts.length > 0) {
  console.log('\n## What each mechanism is worth\n\nThe default without one of them, and what it then costs to be short no longer than the whole is.\n');
  console.log(markdown(ABLATION_HEAD, ablationRows(parts.map((part) => ({ ...part, score: at(part.index).mean })), middle.policy.prediction.caution)));
}
console.log(`\n${wanted.length} contenders and worlds in ${((performance.now() - started) / 1000).toFixed(0)} s.`);
