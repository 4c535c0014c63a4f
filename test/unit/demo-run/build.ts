import type { LoadReport } from '../../../controller/demo/load.ts';
import type { Measured, Sample } from '../../../controller/demo/measured.ts';
import type { HostTrack } from '../../../controller/demo/recorder.ts';
import { FULL_SCRIPT, type PhaseOfLoad, loadEnds, spikeBegins, spikeEnds } from '../../../controller/demo/script.ts';

export const LOAD_BEGAN = Date.UTC(2025, 0, 1);

const at = (seconds: number): number => LOAD_BEGAN + seconds * 1_000;

/** When each bought host was asked for, had booted, served, and was gone. */
const BOUGHT: readonly [created: number, booted: number, serving: number, gone?: number][] = [
  [-6, -3, -1], [18, 21.5, 24, 64], [19, 22.5, 25, 64], [21, 25, 28, 66],
];

export const tracks = (): HostTrack[] => [
  { name: 'web-primary', kind: 'Fixed', phase: 'InService', since: { InService: at(-8) }, createdAt: at(-8) },
  ...BOUGHT.map(([created, booted, serving, gone], slot): HostTrack => ({
    name: `web-${slot}`, kind: 'Bought', phase: gone === undefined ? 'InService' : 'Released', createdAt: at(created),
    since: { Pending: at(created), Deploying: at(booted), InService: at(serving) }, ...(gone === undefined ? {} : { goneAt: at(gone) }),
  })),
];

export function samples(): Sample[] {
  return Array.from({ length: loadEnds(FULL_SCRIPT) }, (_, second) => {
    const spike = second >= spikeBegins(FULL_SCRIPT) && second < spikeEnds(FULL_SCRIPT);
    const serving = 1 + BOUGHT.filter(([, , from, gone = Infinity]) => second >= from && second < gone).length;
    const existing = 1 + BOUGHT.filter(([from, , , gone = Infinity]) => second >= from && second < gone).length;
    return { seconds: second, load: spike ? 210 : 40, p95: spike && serving < 5 ? 900 : 150, wanted: existing, inService: serving, existing };
  });
}

export function report(failed = 0): LoadReport {
  const summaryOf = (phase: PhaseOfLoad, requests: number, p95: number, broken: number) => ({
    phase, kind: 'page', requests, failed: broken, outcomes: { 200: requests - broken, ...(broken > 0 ? { 502: broken } : {}) },
    latencies: { p50: p95 / 3, p95, p99: p95 * 1.2, max: p95 * 2 },
  });
  return {
    requests: 8_900, failed, perSecond: [], latestSend: 12, end: 'Aborted',
    summaries: [summaryOf('before', 600, 148, 0), summaryOf('spike', 7_100, 912, failed), summaryOf('after', 1_200, 151, 0)],
  };
}

export const measured = (changes: Partial<Measured> = {}): Measured => ({
  script: FULL_SCRIPT, loadBegan: LOAD_BEGAN, seconds: 82, load: report(), samples: samples(), hosts: tracks(),
  decisions: [
    { at: at(-7), from: 1, to: 2, reason: 'rps absent (Empty: no series): nothing is removed; raised to 2 by minHosts' },
    { at: at(18), from: 2, to: 4, reason: 'rps 170 requests/s of 42 a host → 4' },
    { at: at(64), from: 5, to: 2, reason: 'rps 40.1 requests/s of 42 a host → 1; held at 2: highest of the last 10 s' },
  ],
  ...changes,
});
