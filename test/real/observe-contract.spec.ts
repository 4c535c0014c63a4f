import type { IncomingMessage, ServerResponse } from 'node:http';
import { PrometheusSource } from '../../controller/observe/index.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { CONTRACT_HOSTS, type MemoryUse, memoryPage, metricsSourceContract } from '../support/metrics-source-contract.ts';
import { startAnswering } from '../support/real/answering.ts';
import { realSuite } from '../support/real/gate.ts';
import { startPrometheus } from '../support/real/prometheus.ts';
import { until } from '../support/real/until.ts';
import { hostNamed } from '../unit/observe/world.ts';

const TIMEOUT_MS = 30_000;

realSuite('metrics of a real Prometheus', ['prometheus'], () => {
  metricsSourceContract('real Prometheus', async () => {
    let use: MemoryUse = {};
    const answer = (name: (typeof CONTRACT_HOSTS)[number]) => (_request: IncomingMessage, response: ServerResponse): void => {
      const percent = use[name];
      if (percent === undefined) response.writeHead(500).end();
      else response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(memoryPage(percent));
    };
    const pages = await Promise.all(CONTRACT_HOSTS.map(async (name) => startAnswering(answer(name))));
    const prometheus = await startPrometheus({
      scrapeInterval: '1s',
      scrapeConfigs: [{ job_name: 'hosts', static_configs: CONTRACT_HOSTS.map((host, index) => ({ targets: [`127.0.0.1:${pages[index]!.port}`], labels: { namespace: 'shop', pool: 'web', host } })) }],
    });
    const source = new PrometheusSource({ baseURL: prometheus.url, credential: { kind: 'None' }, timeoutSeconds: 5, scrapeIntervalSeconds: 1 }, systemClock);
    return {
      source, now: () => systemClock.now(), hosts: CONTRACT_HOSTS.map((name) => hostNamed(name)),
      async report(next) {
        use = next;
        await until('Prometheus has what the hosts say, and nothing of those that say nothing', async () => {
          const samples = await prometheus.query('100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)');
          const seen = Object.fromEntries(samples.map(({ labels, value }) => [labels['host'] ?? '', Math.round(value)]));
          if (Object.keys(seen).length !== Object.keys(next).length || !CONTRACT_HOSTS.every((host) => Object.is(seen[host], next[host]))) throw new Error(JSON.stringify(seen));
          return true;
        }, { deadlineMs: TIMEOUT_MS });
      },
      silence: () => prometheus.stop(),
      async close() {
        source.close();
        await prometheus.stop();
        await Promise.all(pages.map((page) => page.stop()));
      },
    };
  }, { timeoutMs: TIMEOUT_MS });
});
