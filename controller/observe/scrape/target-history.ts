import type { ExposedSample } from './exposition.ts';
import type { Point } from './series.ts';

/** One series of one target. */
export interface Series {
  labels: Readonly<Record<string, string>>;
  /** Oldest first. */
  points: readonly Point[];
}

/** More series than this of the few metrics that are kept is a target gone wrong, not a host. */
export const MOST_SERIES = 20_000;

/** A sample of a metric that signals need, with what tells its series from others of the metric. */
export interface NeededSample extends ExposedSample {
  key: string;
}

/** Whether a scrape was taken in. */
export type Kept = { kind: 'Kept' } | { kind: 'TooMany'; why: string };

/** What one target has shown lately of the metrics that signals need. */
export class TargetHistory {
  /** By metric name, then by labels. */
  readonly #series = new Map<string, Map<string, { labels: Readonly<Record<string, string>>; points: Point[] }>>();
  #lastScrape: number | undefined;

  /** Time of the last scrape that succeeded, in seconds since the epoch. */
  get lastScrape(): number | undefined {
    return this.#lastScrape;
  }

  /** Adds one scrape and forgets what is older than `keepFrom`. */
  add(samples: readonly NeededSample[], time: number, keepFrom: number): Kept {
    if (samples.length > MOST_SERIES) return { kind: 'TooMany', why: `it shows ${samples.length} series where at most ${MOST_SERIES} are read` };
    // The clock was set back: times of before cannot be compared with those that come.
    if (time < (this.#lastScrape ?? time)) this.#series.clear();
    for (const { name, labels, value, key } of samples) {
      const named = this.#series.get(name) ?? new Map();
      this.#series.set(name, named);
      const series = named.get(key) ?? { labels, points: [] };
      named.set(key, series);
      // Two lines of the same series or two scrapes at the same instant: the first stands, as a rate needs time between.
      if (series.points.at(-1)?.time !== time) series.points.push({ time, value });
    }
    this.#lastScrape = time;
    this.#forget(keepFrom);
    return { kind: 'Kept' };
  }

  /** All series of a metric whose labels match. */
  select(name: string, matches: (labels: Readonly<Record<string, string>>) => boolean = () => true): Series[] {
    return [...(this.#series.get(name)?.values() ?? [])].filter(({ labels }) => matches(labels));
  }

  /** Series that the last scrape still showed; others are gone, as after a stale marker. */
  current(name: string, matches?: (labels: Readonly<Record<string, string>>) => boolean): Series[] {
    return this.select(name, matches).filter((series) => series.points.at(-1)?.time === this.#lastScrape);
  }

  #forget(before: number): void {
    for (const named of this.#series.values()) {
      for (const [key, series] of named) {
        series.points = series.points.filter((point) => point.time >= before);
        if (series.points.length === 0) named.delete(key);
      }
    }
  }
}

/** The same for the same labels in whatever order. */
export const keyOf = (labels: Readonly<Record<string, string>>): string => JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));

const NEEDED = new Set([
  'traefik_service_requests_total', 'traefik_service_request_duration_seconds_bucket', 'traefik_service_request_duration_seconds_count',
  'traefik_entrypoint_requests_total',
  'kamal_proxy_http_requests_total', 'kamal_proxy_http_request_duration_seconds_bucket', 'kamal_proxy_http_request_duration_seconds_count',
  'kamal_proxy_http_in_flight_requests',
  'node_memory_MemAvailable_bytes', 'node_memory_MemTotal_bytes',
  'puma_busy_threads', 'puma_max_threads', 'ruby_puma_busy_threads', 'ruby_puma_max_threads',
  'activerecord_connection_pool_busy', 'activerecord_connection_pool_size',
  'ruby_active_record_connection_pool_busy', 'ruby_active_record_connection_pool_size',
  'solid_queue_ready', 'solid_queue_latency_seconds',
]);

/** Modes of a CPU that does no work for this host. */
const IDLE_MODES = new Set(['idle', 'iowait', 'steal']);

/** Undefined for what no signal needs. */
export const neededOf = (sample: ExposedSample): NeededSample | undefined => (isNeeded(sample) ? { ...sample, key: keyOf(sample.labels) } : undefined);

const isNeeded = ({ name, labels }: ExposedSample): boolean =>
  NEEDED.has(name) || (name === 'node_cpu_seconds_total' && IDLE_MODES.has(labels['mode'] ?? ''));
