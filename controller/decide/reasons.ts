import { toTimestamp } from '../model/index.ts';
import type { Absence, Constraint, Instant } from '../model/index.ts';
import type { Outlook } from './foresight.ts';
import type { MetricRule } from './rules.ts';

/** The clauses of a decision, all in one place so that they read alike. Each says what was seen and what it led to. */

export const sized = (rule: MetricRule, value: number, hosts: number, note = ''): string =>
  `${seen(rule, value)} of ${share(rule)} → ${hosts}${note}`;

const share = ({ aggregation, sizing, limit, target, unit }: MetricRule): string => {
  const carried = sizing === 'Exact' ? limit : target;
  return aggregation === 'Sum' ? `${number(carried)} a host` : quantity(carried, unit);
};

export const withinTolerance = (raw: number): string => ` (within tolerance, else ${raw})`;
export const whileWarming = (raw: number): string => ` (hosts are warming, else ${raw})`;

export const content = (rule: MetricRule, value: number): string =>
  `${seen(rule, value)} within ${quantity(rule.target, rule.unit)}`;

export const steppedUp = (rule: MetricRule, value: number, base: number, hosts: number): string =>
  `${seen(rule, value)} over ${quantity(rule.target, rule.unit)} → ${hosts} (a step up from ${base})`;

export const elsewhere = (rule: MetricRule, value: number, suspect: string | undefined): string =>
  `${seen(rule, value)} over ${quantity(rule.target, rule.unit)}, but more hosts did not help: the bottleneck is elsewhere${suspect === undefined ? '' : `, look at ${suspect}`}`;

export const vetoes = (rule: MetricRule, value: number, current: number): string =>
  `${seen(rule, value)} over ${quantity(rule.target, rule.unit)}: no growth beyond ${current}`;

export const lifted = (rule: MetricRule): string => `${rule.name} at or below ${quantity(rule.target, rule.unit)}`;

export const partial = (reason: string): string =>
  `${clip(reason, 160)}, but a part of its data could not be read: nothing is removed`;

export const absent = (rule: MetricRule, absence: Absence): string =>
  clip(`${rule.name} absent (${absence.kind}: ${absence.message})`, 160) + ': nothing is removed';

export const noHostToMeasure = (rule: MetricRule, value: number): string =>
  `${seen(rule, value)}, but no host is in service to size from: nothing is removed`;

export const noOpinion = (current: number): string => `no metric asks for another number than ${current}`;

export const blocked = (current: number, names: readonly string[], why: 'Absent' | 'Threshold'): string =>
  `held at ${current}: ${names.join(', ')} ${why === 'Absent' ? 'absent' : 'over target'}`;

export const notYetObserved = (current: number, observedMs: number, windowSeconds: number): string =>
  `held at ${current}: load observed for ${Math.floor(observedMs / 1000)} of ${windowSeconds} s`;

export const stabilized = (hosts: number, which: 'highest' | 'lowest', windowSeconds: number): string =>
  `held at ${hosts}: ${which} of the last ${windowSeconds} s`;

export const fallenBack = (hosts: number, absences: number): string =>
  `raised to ${hosts} by fallback: metrics absent ${absences} times in a row`;

export const rateLimited = (hosts: number, direction: 'scaleOut' | 'scaleIn'): string =>
  `limited to ${hosts} by the rate of behavior.${direction}`;

export const disabled = (current: number, direction: 'scaleOut' | 'scaleIn'): string =>
  `held at ${current}: behavior.${direction}.selectPolicy is Disabled`;

export const foreseen = (hosts: number, { level, upper, coming, leadSeconds }: Outlook): string =>
  `forecast: load for ${number(level)} hosts now, up to ${number(upper)} ${coming === upper ? 'as a season ago ' : ''}in ${Math.round(leadSeconds)} s → ${hosts}`;

export const bootIsPaid = (hosts: number): string => `held at ${hosts}: hosts that boot are paid for their hour`;

export const hourIsPaid = (hosts: number, ending: number): string =>
  `held at ${hosts}: ${ending === 0 ? 'no paid hour ends' : `the paid hour of ${ending} ends`} before the next evaluation`;

export const onHold = (hosts: number, until: Instant, why: string | undefined): string =>
  clip(`held at ${hosts} by spec.hold until ${toTimestamp(until)}${why ? `: ${why}` : ''}`, 160);

export function constrained(hosts: number, constraint: Constraint): string {
  const verb = { Ceiling: 'capped to', Floor: 'raised to', Veto: 'held at' }[constraint.kind];
  return `${verb} ${hosts} by ${constraint.reason} (${constraint.liftedBy})`;
}

const seen = (rule: MetricRule, value: number): string => `${rule.name} ${quantity(value, rule.unit)}`;

const quantity = (value: number, unit: string): string => (unit === '' ? number(value) : `${number(value)} ${unit}`);

/** Three digits tell a person enough; large whole numbers keep theirs. */
const number = (value: number): string =>
  String(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)));

const clip = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
