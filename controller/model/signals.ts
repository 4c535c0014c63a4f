/** How a metric's value sizes a pool. */
export type MetricType = 'Ratio' | 'Threshold' | 'Guard';
/** `Sum`: a total over the pool, divided by the target. `Mean`: an average over hosts in service. */
export type Aggregation = 'Sum' | 'Mean';

/** Names of the ready-made queries; the CRD's enum lists the same. */
export type SignalName =
  | 'rps' | 'cpu' | 'p95' | 'memory' | 'errorRate' | 'dbPool' | 'pumaBusy' | 'queueDepth' | 'queueLatency'
  | 'dbConnections' | 'replicationLag' | 'pgbouncerPool' | 'pgbouncerWait' | 'redisMemory';

export interface Signal {
  unit: string;
  type: MetricType;
  aggregation: Aggregation;
  title: string;
}

/** What each ready-made query means; the queries themselves are in observe/. */
export const SIGNALS: Record<SignalName, Signal> = {
  rps: { title: 'requests per second', unit: 'requests/s', type: 'Ratio', aggregation: 'Sum' },
  cpu: { title: 'CPU', unit: '%', type: 'Ratio', aggregation: 'Mean' },
  memory: { title: 'memory', unit: '%', type: 'Ratio', aggregation: 'Mean' },
  pumaBusy: { title: 'busy Puma threads', unit: '%', type: 'Ratio', aggregation: 'Mean' },
  queueDepth: { title: 'jobs ready', unit: 'jobs', type: 'Ratio', aggregation: 'Sum' },
  p95: { title: 'P95 latency', unit: 's', type: 'Threshold', aggregation: 'Mean' },
  errorRate: { title: 'error rate', unit: '%', type: 'Threshold', aggregation: 'Mean' },
  dbPool: { title: 'database pool of a host', unit: '%', type: 'Threshold', aggregation: 'Mean' },
  queueLatency: { title: 'queue latency', unit: 's', type: 'Threshold', aggregation: 'Mean' },
  dbConnections: { title: 'database connections', unit: '%', type: 'Guard', aggregation: 'Mean' },
  replicationLag: { title: 'replication lag', unit: 's', type: 'Guard', aggregation: 'Mean' },
  pgbouncerPool: { title: 'PgBouncer pool', unit: '%', type: 'Guard', aggregation: 'Mean' },
  pgbouncerWait: { title: 'PgBouncer wait', unit: 's', type: 'Guard', aggregation: 'Mean' },
  redisMemory: { title: 'Redis memory', unit: '%', type: 'Guard', aggregation: 'Mean' },
};
