import { fromTimestamp } from '../model/index.ts';
import type { Decision, HostCounts, Instant } from '../model/index.ts';
import type { Moment } from './engine-input.ts';

/** A line of `evaluate`'s input, or what is wrong with it: field, value and what to write instead. */
export type ReadLine = { kind: 'Moment'; moment: Moment; /** As it was written. */ time: string } | { kind: 'Bad'; message: string };

/** Reads one line; of a line that is not entirely right nothing is used. Fields that are not known are passed over. */
export function readLine(text: string): ReadLine {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch (error) {
    return bad(`is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(line)) return bad('is no JSON object');
  const { time, metrics, hosts, bootSeconds, launchedAt } = line;
  const at = instantOf(time);
  if (typeof time !== 'string' || at === undefined) return bad(`time is ${shown(time)}: write RFC 3339, such as "2026-11-23T12:00:15Z"`);
  const launches = Array.isArray(launchedAt) ? launchedAt.map(instantOf) : undefined;
  const wrong = metricsFault(metrics) ?? hostsFault(hosts)
    ?? listFault('bootSeconds', bootSeconds, isAmount, 'numbers of seconds from 0 on')
    ?? listFault('launchedAt', launchedAt, (_, index) => launches?.[index] !== undefined, 'RFC 3339 times');
  if (wrong !== undefined) return bad(wrong);
  return {
    kind: 'Moment',
    time,
    moment: {
      time: at,
      metrics: metrics as Moment['metrics'],
      hosts: hosts as unknown as HostCounts,
      ...(bootSeconds !== undefined && bootSeconds !== null && { bootSeconds: bootSeconds as number[] }),
      ...(launches !== undefined && { launchedAt: launches as Instant[] }),
    },
  };
}

/** The decision as one line of JSON, without its line end. */
export function decisionLine(time: string, { desired, current, direction, reasons, recommendations, limitedBy, heldBy, forecast }: Decision): string {
  const proposals = Object.fromEntries(recommendations.map(({ metric, hosts }) => [metric, hosts ?? null]));
  return JSON.stringify({ time, desired, current, direction, reasons, proposals, ...(forecast && { forecast }), limitedBy, ...(heldBy !== undefined && { heldBy }) });
}

function metricsFault(metrics: unknown): string | undefined {
  if (!isObject(metrics)) return `metrics is ${shown(metrics)}: write an object of numbers, such as {"rps": 812.4}`;
  for (const [name, value] of Object.entries(metrics)) {
    if (value !== null && !isNumber(value)) return `metrics.${name} is ${shown(value)}: write a number, or null where there is none`;
  }
  return undefined;
}

const COUNTS = ['inService', 'warming', 'booting', 'draining'] as const;

function hostsFault(hosts: unknown): string | undefined {
  if (!isObject(hosts)) return `hosts is ${shown(hosts)}: write {"inService": 8, "warming": 0, "booting": 0, "draining": 0}`;
  for (const name of COUNTS) {
    if (!Number.isInteger(hosts[name]) || Number(hosts[name]) < 0) return `hosts.${name} is ${shown(hosts[name])}: write a whole number from 0 on`;
  }
  return Number(hosts['warming']) > Number(hosts['inService']) ? `hosts.warming is ${shown(hosts['warming'])}, more than hosts.inService: warming hosts are part of those in service` : undefined;
}

function listFault(name: string, list: unknown, is: (item: unknown, index: number) => boolean, wanted: string): string | undefined {
  if (list === undefined || list === null) return undefined;
  if (!Array.isArray(list)) return `${name} is ${shown(list)}: write a list of ${wanted}`;
  const index = list.findIndex((item, place) => !is(item, place));
  return index < 0 ? undefined : `${name}[${index}] is ${shown(list[index])}: write a list of ${wanted}`;
}

const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

const instantOf = (text: unknown): Instant | undefined => (typeof text === 'string' && TIME.test(text) ? fromTimestamp(text) : undefined);
const isNumber = (item: unknown): item is number => typeof item === 'number' && Number.isFinite(item);
const isAmount = (item: unknown): boolean => isNumber(item) && item >= 0;
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const bad = (message: string): ReadLine => ({ kind: 'Bad', message });

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
