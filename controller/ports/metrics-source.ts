import type { HostPoolSpec, ObjectKey } from '../api/index.ts';
import type { Endpoint, LoadHistory, Observation, SignalName } from '../model/index.ts';

/** A host whose metrics count: fixed, or in service. */
export interface MetricHost {
  /** Name of the fixed host or KamalHost; the `host` label of its series. */
  name: string;
  endpoint: Endpoint;
  /** In service for less than a minute: left out of averages, its requests still count in totals. */
  warming: boolean;
}

/** One metric that a policy asks for. */
export interface MetricQuery {
  /** The policy's name for the metric. */
  metric: string;
  /** A ready-made signal, or a PromQL query of the policy's own. */
  source: { kind: 'Signal'; signal: SignalName } | { kind: 'PromQL'; query: string };
  windowSeconds?: number;
  /** For warnings about a value that cannot show it, such as histogram buckets. */
  target: number;
  pool: ObjectKey;
  spec: Pick<HostPoolSpec, 'kamal' | 'loadBalancer'>;
  hosts: readonly MetricHost[];
}

/** Where metrics come from. */
export interface MetricsSource {
  /**
   * One observation a query, in the same order. Identical queries are asked once, ready-made ones of many pools in one
   * request. Never throws: what cannot be read is an Absence.
   */
  read(queries: readonly MetricQuery[]): Promise<Observation[]>;
  /**
   * The last week of one metric, for its season; undefined where the source keeps no past of it or does not answer. Absent
   * in sources that keep none at all. Never throws.
   */
  readPast?(query: MetricQuery): Promise<LoadHistory | undefined>;
  /** Seconds between two samples, as configured or learned. */
  readonly scrapeIntervalSeconds: number;
}
