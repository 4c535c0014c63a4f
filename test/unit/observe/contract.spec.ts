import type { IncomingMessage, ServerResponse } from 'node:http';
import { DirectScrapeSource, PrometheusSource } from '../../../controller/observe/index.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import { CONTRACT_HOSTS, type MemoryUse, memoryPage, metricsSourceContract } from '../../support/metrics-source-contract.ts';
import { startAnswering } from '../../support/real/answering.ts';
import { until } from '../../support/real/until.ts';
import { failure, FakePrometheus, vector } from './fake-prometheus.ts';
import { hostNamed, NOW, NOW_SECONDS } from './world.ts';

metricsSourceContract('Prometheus', async () => {
  const clock = createSimulatedClock(NOW);
  const prometheus = new FakePrometheus();
  await prometheus.start();
  let use: MemoryUse = {};
  prometheus.answer = (query) => {
    if (query === 'sum(') return failure(400, 'bad_data', 'parse error: unclosed left parenthesis');
    return vector(Object.entries(use).flatMap(([host, percent]) => (['value', 'time'] as const).map((part): [Record<string, string>, number] =>
      [{ part: `host:${part}`, namespace: 'shop', pool: 'web', host }, part === 'value' ? percent : NOW_SECONDS - 3])));
  };
  const source = new PrometheusSource({ baseURL: prometheus.baseURL, credential: { kind: 'None' }, timeoutSeconds: 5, scrapeIntervalSeconds: 15 }, clock);
  return {
    source, now: () => clock.now(), hosts: CONTRACT_HOSTS.map((name) => hostNamed(name)),
    report: async (next) => { use = next; },
    silence: () => prometheus.stop(),
    close: async () => source.close(),
  };
});

metricsSourceContract('direct scrape', async () => {
  const clock = createSimulatedClock(NOW);
  let use: MemoryUse = {};
  let silent = false;
  const answer = (name: (typeof CONTRACT_HOSTS)[number]) => (_request: IncomingMessage, response: ServerResponse): void => {
    const percent = use[name];
    if (silent || percent === undefined) response.writeHead(500).end();
    else response.end(memoryPage(percent));
  };
  const pages = await Promise.all(CONTRACT_HOSTS.map(async (name) => startAnswering(answer(name))));
  const hosts = CONTRACT_HOSTS.map((name, index) => hostNamed(name, { nodeMetrics: pages[index]!.port }));
  const source = new DirectScrapeSource({ intervalSeconds: 15, timeoutSeconds: 5 }, clock);
  let rounds = 0;
  source.onScrape(() => { rounds += 1; });
  /** A round of scrapes that began after now. */
  const round = async (): Promise<void> => {
    const before = rounds;
    await source.read([{ metric: 'memory', source: { kind: 'Signal', signal: 'memory' }, target: 60, pool: { namespace: 'shop', name: 'web' }, spec: { kamal: { service: 'app', role: 'web' } }, hosts }]);
    if (before === 0) source.start();
    else {
      await until('the loop to sleep', () => clock.nextWake() !== undefined, { everyMs: 1 });
      await clock.advance(clock.nextWake()! - clock.now());
    }
    await until('a round of scrapes', () => rounds > before, { everyMs: 5 });
  };
  return {
    source, now: () => clock.now(), hosts,
    async report(next) {
      use = next;
      await round();
    },
    async silence() {
      silent = true;
      await round();
    },
    async close() {
      await source.stop();
      await Promise.all(pages.map((page) => page.stop()));
    },
  };
});
