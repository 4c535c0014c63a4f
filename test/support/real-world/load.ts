/** Requests to a service's hostname, at an even rate, until they are told to end. */
import { expect } from 'chai';
import { setTimeout as delay } from 'node:timers/promises';
import { type Load, startLoad } from '../../../controller/demo/load.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { seeded } from '../../unit/demo/wall-clock.ts';

/** Longer than anything but a drain, and within what Traefik waits for an answer. */
export const LONG_MILLISECONDS = 6_000;
const PIECE_SECONDS = 2;
/** Also without an end. */
const MOST_PIECES = 450;

export interface StreamReport {
  requests: number;
  failed: number;
  /** `3 × 503 at second 17`, for messages. */
  failures: string[];
  /** Seconds of the stream in which failed requests were due. */
  failedSeconds: number[];
}

export interface Stream {
  /** Seconds since it began. */
  seconds(): number;
  /** Failed so far. */
  failed(): number;
  /** Sends no more after a moment, waits for all that is in flight, and answers. */
  end(): Promise<StreamReport>;
}

/** So many requests a second that take no time. */
export const startRequests = (url: string, hostname: string, requestsPerSecond: number): Stream => begin(url, hostname, requestsPerSecond, '/');

/** So many requests a second that take six seconds. */
export const startLongRequests = (url: string, hostname: string, requestsPerSecond: number): Stream => begin(url, hostname, requestsPerSecond, `/slow?ms=${LONG_MILLISECONDS}`);

/** In pieces, for a load that is ended at once forgets what is in flight, and with it whether that would have failed. */
function begin(url: string, hostname: string, requestsPerSecond: number, path: string): Stream {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1_000;
  const chance = seeded(7);
  const ending = new AbortController();
  const pieces: { from: number; load: Load }[] = [];
  const sending = (async () => {
    while (!ending.signal.aborted && pieces.length < MOST_PIECES) {
      const from = pieces.length * PIECE_SECONDS;
      pieces.push({ from, load: startLoad({
        url, spacing: 'Even', kinds: [{ name: path, share: 1, path, headers: { host: hostname }, timeoutMilliseconds: 30_000 }], phases: [],
        maxRequests: Infinity, maxInFlight: 2_000, clock: systemClock, chance, signal: new AbortController().signal,
        profile: [{ atSeconds: 0, requestsPerSecond }, { atSeconds: PIECE_SECONDS, requestsPerSecond }],
      }) });
      await delay(Math.max(0, started + (from + PIECE_SECONDS) * 1_000 - performance.now()), undefined, { signal: ending.signal }).catch(() => undefined);
    }
  })();
  return {
    seconds,
    failed: () => pieces.reduce((sum, { load }) => sum + load.soFar(1).failed, 0),
    async end() {
      ending.abort();
      await sending;
      const reports = await Promise.all(pieces.map(async ({ from, load }) => ({ from, report: await load.done })));
      const failedSeconds = reports.flatMap(({ from, report }) => report.perSecond.flatMap(({ failed }, second) => (failed > 0 ? [from + second] : [])));
      return {
        requests: reports.reduce((sum, { report }) => sum + report.requests, 0),
        failed: reports.reduce((sum, { report }) => sum + report.failed, 0),
        failedSeconds,
        failures: reports.filter(({ report }) => report.failed > 0).map(({ from, report }) => `from second ${from}: ${JSON.stringify(report.summaries.map(({ outcomes }) => outcomes))}`),
      };
    },
  };
}

/** Every request was answered with a success, and there were some. Answers how many. */
export async function expectNoneFailed(...streams: readonly Stream[]): Promise<number> {
  return await expectFailures(0, ...streams);
}

/** As `expectNoneFailed`, where a host was lost with what it was serving. */
export async function expectFailures(atMost: number, ...streams: readonly Stream[]): Promise<number> {
  const reports = await Promise.all(streams.map((stream) => stream.end()));
  for (const { requests, failed, failures } of reports) {
    expect(failed, `${failed} of ${requests} requests failed, ${failures.join('; ')}`).to.be.at.most(atMost);
    expect(requests).to.be.greaterThan(0);
  }
  return reports.reduce((sum, { requests }) => sum + requests, 0);
}
