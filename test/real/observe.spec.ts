/** Every ready-made query in Prometheus's own hands: promtool evaluates the templates, and a real Prometheus is read through them. */
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import type { Observation, SignalName } from '../../controller/model/index.ts';
import { SIGNALS } from '../../controller/model/index.ts';
import { DirectScrapeSource, discoveryDocument, PrometheusSource } from '../../controller/observe/index.ts';
import { histogramQuantile } from '../../controller/observe/buckets.ts';
import { newestSampleQuery } from '../../controller/observe/promql-selectors.ts';
import type { SeriesNames } from '../../controller/observe/rows.ts';
import { increase, latestRate } from '../../controller/observe/scrape/series.ts';
import { signalQuery } from '../../controller/observe/signals-promql.ts';
import { locate } from '../../hack/real-parts/locate.ts';
import { startAnswering } from '../support/real/answering.ts';
import { realSuite } from '../support/real/gate.ts';
import { startPrometheus } from '../support/real/prometheus.ts';
import { until } from '../support/real/until.ts';
import { wallClock } from '../unit/demo/wall-clock.ts';
import { hostNamed, ownQuery, signalQueryFor } from '../unit/observe/world.ts';

const run = promisify(execFile);

interface ExprTest {
  expr: string;
  eval_time: string;
  exp_samples: { labels: string; value: number }[];
}

/** Numbers are compared to six digits: a sum of rates is rarely an exact fraction. */
const rounded = (expr: string): string => `round((${expr}) * 1e6) / 1e6`;
const sixDigits = (value: number): number => Math.round(value * 1e6) / 1e6;
const labelText = (labels: Record<string, string>): string => `{${Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`;

/** Throws with promtool's own words when a value differs. */
async function promtool(inputSeries: Record<string, string>, tests: ExprTest[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'promtool-'));
  try {
    const file = join(folder, 'signals.test.yml');
    const series = Object.entries(inputSeries).map(([name, values]) => ({ series: name, values }));
    await writeFile(file, stringify({ rule_files: [], evaluation_interval: '15s', tests: [{ interval: '15s', input_series: series, promql_expr_test: tests }] }));
    await run(await locate('promtool'), ['test', 'rules', file]).catch((error: { stdout?: string; stderr?: string }) => {
      throw new Error(`promtool: ${error.stdout ?? ''}${error.stderr ?? ''}`);
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const POOLS: SeriesNames[] = [
  { namespace: 'shop', pool: 'web', proxyService: 'app-web', traefikService: 'web@http', entryPoint: 'websecure' },
  { namespace: 'shop', pool: 'api', proxyService: 'app-api', traefikService: 'api@http', entryPoint: 'internal' },
];
const WEB1 = 'namespace="shop",pool="web",host="web-1",instance="a"';
const WEB2 = 'namespace="shop",pool="web",host="web-2",instance="b"';
const LES = { '0.1': 120, '0.3': 140, '1.2': 148, '5': 148, '+Inf': 150 };

const WORLD: Record<string, string> = {
  'traefik_service_requests_total{service="web@http",code="200",instance="t1"}': '0+150x40',
  'traefik_service_requests_total{service="web@http",code="404",instance="t2"}': '0+75x40',
  'traefik_service_requests_total{service="web@http",code="101",instance="t1"}': '0+1500x40',
  'traefik_service_requests_total{service="api@http",code="200",instance="t1"}': '0+300x40',
  'traefik_service_requests_total{service="other@http",code="200",instance="t1"}': '0+300x40',
  'traefik_service_server_up{service="web@http",url="http://10.0.0.1",instance="t1"}': '1x40',
  'traefik_service_server_up{service="web@http",url="http://10.0.0.2",instance="t1"}': '0x40',
  'traefik_service_server_up{service="web@http",url="http://10.0.0.1",instance="t2"}': '1x40',
  [`kamal_proxy_http_requests_total{${WEB1},service="app-web",method="GET",status="200"}`]: '0+75x40',
  [`kamal_proxy_http_requests_total{${WEB1},service="app-web",method="GET",status="502"}`]: '0+15x40',
  [`kamal_proxy_http_requests_total{${WEB1},service="app-web",method="GET",status="101"}`]: '0+750x40',
  [`kamal_proxy_http_requests_total{${WEB1},service="other-web",method="GET",status="200"}`]: '0+750x40',
  [`kamal_proxy_http_in_flight_requests{${WEB1},service="app-web"}`]: '3x40',
  'traefik_entrypoint_requests_total{entrypoint="websecure",code="200"}': '0+150x40',
  'traefik_entrypoint_requests_total{entrypoint="websecure",code="503"}': '0+50x40',
  'traefik_entrypoint_requests_total{entrypoint="internal",code="200"}': '0+150x40',
  ...Object.fromEntries(Object.entries(LES).flatMap(([le, step]) => [
    [`traefik_service_request_duration_seconds_bucket{service="web@http",protocol="http",le="${le}"}`, `0+${step}x40`],
    [`traefik_service_request_duration_seconds_bucket{service="web@http",protocol="websocket",le="${le}"}`, `0+1x40`],
  ])),
  'traefik_service_request_duration_seconds_count{service="web@http",protocol="http"}': '0+150x40',
  ...Object.fromEntries(['0', '1'].flatMap((cpu) => [['idle', 2], ['iowait', 1], ['user', 12]].map(([mode, step]) => [`node_cpu_seconds_total{${WEB1},cpu="${cpu}",mode="${mode}"}`, `0+${step}x40`]))),
  [`node_memory_MemAvailable_bytes{${WEB1}}`]: '25x40',
  [`node_memory_MemTotal_bytes{${WEB1}}`]: '100x40',
  [`puma_busy_threads{${WEB1},index="0"}`]: '4x40',
  [`puma_max_threads{${WEB1},index="0"}`]: '5x40',
  [`ruby_puma_busy_threads{${WEB2}}`]: '1x40',
  [`ruby_puma_max_threads{${WEB2}}`]: '5x40',
  [`activerecord_connection_pool_busy{${WEB1},config="primary"}`]: '4x40',
  [`activerecord_connection_pool_size{${WEB1},config="primary"}`]: '5x40',
  [`activerecord_connection_pool_busy{${WEB1},config="cache"}`]: '0x40',
  [`activerecord_connection_pool_size{${WEB1},config="cache"}`]: '0x40',
  [`ruby_active_record_connection_pool_busy{${WEB2},pid="1"}`]: '1x40',
  [`ruby_active_record_connection_pool_busy{${WEB2},pid="2"}`]: '2x40',
  [`ruby_active_record_connection_pool_size{${WEB2},pid="1"}`]: '5x40',
  [`ruby_active_record_connection_pool_size{${WEB2},pid="2"}`]: '5x40',
  [`solid_queue_ready{${WEB1},queue="mail",pid="1"}`]: '30x40',
  [`solid_queue_ready{${WEB2},queue="mail",pid="9"}`]: '40x40',
  [`solid_queue_ready{${WEB2},queue="default",pid="9"}`]: '2x40',
  'solid_queue_latency_seconds{queue="mail",instance="db"}': '7x40',
  'solid_queue_latency_seconds{queue="default",instance="db"}': '9x40',
  'pg_stat_activity_count{instance="pg",datname="app",state="active"}': '40x40',
  'pg_stat_activity_count{instance="pg",datname="app",state="idle"}': '8x40',
  'pg_settings_max_connections{instance="pg"}': '99x40',
  'pg_settings_superuser_reserved_connections{instance="pg"}': '3x40',
  'pg_replication_lag_seconds{instance="pg"}': '100x40',
  'pg_replication_lag_seconds{instance="pgr"}': '4x40',
  'pg_replication_is_replica{instance="pg"}': '0x40',
  'pg_replication_is_replica{instance="pgr"}': '1x40',
  'pgbouncer_pools_server_active_connections{instance="pgb",database="app",user="rails"}': '15x40',
  'pgbouncer_pools_server_active_connections{instance="pgb",database="pgbouncer",user="pgbouncer"}': '0x40',
  'pgbouncer_databases_pool_size{instance="pgb",name="app",database="app_production",pool_mode="transaction"}': '20x40',
  'pgbouncer_pools_client_maxwait_seconds{instance="pgb",database="app"}': '0.5x40',
  'redis_memory_used_bytes{instance="r"}': '50x40',
  'redis_memory_max_bytes{instance="r"}': '200x40',
  'redis_memory_used_bytes{instance="unlimited"}': '50x40',
  'redis_memory_max_bytes{instance="unlimited"}': '0x40',
};

type Expected = [part: string, labels: Record<string, string>, value: number];
const web = { namespace: 'shop', pool: 'web' };
const proxy = { ...web, service: 'app-web' };
const host = (name: string): Record<string, string> => ({ ...web, host: name });
const shared = (value: number): Expected[] => [['shared:value', {}, value], ['shared:time', {}, 300]];

/** What each template answers for both pools at 5 min with a window of 60 s. */
const ANSWERS: Record<SignalName, Expected[]> = {
  rps: [
    ['traefik:value', { service: 'web@http' }, 15], ['traefik:value', { service: 'api@http' }, 20],
    ['traefik:latest', { service: 'web@http' }, 15], ['traefik:latest', { service: 'api@http' }, 20],
    ['traefik:time', { service: 'web@http' }, 300], ['traefik:time', { service: 'api@http' }, 300],
    ['traefik:instances', { service: 'web@http' }, 2],
    ['proxy:value', { ...proxy, host: 'web-1' }, 6], ['proxy:latest', { ...proxy, host: 'web-1' }, 6], ['proxy:time', { ...proxy, host: 'web-1' }, 300],
    ['proxy:inFlight', { ...proxy, host: 'web-1' }, 3],
  ],
  p95: [
    ['traefik:value', { service: 'web@http' }, 0.58125], ['traefik:count', { service: 'web@http' }, 600], ['traefik:time', { service: 'web@http' }, 300],
    ...Object.keys(LES).map((le): Expected => ['traefik:bound', { service: 'web@http', le }, 1]),
  ],
  errorRate: [
    ['traefik:value', { entrypoint: 'websecure' }, 25], ['traefik:value', { entrypoint: 'internal' }, 0],
    ['traefik:count', { entrypoint: 'websecure' }, 800], ['traefik:count', { entrypoint: 'internal' }, 600],
    ['traefik:time', { entrypoint: 'websecure' }, 300], ['traefik:time', { entrypoint: 'internal' }, 300],
    ['proxy:value', proxy, sixDigits(100 / 6)], ['proxy:count', proxy, 360], ['proxy:time', proxy, 300],
  ],
  cpu: [['host:value', host('web-1'), 80], ['host:time', host('web-1'), 300]],
  memory: [['host:value', host('web-1'), 75], ['host:time', host('web-1'), 300]],
  pumaBusy: [['host:value', host('web-1'), 80], ['host:value', host('web-2'), 20], ['host:time', host('web-1'), 300], ['host:time', host('web-2'), 300]],
  dbPool: [['host:value', host('web-1'), 80], ['host:value', host('web-2'), 30], ['host:time', host('web-1'), 300], ['host:time', host('web-2'), 300]],
  queueDepth: [['pool:value', web, 42], ['pool:time', web, 300]],
  queueLatency: shared(9),
  dbConnections: shared(50),
  replicationLag: shared(4),
  pgbouncerPool: shared(75),
  pgbouncerWait: shared(0.5),
  redisMemory: shared(25),
};

const expectedSamples = (rows: Expected[]): ExprTest['exp_samples'] => rows.map(([part, labels, value]) => ({ labels: labelText({ ...labels, part }), value }));

realSuite('ready-made queries in promtool', ['promtool'], () => {
  for (const signal of Object.keys(SIGNALS) as SignalName[]) {
    it(`${signal} gives the expected rows, and nothing in an empty Prometheus`, async () => {
      const expr = rounded(signalQuery(signal, POOLS, 60));
      await promtool(WORLD, [{ expr, eval_time: '5m', exp_samples: expectedSamples(ANSWERS[signal]) }]);
      await promtool({ unrelated: '1x40' }, [{ expr, eval_time: '5m', exp_samples: [] }]);
    });
  }

  it('names with quotes, backslashes, dots and bars match themselves alone', async () => {
    const name = String.raw`a."b\c|d`;
    const label = JSON.stringify(name);
    const pools: SeriesNames[] = [{ ...POOLS[0]!, pool: name }, { ...POOLS[1]!, pool: 'x' }];
    const series = (pool: string): string => `node_memory_MemAvailable_bytes{namespace="shop",pool=${pool},host="h"}`;
    await promtool({ [series(label)]: '25x40', [series('"aXb"')]: '1x40', [series('"d"')]: '1x40', [`node_memory_MemTotal_bytes{namespace="shop",pool=${label},host="h"}`]: '100x40' }, [
      { expr: signalQuery('memory', pools, 60), eval_time: '5m', exp_samples: expectedSamples([['host:value', { namespace: 'shop', pool: name, host: 'h' }, 75], ['host:time', { namespace: 'shop', pool: name, host: 'h' }, 300]]) },
    ]);
  });

  it('the newest sample of several selectors is found', async () => {
    await promtool({ 'a{x="1"}': '1x10', 'b{x="1"}': '1x12 _x9' }, [{ expr: newestSampleQuery(['a', 'b{x="1"}']), eval_time: '5m', exp_samples: [{ labels: '{}', value: 180 }] }]);
  });

  it('direct scrape computes increase, irate and quantiles as promtool does', async () => {
    const counters: Record<string, number[]> = {
      steady: [0, 150, 300, 450, 600], still: [5, 5, 5, 5, 5], reset: [0, 100, 200, 50, 150], low: [1, 101, 150, 160, 400], jump: [1000, 1000, 1000, 9000, 9001],
    };
    const buckets = new Map([[0.1, 3], [0.3, 9], [1.2, 9], [Infinity, 10]]);
    const points = (values: number[]) => values.map((value, index) => ({ time: 15 * index, value }));
    // At 61 s the window holds the same four samples whether or not its start belongs to it.
    await promtool(
      { ...Object.fromEntries(Object.entries(counters).map(([name, values]) => [name, values.join(' ')])), ...Object.fromEntries([...buckets].map(([le, count]) => [`h_bucket{le="${le === Infinity ? '+Inf' : le}"}`, `${count}x10`])) },
      [
        ...Object.entries(counters).flatMap(([name, values]): ExprTest[] => [
          { expr: rounded(`increase(${name}[60s])`), eval_time: '61s', exp_samples: [{ labels: '{}', value: sixDigits(increase(points(values), 1, 61)!) }] },
          { expr: rounded(`irate(${name}[60s])`), eval_time: '61s', exp_samples: [{ labels: '{}', value: sixDigits(latestRate(points(values), 1, 61)!) }] },
        ]),
        ...[0.1, 0.5, 0.9, 0.95].map((quantile): ExprTest => ({ expr: rounded(`histogram_quantile(${quantile}, h_bucket)`), eval_time: '60s', exp_samples: [{ labels: '{}', value: sixDigits(histogramQuantile(quantile, buckets)) }] })),
      ],
    );
  });
});

realSuite('a real Prometheus that finds hosts by our service discovery', ['prometheus'], function () {
  this.timeout(60_000);

  it('is read like the hosts themselves, its interval is learned, and wrong queries are refused in its words', async () => {
    const started = performance.now();
    // 20 requests a second, a CPU that is 25 % busy.
    const page = await startAnswering((_, response) => {
      const elapsed = (performance.now() - started) / 1000;
      response.end(`kamal_proxy_http_requests_total{service="app-web",method="GET",status="200"} ${Math.floor(elapsed * 20)}
kamal_proxy_http_in_flight_requests{service="app-web"} 2
node_cpu_seconds_total{cpu="0",mode="idle"} ${elapsed * 0.75}
node_cpu_seconds_total{cpu="0",mode="user"} ${elapsed * 0.25}
`);
    });
    const port = Number(new URL(page.url).port);
    const discovery = await startAnswering((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(discoveryDocument('node', [
        { namespace: 'shop', pool: 'web', role: 'web', host: 'web-1', origin: { kind: 'Fixed' }, endpoint: { address: '127.0.0.1', ports: { http: 80, nodeMetrics: port } } },
      ])));
    });
    const prometheus = await startPrometheus({ scrapeInterval: '1s', scrapeConfigs: [{ job_name: 'hosts', http_sd_configs: [{ url: discovery.url, refresh_interval: '1s' }] }] });
    const viaPrometheus = new PrometheusSource({ baseURL: prometheus.url, credential: { kind: 'None' }, timeoutSeconds: 5, scrapeIntervalSeconds: 1 }, wallClock);
    const learning = new PrometheusSource({ baseURL: prometheus.url, credential: { kind: 'None' }, timeoutSeconds: 5 }, wallClock);
    const direct = new DirectScrapeSource({ intervalSeconds: 1, timeoutSeconds: 1 }, wallClock);
    try {
      direct.start();
      const changes = { spec: { kamal: { service: 'app', role: 'web' } }, hosts: [hostNamed('web-1', { proxyMetrics: port, nodeMetrics: port })], windowSeconds: 15 };
      const queries = [signalQueryFor('rps', changes), signalQueryFor('cpu', changes)];
      const near = (observation: Observation | undefined, value: number): boolean => observation?.kind === 'Value' && Math.abs(observation.value - value) < value * 0.05;
      const both = await until('20 requests a second and 25 % CPU from both', async () => {
        const seen = await Promise.all([viaPrometheus, direct].map((source) => source.read(queries)));
        if (seen.every(([rps, cpu]) => near(rps, 20) && near(cpu, 25))) return seen;
        throw new Error(JSON.stringify(seen));
      }, { deadlineMs: 40_000 });
      for (const [rps] of both) {
        expect(rps).to.include({ inFlight: 2 });
        expect(wallClock.now() - rps!.asOf).to.be.within(-1000, 5000);
      }
      const [own, ambiguous, wrong] = await learning.read([ownQuery('sum(up)', changes), ownQuery('node_cpu_seconds_total', changes), ownQuery('sum(', changes)]);
      expect(learning.scrapeIntervalSeconds).to.equal(1);
      expect(own).to.include({ kind: 'Value', value: 1 });
      expect(wallClock.now() - own!.asOf).to.be.below(5000);
      expect(ambiguous).to.have.nested.property('absence.kind', 'Ambiguous');
      expect(wrong).to.have.nested.property('absence.kind', 'Refused');
      expect(wrong).to.have.nested.property('absence.message').that.matches(/parse error/);
    } finally {
      await direct.stop();
      viaPrometheus.close();
      learning.close();
      await prometheus.stop();
      await discovery.stop();
      await page.stop();
    }
  });
});
