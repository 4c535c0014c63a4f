import type { MetricHost } from '../ports/index.ts';
import { absent, instantOf, isFresh, stale } from './outcome-of-rows.ts';
import type { Outcome } from './outcome-of-rows.ts';
import type { Basis } from './rows.ts';

/** What one host reports. */
export interface HostReading {
  value: number | undefined;
  /** Newest sample, in seconds since the epoch. */
  time: number | undefined;
}

interface Report {
  host: MetricHost;
  value: number;
  time: number;
}

/**
 * The average, in percent, over hosts that have been in service for a while. Fewer than half of them reporting is an
 * absence: the rest may be exactly those that are overloaded. More than 100 counts as 100, so that a host which lies moves
 * the average by its own share and no more.
 */
export function meanOfHosts(what: string, hosts: readonly MetricHost[], readings: ReadonlyMap<string, HostReading>, basis: Basis): Outcome {
  if (hosts.length === 0) return absent('Empty', `${what}: the pool has no host in service`);
  const wanted = hosts.filter((host) => !host.warming);
  if (wanted.length === 0) return absent('TooFewHosts', `${what}: all ${hosts.length} hosts have been in service for less than a minute`);
  const known = wanted.flatMap((host) => readings.get(host.name) ?? []);
  if (known.length === 0) return absent('Empty', `no series ${what} of hosts ${namesOf(wanted)}`);

  const fresh = freshReports(wanted, readings, basis);
  if (fresh.length === 0) return nothingFresh(what, known, basis);
  const reports = fresh.filter(({ value }) => Number.isFinite(value));
  if (reports.length === 0) return absent('NotANumber', `${what} gives ${fresh[0]!.value} on every host that reports`, newest(fresh));
  const silent = wanted.filter((host) => !reports.some((report) => report.host === host));
  const impossible = reports.filter(({ value }) => percent(value) !== value);
  const share = `${reports.length} of ${wanted.length} hosts in service report`;
  if (tooFew(reports.length, wanted.length)) return absent('TooFewHosts', `${what}: ${share}; not ${namesOf(silent)}`, newest(reports));

  return {
    kind: 'Value',
    value: reports.reduce((sum, { value }) => sum + percent(value), 0) / reports.length,
    asOf: newest(reports),
    ...warningOf([
      ...(silent.length > 0 ? [`${share}; not ${namesOf(silent)}`] : []),
      ...impossible.map(({ host, value }) => `${host.name} says ${value} %, which counts as ${percent(value)}`).slice(0, 3),
    ]),
  };
}

// Sums of rates miss 0 and 100 by what floating point cannot hold.
const ROUNDING = 0.01;
const percent = (value: number): number => (value < -ROUNDING ? 0 : value > 100 + ROUNDING ? 100 : value);

export const warningOf = (warnings: readonly string[]): { warning?: string } => (warnings.length === 0 ? {} : { warning: warnings.join('; ') });

/** Less than half: what the silent ones would say could turn the average round. */
export const tooFew = (reporting: number, wanted: number): boolean => reporting * 2 < wanted;

function freshReports(hosts: readonly MetricHost[], readings: ReadonlyMap<string, HostReading>, basis: Basis): Report[] {
  return hosts.flatMap((host) => {
    const { value, time } = readings.get(host.name) ?? {};
    return value !== undefined && isFresh(time, basis) ? { host, value, time } : [];
  });
}

function nothingFresh(what: string, known: readonly HostReading[], basis: Basis): Outcome {
  const times = known.flatMap(({ time }) => time ?? []);
  const latest = times.length > 0 ? Math.max(...times) : undefined;
  // Some target answers, but no host has a value: the exporters have only just been found.
  if (isFresh(latest, basis)) return absent('Empty', `no value yet of ${what}: a rate needs two samples within ${basis.windowSeconds} s`, instantOf(latest));
  return stale(what, latest, basis);
}

const newest = (reports: readonly Report[]): number => instantOf(Math.max(...reports.map(({ time }) => time)));

/** Names of hosts for a message; of a long list only the first ones. */
export function namesOf(hosts: readonly MetricHost[]): string {
  const names = hosts.map((host) => host.name);
  return names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;
}
