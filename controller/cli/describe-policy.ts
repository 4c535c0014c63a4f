import { type HostPool, type ScalingPolicy, type ScalingPolicySpec, keyOf } from '../api/index.ts';
import { type Instant, type Observation, SIGNALS, fromTimestamp, scaleInWindow } from '../model/index.ts';
import type { DecisionRecord } from '../ports/index.ts';
import type { Condition } from '../report/conditions.ts';
import type { Io, OpenStore } from './composition.ts';
import { type Description, identity } from './description.ts';
import { shortDuration } from './duration.ts';
import { type Section, ageOf, bullet, conditionsSection, fieldLines, hanging, widthWithin } from './sections.ts';
import { tableLines } from './table.ts';
import { counted, plainText, shortNumber } from './text.ts';

type Direction = ScalingPolicySpec['behavior']['scaleOut'] | ScalingPolicySpec['behavior']['scaleIn'];

/** A policy: what it asks for, what the last evaluation made of it and why. */
export async function describePolicy(open: OpenStore, policy: ScalingPolicy, io: Io): Promise<Description> {
  const [record] = await open.decisionLog?.recent(keyOf(policy), 1) ?? [];
  const pool = policy.spec.budget === undefined ? undefined : await open.store.get('HostPool', { namespace: keyOf(policy).namespace, name: policy.spec.targetRef.name });
  const now = io.now();
  return {
    head: fieldLines([...identity(policy), ...summary(policy.spec, now), ['Budget', budgetText(policy.spec, pool)]], io.columns),
    sections: [
      record === undefined ? reportedEvaluation(policy, now, io.columns) : recordedEvaluation(record, now, io.columns),
      metricsSection(policy, record, now, io.columns),
      engineNotes(record, io.columns),
      conditionsSection(policy.status?.conditions as Condition[] | undefined, now, io.columns),
      changesSection(policy, now, io.columns),
    ],
  };
}

function summary(spec: ScalingPolicySpec, now: Instant): (readonly [string, string | undefined])[] {
  const { targetRef, mode, minHosts, maxHosts, behavior, fallback } = spec;
  return [
    ['Pool', targetRef.name],
    ['Mode', `${mode} (${MODES[mode]})`],
    ['Hosts', `${minHosts} to ${maxHosts}`],
    ['Forecast', PREDICTIONS[spec.prediction.mode](spec.prediction.caution)],
    ['Scale out', directionText(behavior.scaleOut, behavior.scaleOut.stabilizationWindowSeconds, '4 hosts or 100 % a minute')],
    ['Scale in', directionText(behavior.scaleIn, scaleInWindow(spec), '2 hosts or 20 % a minute')],
    ['Fallback', fallback === undefined ? undefined : `at least ${counted(fallback.hosts, 'host')} after ${counted(fallback.afterAbsences, 'evaluation')} without metrics`],
    ['Hold', holdText(spec, now)],
  ];
}

const PREDICTIONS: Record<ScalingPolicySpec['prediction']['mode'], (caution: number) => string> = {
  Off: () => 'off',
  Shadow: (caution) => `caution ${caution}, computed and recorded, not acted on`,
  On: (caution) => `caution ${caution} (0 thrifty, 50 calm, 100 safe)`,
};

function budgetText({ budget }: ScalingPolicySpec, pool: HostPool | undefined): string | undefined {
  if (budget === undefined) return undefined;
  const spend = pool?.status?.spend;
  const amount = spend?.amounts?.find(({ currency }) => currency === budget.currency);
  return `${budget.perMonth.toFixed(2)} ${budget.currency} a month, net${spend === undefined ? '' : `; ${(amount?.projected ?? 0).toFixed(2)} ${budget.currency} spoken for in ${spend.month} (UTC)`}`;
}

const MODES: Record<ScalingPolicySpec['mode'], string> = {
  Observe: 'computes and records',
  Recommend: 'publishes the number',
  Enforce: 'sets replicas of the pool',
};

function directionText({ selectPolicy, tolerancePercent, policies }: Direction, windowSeconds: number, usual: string): string {
  if (selectPolicy === 'Disabled') return 'disabled';
  const rates = (policies ?? []).map(({ type, value, periodSeconds }) => `${value} ${type === 'Percent' ? '%' : 'hosts'} in ${periodSeconds} s`);
  const choice = rates.length > 1 ? `, the ${selectPolicy === 'Min' ? 'smaller' : 'larger'}` : '';
  return `window ${windowSeconds} s, tolerance ${tolerancePercent} %, ${rates.length === 0 ? usual : rates.join(' or ') + choice}`;
}

function holdText({ hold }: ScalingPolicySpec, now: Instant): string | undefined {
  const until = fromTimestamp(hold?.until);
  if (hold === undefined || until === undefined) return undefined;
  const end = until > now ? `until ${hold.until} (${shortDuration(until - now)} left)` : `ended ${shortDuration(now - until)} ago`;
  return `${counted(hold.hosts, 'host')} ${end}${hold.reason === undefined ? '' : `: ${hold.reason}`}`;
}

function recordedEvaluation({ decision }: DecisionRecord, now: Instant, columns: number): Section {
  const { time, current, desired, reasons } = decision;
  return {
    title: `Last evaluation (${shortDuration(now - time)} ago, ${current === desired ? `${counted(desired, 'host')}, no change` : `${current} → ${desired} hosts`})`,
    lines: reasons.flatMap((reason) => bullet(reason, widthWithin(columns))),
  };
}

/** In a cluster evaluations are kept by the controller alone; its status says the last change. */
function reportedEvaluation({ status }: ScalingPolicy, now: Instant, columns: number): Section {
  if (status?.reason === undefined) return { title: 'Last evaluation', lines: ['none yet: is the controller running?'] };
  const since = ageOf(status.reasonSince, now);
  return {
    title: `Last evaluation${status.desiredHosts === undefined ? '' : ` (${counted(status.desiredHosts, 'host')} wanted${since === undefined ? '' : ` for ${since}`})`}`,
    lines: status.reason.split('; ').flatMap((reason) => bullet(reason, widthWithin(columns))),
  };
}

interface MetricRow {
  value: string;
  proposal: string;
  age: string;
  note: string | undefined;
}

function metricsSection(policy: ScalingPolicy, record: DecisionRecord | undefined, now: Instant, columns: number): Section {
  const rows = policy.spec.metrics.map((metric) => {
    const { type, unit } = ruleOf(metric);
    const row = (record === undefined ? reportedMetric(policy, metric.name, unit, now) : recordedMetric(record, metric.name, unit, now))
      ?? { value: '', proposal: '', age: '', note: 'not read yet' };
    return { cells: [metric.name, type, row.value, quantity(metric.target, unit), row.proposal, row.age], note: row.note, name: metric.name };
  });
  const table = tableLines([
    { title: 'NAME', align: 'Left' }, { title: 'TYPE', align: 'Left' }, { title: 'VALUE', align: 'Right' },
    { title: 'TARGET', align: 'Right' }, { title: 'HOSTS', align: 'Right' }, { title: 'AGE', align: 'Left' },
  ], rows.map(({ cells }) => cells), undefined);
  const notes = rows.flatMap(({ name, note }) => (note === undefined ? [] : hanging(`${name}: `, plainText(note), widthWithin(columns))));
  return { title: 'Metrics', lines: [...table, ...notes] };
}

function recordedMetric({ decision, observations }: DecisionRecord, name: string, unit: string, now: Instant): MetricRow | undefined {
  const observation = observations.find(({ metric }) => metric === name);
  if (observation === undefined) return undefined;
  const hosts = decision.recommendations.find(({ metric }) => metric === name)?.hosts;
  return {
    value: observation.kind === 'Value' ? quantity(observation.value, unit) : observation.absence.kind,
    proposal: hosts === undefined ? '' : String(hosts),
    age: shortDuration(now - observation.asOf),
    note: noteOf(observation),
  };
}

const noteOf = (observation: Observation): string | undefined =>
  (observation.kind === 'Absence' ? observation.absence.message : observation.warning);

function reportedMetric({ status }: ScalingPolicy, name: string, unit: string, now: Instant): MetricRow | undefined {
  const metric = status?.metrics?.find((candidate) => candidate.name === name);
  if (metric === undefined) return undefined;
  return {
    value: metric.value === undefined ? metric.state : quantity(metric.value, unit),
    proposal: metric.proposal === undefined ? '' : String(metric.proposal),
    age: ageOf(metric.asOf, now) ?? '',
    note: metric.message,
  };
}

/** What each metric alone would do beyond its number, and what held the whole back. */
function engineNotes(record: DecisionRecord | undefined, columns: number): Section {
  if (record === undefined) return { title: 'Engine', lines: [] };
  const { forecast, heldBy, limitedBy, recommendations } = record.decision;
  const blocking = recommendations.filter(({ blocksScaleIn }) => blocksScaleIn).map(({ metric }) => metric);
  const notes = [
    ...(forecast?.mode === 'Shadow' ? [`the forecast would have ${counted(forecast.hosts, 'host')}, looking ${Math.round(forecast.leadSeconds)} s ahead; mode Shadow does not act on it`] : []),
    ...(heldBy === undefined ? [] : [`held back by ${heldBy}`]),
    ...limitedBy.map(({ kind, hosts, reason, liftedBy }) => `${kind.toLowerCase()} of ${counted(hosts, 'host')} by ${reason}; lifted by: ${liftedBy}`),
    ...(blocking.length === 0 ? [] : [`nothing is removed while so: ${blocking.join(', ')}`]),
  ];
  return { title: 'Engine', lines: notes.flatMap((note) => bullet(note, widthWithin(columns))) };
}

function changesSection({ status }: ScalingPolicy, now: Instant, columns: number): Section {
  const lines = (status?.decisions ?? []).flatMap(({ time, from, to, reason }) =>
    hanging(`${(ageOf(time, now) ?? '').padEnd(6)} ${`${from} → ${to}`.padEnd(8)} `, plainText(reason), widthWithin(columns)));
  return { title: 'Last decisions', lines };
}

function ruleOf({ name, query, promql, type }: ScalingPolicySpec['metrics'][number]): { type: string; unit: string } {
  const signal = promql === undefined ? Object.entries(SIGNALS).find(([key]) => key === (query ?? name))?.[1] : undefined;
  return { type: type ?? signal?.type ?? 'Ratio', unit: signal?.unit ?? '' };
}

const quantity = (value: number, unit: string): string => `${shortNumber(value)}${unit === '' ? '' : ` ${unit}`}`;
