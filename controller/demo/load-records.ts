/** A named part of the load; it lasts until the next one begins. */
export interface LoadPhase {
  name: string;
  fromSeconds: number;
}

export interface Latencies {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/** Requests of one kind that were due in one phase. */
export interface LoadSummary {
  phase: string;
  kind: string;
  requests: number;
  /** No answer, or one whose status is not 2xx. */
  failed: number;
  /** How many had which status, or which reason for no answer. */
  outcomes: Record<string, number>;
  /** Milliseconds from the time at which a request was due to the end of its answer; undefined when none was answered. */
  latencies: Latencies | undefined;
}

interface LoadRecord {
  dueSeconds: number;
  latencyMilliseconds: number;
  kind: string;
  /** A status or, without an answer, the reason. */
  outcome: number | string;
}

/** Records are added when the answer is there, so they are in this order. */
const answeredSeconds = ({ dueSeconds, latencyMilliseconds }: LoadRecord): number => dueSeconds + latencyMilliseconds / 1_000;

export const hasFailed = (outcome: number | string): boolean => typeof outcome === 'string' || outcome < 200 || outcome > 299;

/** What became of each request. */
export class LoadRecords {
  readonly #records: LoadRecord[] = [];
  #failed = 0;

  add(record: LoadRecord): void {
    this.#records.push(record);
    if (hasFailed(record.outcome)) this.#failed += 1;
  }

  get requests(): number {
    return this.#records.length;
  }

  get failed(): number {
    return this.#failed;
  }

  /** P95 in milliseconds of what was answered from this second on; undefined without any. */
  p95Since(seconds: number): number | undefined {
    const first = this.#records.findLastIndex((record) => answeredSeconds(record) < seconds) + 1;
    return latenciesOf(this.#records.slice(first))?.p95;
  }

  /** Requests due in each whole second of the load, and how many of them failed. */
  perSecond(): { requests: number; failed: number }[] {
    const seconds: { requests: number; failed: number }[] = [];
    for (const { dueSeconds, outcome } of this.#records) {
      const second = Math.floor(dueSeconds);
      while (seconds.length <= second) seconds.push({ requests: 0, failed: 0 });
      const row = seconds[second]!;
      row.requests += 1;
      if (hasFailed(outcome)) row.failed += 1;
    }
    return seconds;
  }

  /** One row for each phase and kind that had requests, in order of the phases. */
  summaries(phases: readonly LoadPhase[]): LoadSummary[] {
    const groups = new Map<string, LoadRecord[]>();
    const phaseOf = (seconds: number): string => phases.findLast(({ fromSeconds }) => fromSeconds <= seconds)?.name ?? 'all';
    for (const record of this.#records) {
      const key = JSON.stringify([phaseOf(record.dueSeconds), record.kind]);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [record]);
      else group.push(record);
    }
    const order = ['all', ...phases.map(({ name }) => name)];
    return [...groups].map(([key, records]) => {
      const [phase, kind] = JSON.parse(key) as [string, string];
      return summary(phase, kind, records);
    }).toSorted((a, b) => order.indexOf(a.phase) - order.indexOf(b.phase));
  }
}

function summary(phase: string, kind: string, records: readonly LoadRecord[]): LoadSummary {
  const outcomes: Record<string, number> = {};
  for (const { outcome } of records) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  return {
    phase, kind, outcomes,
    requests: records.length,
    failed: records.filter(({ outcome }) => hasFailed(outcome)).length,
    latencies: latenciesOf(records),
  };
}

const latenciesOf = (records: readonly LoadRecord[]): Latencies | undefined =>
  latencies(records.flatMap(({ outcome, latencyMilliseconds }) => (typeof outcome === 'number' ? [latencyMilliseconds] : [])));

/** Exact percentiles by the nearest rank. */
export function latencies(values: readonly number[]): Latencies | undefined {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
  return { p50: rank(0.5), p95: rank(0.95), p99: rank(0.99), max: rank(1) };
}
