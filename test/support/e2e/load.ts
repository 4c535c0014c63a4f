/** Load as people make it: requests come when they come, whether or not earlier ones were answered. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Load, type LoadKind, type LoadReport, startLoad } from '../../../controller/demo/load.ts';
import { type RateProfile, type Spacing, profileFromTrace } from '../../../controller/demo/load-profile.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { seeded } from '../../unit/demo/wall-clock.ts';
import { fromRoot } from '../control-plane.ts';
import type { Need } from '../real/gate.ts';

const TRACE = join(process.env['KAMAL_AUTOSCALER_SHARED'] ?? fromRoot('../shared'), 'traces', 'wc98_match.csv');

/** The trace is not part of this repository. */
export const recordedTraffic: Need = () =>
  existsSync(TRACE) ? undefined : `needs the recorded traffic ${TRACE}: set KAMAL_AUTOSCALER_SHARED to the folder that has traces/`;

/** Six hours of a match day: calm, a crowd of four to eight times as many within the hour, calm again. */
export const CROWD = { fromSeconds: 302_400, toSeconds: 324_000, overSeconds: 75, peakRequestsPerSecond: 230 };
/** Seconds of the replay at which the crowd is there, and at which it goes. */
export const CROWD_COMES = 25;
export const CROWD_GOES = 58;

const SHORT: LoadKind = { name: 'short', share: 1, path: '/', timeoutMilliseconds: 30_000 };
const LONG: LoadKind = { name: 'long', share: 1, path: '/?ms=4000', timeoutMilliseconds: 30_000 };

export const crowdProfile = (): RateProfile => profileFromTrace(readFileSync(TRACE, 'utf8'), CROWD);

export const evenly = (requestsPerSecond: number, seconds: number): RateProfile =>
  [{ atSeconds: 0, requestsPerSecond }, { atSeconds: seconds, requestsPerSecond }];

/** Requests of about 60 ms. */
export const shortRequests = (url: string, profile: RateProfile, signal: AbortSignal): Load => start(url, profile, 'Poisson', SHORT, signal);

/** Requests of 4 s, so few and regular that they are no part of the P95. */
export const longRequests = (url: string, profile: RateProfile, signal: AbortSignal): Load => start(url, profile, 'Even', LONG, signal);

function start(url: string, profile: RateProfile, spacing: Spacing, kind: LoadKind, signal: AbortSignal): Load {
  return startLoad({ url, profile, spacing, kinds: [kind], phases: [], maxRequests: 100_000, maxInFlight: 4_000, clock: systemClock, chance: seeded(7), signal });
}

/** What failed, for messages: seconds of the load and how the requests ended. */
export function failuresOf(report: LoadReport): string {
  const seconds = report.perSecond.flatMap(({ failed }, second) => (failed > 0 ? [`${failed} in second ${second}`] : []));
  const outcomes = report.summaries.map(({ kind, outcomes }) => `${kind}: ${JSON.stringify(outcomes)}`);
  return `${report.failed} of ${report.requests} failed (${[...seconds, ...outcomes].join('; ')})`;
}

/** Requests that failed, without those that were due in these seconds of the load. */
export const failedOutside = (report: LoadReport, from: number, to: number): number =>
  report.perSecond.reduce((sum, { failed }, second) => (second >= Math.floor(from) && second <= to ? sum : sum + failed), 0);
