/** The load that steps. Each kind of it is a real change of what is scraped. */
import { seededChance } from '../../../controller/demo/chance.ts';
import { startLoad } from '../../../controller/demo/load.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import type { MetricName } from './cases.ts';

/** Jobs in the queue while calm, and what a host should carry. */
const JOBS_A_HOST = 10;
const CALM_JOBS = 5;

/**
 * The step is 150 requests a second, of which a window of 60 s shows 2.5 more for each second that has passed. The
 * target is so low that less than two seconds of the step are enough; `maxHosts` stops what would follow.
 */
const STEP_REQUESTS_A_SECOND = 150;
const ENOUGH_REQUESTS_A_SECOND = 5;
const CALM_REQUESTS_A_SECOND = 0.3;
const LONGEST_LOAD_SECONDS = 100_000;

/** The metric entry of a policy under which a step adds so many hosts. */
export function metricEntry(metric: MetricName, hosts: number): { name: MetricName; target: number } {
  switch (metric) {
    case 'queueDepth': return { name: 'queueDepth', target: JOBS_A_HOST };
    case 'rps': return { name: 'rps', target: ENOUGH_REQUESTS_A_SECOND / hosts };
  }
}

export interface QueueGauge {
  /** The exporter's page. */
  page(): string;
  /** As many jobs as this many additional hosts should carry. */
  step(hosts: number): void;
  calm(): void;
}

/** An application exporter that shows one queue. */
export function createQueueGauge(): QueueGauge {
  let jobs = CALM_JOBS;
  return {
    page: () => `# TYPE solid_queue_ready gauge\nsolid_queue_ready{queue="default"} ${jobs}\n`,
    step(hosts) {
      jobs = JOBS_A_HOST * hosts + CALM_JOBS;
    },
    calm() {
      jobs = CALM_JOBS;
    },
  };
}

export interface Requests {
  step(): void;
  calm(): void;
  /** Ends all load. Resolves to the requests sent and failed. */
  stop(): Promise<{ requests: number; failed: number }>;
}

/** A trickle of requests, so that counters exist, and the step on top of it. */
export function startRequests(url: string): Requests {
  const loads: { end: AbortController; done: ReturnType<typeof startLoad>['done'] }[] = [];
  let stepping: AbortController | undefined;
  function begin(requestsPerSecond: number): AbortController {
    const end = new AbortController();
    const load = startLoad({
      url, spacing: 'Even', chance: seededChance(1), clock: systemClock, signal: end.signal, phases: [], maxRequests: Infinity, maxInFlight: 500,
      profile: [{ atSeconds: 0, requestsPerSecond }, { atSeconds: LONGEST_LOAD_SECONDS, requestsPerSecond }],
      kinds: [{ name: 'page', share: 1, path: '/', timeoutMilliseconds: 10_000 }],
    });
    loads.push({ end, done: load.done });
    return end;
  }
  begin(CALM_REQUESTS_A_SECOND);
  return {
    step() {
      stepping ??= begin(STEP_REQUESTS_A_SECOND);
    },
    calm() {
      stepping?.abort();
      stepping = undefined;
    },
    async stop() {
      for (const { end } of loads) end.abort();
      const reports = await Promise.all(loads.map(({ done }) => done));
      return { requests: sum(reports.map(({ requests }) => requests)), failed: sum(reports.map(({ failed }) => failed)) };
    },
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
