import type { Instant } from '../model/index.ts';
import type { LoadReport } from './load.ts';
import type { DecisionSeen, HostTrack } from './recorder.ts';
import { type PhaseOfLoad, type Script, neededHosts, spikeBegins } from './script.ts';

/** One look at the world. */
export interface Sample {
  /** Since the load began. */
  seconds: number;
  /** Requests that were sent in the second before, per second. */
  load: number;
  /** Milliseconds, over the last seconds. */
  p95: number | undefined;
  wanted: number;
  inService: number;
  /** Booting and leaving ones included. */
  existing: number;
}

/** Everything that was measured in one run. */
export interface Measured {
  script: Script;
  loadBegan: Instant;
  /** Seconds from the begin of the load until the hosts had followed it, or were given up. */
  seconds: number;
  load: LoadReport;
  samples: readonly Sample[];
  decisions: readonly DecisionSeen[];
  hosts: readonly HostTrack[];
}

/** From the spike's begin to the hosts that it needs, in seconds. The three parts follow one another. */
export interface ToCapacity {
  total: number;
  /** Until the host that came last was asked for. */
  decided: number;
  /** Until that host's machine was ready. */
  boot: number;
  /** Until it had its app and all load balancers called it up. */
  joining: number;
}

/** Undefined when the hosts that the spike needs were never in service. */
export function toCapacity({ script, loadBegan, hosts }: Measured): ToCapacity | undefined {
  const began = loadBegan + spikeBegins(script) * 1_000;
  const inOrder = hosts.flatMap((host) => (host.since.InService === undefined ? [] : [{ ...host, inService: host.since.InService }])).sort((a, b) => a.inService - b.inService);
  const last = inOrder[neededHosts(script) - 1];
  if (last === undefined) return undefined;
  const booted = last.since.Deploying ?? last.since.Joining ?? last.inService;
  const between = (from: Instant, to: Instant): number => Math.max(0, to - from) / 1_000;
  return {
    total: between(began, last.inService),
    decided: between(began, last.createdAt),
    boot: between(Math.max(began, last.createdAt), booted),
    joining: between(Math.max(began, booted), last.inService),
  };
}

/** Hours of all hosts from the begin of the load on, from when each was asked for until it was gone. */
export function hostHours({ loadBegan, seconds, hosts }: Measured): number {
  const end = loadBegan + seconds * 1_000;
  const lived = hosts.map(({ createdAt, goneAt }) => Math.max(0, Math.min(goneAt ?? end, end) - Math.max(createdAt, loadBegan)));
  return lived.reduce((sum, milliseconds) => sum + milliseconds, 0) / 3_600_000;
}

/** What a fleet of the peak's size would have taken all the time, in hours. */
export const fixedFleetHours = (measured: Measured): number => (peakHosts(measured) * measured.seconds) / 3_600;

export const peakHosts = ({ samples }: Measured): number => Math.max(0, ...samples.map(({ inService }) => inService));

/** Hosts in service when the spike began. */
export const calmHosts = ({ samples, script }: Measured): number => samples.findLast(({ seconds }) => seconds <= spikeBegins(script))?.inService ?? 0;

/** Hosts that exist at the end. */
export const hostsAtEnd = ({ samples }: Measured): number => samples.at(-1)?.existing ?? 0;

/** Milliseconds; undefined when no request of that phase was answered. */
export const p95Of = ({ load }: Measured, phase: PhaseOfLoad): number | undefined => load.summaries.find((summary) => summary.phase === phase)?.latencies?.p95;

/** Whether the run showed what it should. */
export type Verdict =
  | { kind: 'Followed' }
  | { kind: 'RequestsFailed'; failed: number; outcomes: string }
  | { kind: 'PeakNotReached'; most: number; needed: number }
  | { kind: 'NotBack'; hosts: number; calm: number };

/** A failed request weighs most. */
export function judge(measured: Measured): Verdict {
  const { load, script } = measured;
  if (load.failed > 0) return { kind: 'RequestsFailed', failed: load.failed, outcomes: failuresOf(load) };
  const needed = neededHosts(script);
  const most = peakHosts(measured);
  if (most < needed) return { kind: 'PeakNotReached', most, needed };
  const [hosts, calm] = [hostsAtEnd(measured), calmHosts(measured)];
  // Fewer is no failure: while its processes start, a busy machine can look loaded and have a host bought before the spike.
  return hosts <= calm ? { kind: 'Followed' } : { kind: 'NotBack', hosts, calm };
}

function failuresOf({ summaries }: LoadReport): string {
  const counts = new Map<string, number>();
  for (const { outcomes } of summaries) {
    for (const [outcome, count] of Object.entries(outcomes)) {
      if (!/^2\d\d$/.test(outcome)) counts.set(outcome, (counts.get(outcome) ?? 0) + count);
    }
  }
  return [...counts].map(([outcome, count]) => `${count} × ${outcome}`).join(', ');
}
