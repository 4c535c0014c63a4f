import { expect } from 'chai';
import type { Server } from 'node:http';
import type { Observation } from '../../../controller/model/index.ts';
import type { MetricQuery } from '../../../controller/ports/index.ts';
import { DirectScrapeSource } from '../../../controller/observe/index.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import type { SimulatedClock } from '../../support/clock.ts';
import { until } from '../../support/real/until.ts';
import { close, hostNamed, NOW, ownQuery, serve, signalQueryFor } from './world.ts';

/** Takes the request and never answers. */
const HANG = Symbol('hang');

/** A page of metrics that a test rewrites between scrapes. */
interface Page {
  /** Its text, or how it misbehaves. */
  text: string | typeof HANG | 500;
  port: number;
  server: Server;
  hits: number;
}

describe('DirectScrapeSource', () => {
  let clock: SimulatedClock;
  let source: DirectScrapeSource;
  let pages: Page[];
  let rounds: number;

  beforeEach(() => {
    clock = createSimulatedClock(NOW);
    source = new DirectScrapeSource({ intervalSeconds: 15, timeoutSeconds: 5 }, clock);
    rounds = 0;
    source.onScrape(() => { rounds += 1; });
    pages = [];
  });
  afterEach(async () => {
    await source.stop();
    await Promise.all(pages.map(({ server }) => close(server)));
  });

  const page = async (text: Page['text'] = ''): Promise<Page> => {
    const made = { text, hits: 0 } as Page;
    Object.assign(made, await serve((_, response) => {
      made.hits += 1;
      if (made.text === HANG) return;
      if (made.text === 500) return void response.writeHead(500).end();
      response.end(made.text);
    }));
    pages.push(made);
    return made;
  };
  const round = async (): Promise<void> => {
    const before = rounds;
    await until('a round of scrapes', () => rounds > before, { everyMs: 5 });
    // Until the loop sleeps again, time must not move on.
    await until('the loop to sleep', () => clock.nextWake() !== undefined, { everyMs: 1 });
  };
  /** Lets an interval pass and waits for the scrapes of the round that is then due. */
  const nextRound = async (): Promise<void> => {
    const done = round();
    await clock.advance(clock.nextWake()! - clock.now());
    await done;
  };
  const begin = async (...queries: MetricQuery[]): Promise<void> => {
    await source.read(queries);
    const done = round();
    source.start();
    await done;
  };
  const read = async (query: MetricQuery): Promise<Observation> => (await source.read([query]))[0]!;
  const valueOf = (observation: Observation): number | string => (observation.kind === 'Value' ? Number(observation.value.toFixed(6)) : `${observation.absence.kind}: ${observation.absence.message}`);

  const withTraefik = (metricsURLs: string[]): MetricQuery['spec'] => ({
    kamal: { service: 'app', role: 'web' },
    loadBalancer: { traefik: { service: 'web', apiURLs: ['http://127.0.0.1:1'], strategy: 'p2c', entryPoint: 'websecure', metricsURLs } },
  });
  const hostsOnly: MetricQuery['spec'] = { kamal: { service: 'app', role: 'web' } };
  const proxyText = (requests: number, inFlight: number): string => `
# TYPE kamal_proxy_http_requests_total counter
kamal_proxy_http_requests_total{method="GET",service="app-web",status="200"} ${requests}
kamal_proxy_http_requests_total{method="GET",service="app-web",status="101"} ${requests * 100}
kamal_proxy_http_requests_total{method="GET",service="other-web",status="200"} ${requests * 100}
# TYPE kamal_proxy_http_in_flight_requests gauge
kamal_proxy_http_in_flight_requests{service="app-web"} ${inFlight}
kamal_proxy_http_in_flight_requests{service="other-web"} 99
`;

  it('sums requests per second over the hosts, without WebSockets and other apps', async () => {
    const [one, two] = [await page(proxyText(1000, 3)), await page(proxyText(5000, 4))];
    const query = signalQueryFor('rps', { spec: hostsOnly, hosts: [hostNamed('web-1', { proxyMetrics: one.port }), hostNamed('web-2', { proxyMetrics: two.port })] });
    await begin(query);
    expect(valueOf(await read(query))).to.match(/^Empty: no value yet.*two samples/);
    for (const count of [1, 2, 3, 4]) {
      one.text = proxyText(1000 + 150 * count, 3);
      two.text = proxyText(5000 + 300 * count, 4);
      await nextRound();
    }
    expect(await read(query)).to.deep.equal({ metric: 'rps', kind: 'Value', value: 30, latest: 30, inFlight: 7, asOf: NOW + 60_000, windowSeconds: 60 });
    one.text = proxyText(1000 + 600 + 1500, 3);
    two.text = proxyText(0, 4);
    await nextRound();
    const after = await read(query);
    expect(after, 'a counter that starts anew is no negative rate').to.include({ latest: 100 });
  });

  it('reads requests at Traefik where its metrics are named, and at the hosts while one Traefik is silent', async () => {
    const traefikText = (requests: number): string => `
traefik_service_requests_total{code="200",method="GET",protocol="http",service="web@http"} ${requests}
traefik_service_requests_total{code="101",method="GET",protocol="websocket",service="web@http"} ${requests * 7}
traefik_service_requests_total{code="200",method="GET",protocol="http",service="api@http"} ${requests * 7}
`;
    const [left, right, proxy] = [await page(traefikText(0)), await page(traefikText(0)), await page(proxyText(0, 2))];
    const urls = [left, right].map(({ port }) => `http://user:hidden@127.0.0.1:${port}/metrics?key=hidden`);
    const query = signalQueryFor('rps', { spec: withTraefik(urls), hosts: [hostNamed('web-1', { proxyMetrics: proxy.port })] });
    await begin(query);
    for (const count of [1, 2, 3, 4]) {
      left.text = traefikText(150 * count);
      right.text = traefikText(300 * count);
      proxy.text = proxyText(465 * count, 2);
      await nextRound();
    }
    expect(await read(query)).to.deep.include({ kind: 'Value', value: 30, latest: 30, inFlight: 2 });
    expect(valueOf(await read(query)), 'both Traefiks together').to.equal(30);
    right.text = 500;
    left.text = traefikText(150 * 5);
    proxy.text = proxyText(465 * 5, 2);
    await nextRound();
    const fallback = await read(query);
    expect(valueOf(fallback)).to.equal(31);
    expect(fallback.warning).to.match(/read at kamal-proxy.*its target is down or gone/).and.not.contain('hidden');
  }).timeout(10_000);

  it('computes P95 from Traefik\'s buckets as Prometheus does, and needs fifty requests', async () => {
    const text = (count: number): string => ['0.1', '0.3', '1.2', '5', '+Inf'].map((le, index) =>
      `traefik_service_request_duration_seconds_bucket{code="200",method="GET",protocol="http",service="web@http",le="${le}"} ${[120, 140, 148, 148, 150][index]! * count}`).join('\n') +
      `\ntraefik_service_request_duration_seconds_count{code="200",method="GET",protocol="http",service="web@http"} ${150 * count}\n`;
    const traefik = await page(text(10));
    const query = signalQueryFor('p95', { target: 0.3, spec: withTraefik([`http://127.0.0.1:${traefik.port}/metrics`]), hosts: [] });
    await begin(query);
    for (const count of [11, 12, 13, 14]) {
      traefik.text = text(count);
      await nextRound();
    }
    expect(valueOf(await read(query))).to.equal(0.58125);
    for (let count = 0; count < 5; count += 1) await nextRound();
    expect(valueOf(await read(query))).to.match(/^TooFewSamples: .*0 requests in 60 s/);
  });

  it('reads CPU, memory, Puma, database pool and queue of the hosts', async () => {
    const node = (host: number, time: number): string => [0, 1].map((cpu) => `
node_cpu_seconds_total{cpu="${cpu}",mode="idle"} ${1000 + (cpu === 0 ? 3 : 6) * host * time}
node_cpu_seconds_total{cpu="${cpu}",mode="iowait"} ${10 + 1 * time}
node_cpu_seconds_total{cpu="${cpu}",mode="user"} ${50 * time}`).join('') + '\nnode_memory_MemAvailable_bytes 2.5e+09\nnode_memory_MemTotal_bytes 1e+10\n';
    const app = (busy: number, depth: number): string => `
puma_busy_threads{index="0"} ${busy}
puma_busy_threads{index="1"} ${busy}
puma_max_threads{index="0"} 5
puma_max_threads{index="1"} 5
activerecord_connection_pool_busy{config="primary"} ${busy}
activerecord_connection_pool_size{config="primary"} 5
activerecord_connection_pool_busy{config="cache"} 0
activerecord_connection_pool_size{config="cache"} 5
solid_queue_ready{queue="mail"} ${depth}
solid_queue_ready{queue="default"} 2
solid_queue_latency_seconds{queue="mail"} ${depth / 10}
`;
    const [node1, node2, app1, app2] = [await page(node(1, 0)), await page(node(2, 0)), await page(app(2, 30)), await page(app(4, 40))];
    const hosts = [hostNamed('web-1', { nodeMetrics: node1.port, appMetrics: app1.port }), hostNamed('web-2', { nodeMetrics: node2.port, appMetrics: app2.port })];
    const query = (signal: 'cpu' | 'memory' | 'pumaBusy' | 'dbPool' | 'queueDepth' | 'queueLatency'): MetricQuery => signalQueryFor(signal, { spec: hostsOnly, hosts });
    await begin(query('cpu'), query('dbPool'));
    for (const time of [1, 2, 3, 4]) {
      node1.text = node(1, time);
      node2.text = node(2, time);
      await nextRound();
    }
    // Idle a second: host 1 (3+1 and 6+1) / 15, host 2 (6+1 and 12+1) / 15.
    expect(valueOf(await read(query('cpu')))).to.equal(Number((100 * (1 - (5.5 / 15 + 10 / 15) / 2)).toFixed(6)));
    expect(valueOf(await read(query('memory')))).to.equal(75);
    expect(valueOf(await read(query('pumaBusy')))).to.equal(60);
    expect(valueOf(await read(query('dbPool')))).to.equal(60);
    expect(valueOf(await read(query('queueDepth'))), 'both hosts report the same queues').to.equal(42);
    expect(valueOf(await read(query('queueLatency')))).to.equal(4);
  });

  it('reads the other exporter\'s names too', async () => {
    const app = await page(`
ruby_puma_busy_threads{phase="0"} 3
ruby_puma_max_threads{phase="0"} 5
ruby_active_record_connection_pool_busy{pid="1"} 1
ruby_active_record_connection_pool_busy{pid="2"} 3
ruby_active_record_connection_pool_size{pid="1"} 5
ruby_active_record_connection_pool_size{pid="2"} 5
`);
    const hosts = [hostNamed('web-1', { appMetrics: app.port })];
    await begin(signalQueryFor('pumaBusy', { hosts }));
    expect(valueOf(await read(signalQueryFor('pumaBusy', { hosts })))).to.equal(60);
    expect(valueOf(await read(signalQueryFor('dbPool', { hosts })))).to.equal(40);
  });

  it('names what it cannot read', async () => {
    const bare = signalQueryFor('cpu', { spec: hostsOnly });
    expect(valueOf(await read(bare))).to.match(/^Unsupported: .*spec\.ports\.nodeMetrics/);
    expect(valueOf(await read(signalQueryFor('rps', { spec: withTraefik([]) })))).to.match(/^Unsupported: .*metricsURLs or spec\.ports\.proxyMetrics/);
    expect(valueOf(await read(signalQueryFor('redisMemory')))).to.match(/^Unsupported: .*set a Prometheus/);
    expect(valueOf(await read(ownQuery('up')))).to.match(/^Unsupported: .*PromQL/);
  });

  it('is Unreachable when no page can be read, with the reason', async () => {
    const broken = await page(500);
    const query = signalQueryFor('memory', { spec: hostsOnly, hosts: [hostNamed('web-1', { nodeMetrics: broken.port })] });
    expect(valueOf(await read(query))).to.match(/^Unreachable: .*not scraped yet/);
    await begin(query);
    expect(valueOf(await read(query))).to.match(/^Unreachable: .*cannot be read: it answered 500/);
    broken.text = 'node_memory_MemAvailable_bytes one\n';
    await nextRound();
    expect(valueOf(await read(query))).to.match(/not in the exposition format: line 1/);
    broken.text = HANG;
    const done = round();
    await clock.advance(clock.nextWake()! - clock.now());
    await until('the page to be asked', () => broken.hits === 3, { everyMs: 5 });
    await clock.advance(5000);
    await done;
    expect(valueOf(await read(query))).to.match(/no answer within 5 s/);
    broken.text = 'node_memory_MemAvailable_bytes 1\nnode_memory_MemTotal_bytes 4\n';
    await nextRound();
    expect(valueOf(await read(query))).to.equal(75);
    broken.text = 500;
    await nextRound();
    expect(valueOf(await read(query))).to.match(/^Unreachable: .*it answered 500/);
  });

  it('scrapes a new host at once, one page once for all who ask, and nothing after stop', async () => {
    const [one, two] = [await page(proxyText(1, 0)), await page(proxyText(1, 0))];
    const query = signalQueryFor('rps', { spec: hostsOnly, hosts: [hostNamed('web-1', { proxyMetrics: one.port })] });
    await begin(query, query, signalQueryFor('p95', query));
    expect(one.hits).to.equal(1);
    const done = round();
    void read({ ...query, hosts: [...query.hosts, hostNamed('web-2', { proxyMetrics: two.port })] });
    await done;
    expect([one.hits, two.hits]).to.deep.equal([1, 1]);
    await source.stop();
    await clock.advance(60_000);
    expect([one.hits, two.hits]).to.deep.equal([1, 1]);
    expect(clock.nextWake()).to.equal(undefined);
  });

  it('forgets a host that its pool names no more', async () => {
    const gone = await page(proxyText(1, 0));
    await begin(signalQueryFor('rps', { spec: hostsOnly, hosts: [hostNamed('web-1', { proxyMetrics: gone.port })] }));
    const kept = await page(proxyText(1, 0));
    const first = round();
    void read(signalQueryFor('rps', { spec: hostsOnly, hosts: [hostNamed('web-2', { proxyMetrics: kept.port })] }));
    await first;
    await nextRound();
    const hits = gone.hits;
    await nextRound();
    expect(gone.hits).to.equal(hits);
    expect(kept.hits).to.be.greaterThan(hits);
  }).timeout(10_000);

  it('refuses settings that cannot work', () => {
    expect(() => new DirectScrapeSource({ intervalSeconds: 0, timeoutSeconds: 1 }, clock)).to.throw(/intervalSeconds is 0/);
    expect(() => new DirectScrapeSource({ intervalSeconds: 5, timeoutSeconds: 6 }, clock)).to.throw(/timeoutSeconds is 6.*at most intervalSeconds \(5\)/);
  });
});
