import { Agent, request as open } from 'node:http';
import type { Instant } from '../model/index.ts';
import type { Clock } from '../ports/index.ts';
import { type RateProfile, type Spacing, arrivals } from './load-profile.ts';
import { type LoadPhase, LoadRecords, type LoadSummary } from './load-records.ts';

/** Requests that are alike. */
export interface LoadKind {
  name: string;
  /** Weight against the other kinds. */
  share: number;
  path: string;
  method?: string;
  headers?: Readonly<Record<string, string>>;
  /** Without the whole answer by then the request has failed. */
  timeoutMilliseconds: number;
}

export interface LoadOptions {
  /** Where requests go; the path comes from the kind. */
  url: string;
  profile: RateProfile;
  spacing: Spacing;
  kinds: readonly LoadKind[];
  phases: readonly LoadPhase[];
  /** No more than these are sent. */
  maxRequests: number;
  /** With so many unanswered, a request that is due is not sent and counts as failed. */
  maxInFlight: number;
  clock: Clock;
  /** Numbers from 0 to below 1: when requests are due and of which kind they are. */
  chance: () => number;
  /** Ends the load at once; requests that were not answered by then are not counted. */
  signal: AbortSignal;
}

export interface LoadReport {
  requests: number;
  failed: number;
  summaries: LoadSummary[];
  perSecond: { requests: number; failed: number }[];
  /** Milliseconds by which the latest request was sent too late: what the generator itself adds to latencies. */
  latestSend: number;
  end: 'Profile' | 'MaxRequests' | 'Aborted';
}

export interface LoadSoFar {
  seconds: number;
  sent: number;
  answered: number;
  failed: number;
  inFlight: number;
  /** P95 in milliseconds over the last `windowSeconds`. */
  p95: number | undefined;
}

export interface Load {
  /** Resolves when the profile is over and all is answered, or at the signal; never rejects. */
  done: Promise<LoadReport>;
  soFar(windowSeconds: number): LoadSoFar;
}

/** Idle connections are closed here before a server closes them under a request. */
const IDLE_MILLISECONDS = 2_000;

/** An open loop: requests are sent when they are due, whether or not earlier ones were answered. */
export function startLoad(options: LoadOptions): Load {
  const { clock, signal } = options;
  if (options.kinds.length === 0) throw new Error('a load needs at least one kind of request');
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: options.maxInFlight, timeout: IDLE_MILLISECONDS });
  // Ends all requests under way; a listener for each of them would be many.
  signal.addEventListener('abort', () => agent.destroy(), { once: true });
  const { hostname, port } = new URL(options.url);
  const records = new LoadRecords();
  const started = clock.now();
  const flights = new Set<Promise<void>>();
  let sent = 0;
  let latestSend = 0;

  async function fly(kind: LoadKind, due: Instant): Promise<void> {
    const outcome = flights.size >= options.maxInFlight ? 'TooManyInFlight' : await send(kind, { agent, hostname, port });
    // By the signal's doing, not by the server's.
    if (signal.aborted && typeof outcome === 'string') return;
    records.add({ dueSeconds: (due - started) / 1_000, latencyMilliseconds: clock.now() - due, kind: kind.name, outcome });
  }

  async function run(): Promise<LoadReport['end']> {
    for (const at of arrivals(options.profile, options.spacing, options.chance)) {
      const due = started + at * 1_000;
      for (let wait = due - clock.now(); wait > 0 && !signal.aborted; wait = due - clock.now()) await clock.sleep(wait, signal);
      if (signal.aborted) return 'Aborted';
      if (sent >= options.maxRequests) return 'MaxRequests';
      latestSend = Math.max(latestSend, clock.now() - due);
      sent += 1;
      const flight = fly(draw(options.kinds, options.chance), due);
      flights.add(flight);
      void flight.finally(() => flights.delete(flight));
    }
    return 'Profile';
  }

  async function report(): Promise<LoadReport> {
    const end = await run();
    await Promise.all(flights);
    agent.destroy();
    const { requests, failed } = records;
    return { requests, failed, summaries: records.summaries(options.phases), perSecond: records.perSecond(), latestSend, end: signal.aborted ? 'Aborted' : end };
  }

  return {
    done: report(),
    soFar: (windowSeconds) => {
      const elapsed = (clock.now() - started) / 1_000;
      return { seconds: elapsed, sent, answered: records.requests, failed: records.failed, inFlight: flights.size, p95: records.p95Since(elapsed - windowSeconds) };
    },
  };
}

function draw(kinds: readonly LoadKind[], chance: () => number): LoadKind {
  let mark = chance() * kinds.reduce((sum, { share }) => sum + share, 0);
  return kinds.find(({ share }) => (mark -= share) < 0) ?? kinds.at(-1)!;
}

interface Way {
  agent: Agent;
  hostname: string;
  port: string;
}

/** The status once the whole answer is there, else the reason why not. */
function send({ path, method = 'GET', headers, timeoutMilliseconds }: LoadKind, way: Way): Promise<number | string> {
  const { promise, resolve } = Promise.withResolvers<number | string>();
  const request = open({ ...way, path, method, ...(headers === undefined ? {} : { headers }) });
  const timer = setTimeout(() => {
    resolve('Timeout');
    request.destroy();
  }, timeoutMilliseconds);
  request.once('response', (response) => {
    response.once('end', () => resolve(response.statusCode ?? 0));
    response.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    response.resume();
  });
  request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  request.end();
  return promise.finally(() => clearTimeout(timer));
}
