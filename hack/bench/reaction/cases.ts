/** What is measured: where the samples come from, which metric steps, and for how many hosts at once. */

/** Who reads the metrics, and how often. */
export type Source = { kind: 'Prometheus' | 'Scrape'; intervalSeconds: number };

/** What steps: a gauge (`queueDepth`), or requests through the load balancer whose rate is taken over a window (`rps`). */
export type MetricName = 'queueDepth' | 'rps';

/** One installation: all steps of one source and one metric happen in it. */
export interface Setup {
  source: Source;
  metric: MetricName;
}

export interface Case extends Setup {
  /** Hosts to add at once. */
  hosts: number;
}

export const HOSTS_AT_ONCE = [1, 10] as const;

const PROMETHEUS: Source = { kind: 'Prometheus', intervalSeconds: 15 };

/** Prometheus at its usual interval with a gauge and with a rate; direct scrape at its usual interval and at a short one. */
export const SETUPS: readonly Setup[] = [
  { source: PROMETHEUS, metric: 'queueDepth' },
  { source: PROMETHEUS, metric: 'rps' },
  { source: { kind: 'Scrape', intervalSeconds: 15 }, metric: 'queueDepth' },
  { source: { kind: 'Scrape', intervalSeconds: 5 }, metric: 'queueDepth' },
];

/** For a look within three minutes. */
export const SHORT_SETUPS: readonly Setup[] = [SETUPS[0]!, SETUPS[3]!];

export const setupText = ({ source, metric }: Setup): string =>
  `${source.kind === 'Prometheus' ? 'Prometheus' : 'direct scrape'}, ${source.intervalSeconds} s, ${metric === 'rps' ? 'rps over 60 s' : metric}`;
