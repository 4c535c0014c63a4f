import { type Family, type Series, exposition } from './exposition.ts';

/** The buckets of kamal-proxy: Prometheus' defaults, in seconds. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE']);

/** What kamal-proxy counts, under its names. */
export interface ProxyMetrics {
  begin(service: string): void;
  end(service: string): void;
  /** Once a request is answered; `service` is empty for requests that no service was found for. */
  track(service: string, method: string, status: number, seconds: number): void;
  text(): string;
}

interface Tally {
  labels: Record<string, string>;
  count: number;
  sum: number;
  /** How many fell into each bucket and no lower one. */
  inBucket: number[];
}

export function createProxyMetrics(): ProxyMetrics {
  const tallies = new Map<string, Tally>();
  const inFlight = new Map<string, number>();
  const add = (service: string, by: number): void => void inFlight.set(service, (inFlight.get(service) ?? 0) + by);

  return {
    begin: (service) => add(service, 1),
    end: (service) => add(service, -1),
    track(service, rawMethod, status, seconds) {
      const method = knownMethods.has(rawMethod) ? rawMethod : 'OTHER';
      const key = `${service} ${method} ${status}`;
      const tally = tallies.get(key) ?? { labels: { method, service, status: String(status) }, count: 0, sum: 0, inBucket: buckets.map(() => 0) };
      tallies.set(key, tally);
      tally.count += 1;
      tally.sum += seconds;
      const bucket = buckets.findIndex((bound) => seconds <= bound);
      if (bucket >= 0) tally.inBucket[bucket] = (tally.inBucket[bucket] ?? 0) + 1;
    },
    text() {
      const all = [...tallies.values()];
      const families: Family[] = [
        {
          name: 'kamal_proxy_http_in_flight_requests', type: 'gauge', help: 'Number of in-flight HTTP requests, labeled by service.',
          series: [...inFlight].map(([service, value]) => ({ name: 'kamal_proxy_http_in_flight_requests', labels: { service }, value })),
        },
        {
          name: 'kamal_proxy_http_request_duration_seconds', type: 'histogram', help: 'Duration of HTTP requests, labeled by service, status code and method.',
          series: all.flatMap(histogram),
        },
        {
          name: 'kamal_proxy_http_requests_total', type: 'counter', help: 'HTTP requests processed, labeled by service, status code and method.',
          series: all.map(({ labels, count }) => ({ name: 'kamal_proxy_http_requests_total', labels, value: count })),
        },
      ];
      return exposition(families);
    },
  };
}

function histogram({ labels, count, sum, inBucket }: Tally): Series[] {
  const name = 'kamal_proxy_http_request_duration_seconds';
  let below = 0;
  const bounded = buckets.map((bound, index) => {
    below += inBucket[index] ?? 0;
    return { name: `${name}_bucket`, labels: { ...labels, le: String(bound) }, value: below };
  });
  return [
    ...bounded, { name: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
    { name: `${name}_sum`, labels, value: sum }, { name: `${name}_count`, labels, value: count },
  ];
}
