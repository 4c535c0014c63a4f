/** A real Prometheus over a scrape configuration, with its samples in a private folder. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { locate } from '../../../hack/real-parts/locate.ts';
import { freePort } from './free-port.ts';
import { privateFolder, RealProcess } from './real-process.ts';

export interface PrometheusConfiguration {
  /** Prometheus duration; its usual value is `15s`. */
  scrapeInterval: string;
  /** Entries of `scrape_configs` in Prometheus' own terms: `static_configs`, `http_sd_configs`, `relabel_configs`. */
  scrapeConfigs: readonly Readonly<Record<string, unknown>>[];
}

export interface InstantSample {
  labels: Readonly<Record<string, string>>;
  value: number;
  /** Unix seconds. */
  at: number;
}

export interface Prometheus extends AsyncDisposable {
  url: string;
  /** An instant query that yields a vector. Throws with Prometheus' own words when it refuses. */
  query(promql: string): Promise<InstantSample[]>;
  /** Replaces the configuration without a restart. */
  reload(configuration: PrometheusConfiguration): Promise<void>;
  process: RealProcess;
  stop(): Promise<void>;
}

export async function startPrometheus(configuration: PrometheusConfiguration): Promise<Prometheus> {
  const folder = await privateFolder('prometheus');
  const file = join(folder, 'prometheus.yml');
  const url = `http://127.0.0.1:${await freePort()}`;
  await write(file, configuration);
  const process = await RealProcess.start(
    {
      name: 'prometheus',
      command: await locate('prometheus'),
      args: [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${new URL(url).host}`,
        '--web.enable-lifecycle',
        '--log.level=warn',
      ],
      ready: async () => (await fetch(`${url}/-/ready`)).ok,
    },
    folder,
  );

  const query = async (promql: string): Promise<InstantSample[]> => {
    const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query: promql }) });
    const answer = (await response.json()) as QueryAnswer;
    if (answer.status === 'error') throw new Error(`Prometheus refuses ${promql}: ${answer.errorType}: ${answer.error}`);
    return answer.data.result.map((series) => ({ labels: series.metric, at: series.value[0], value: Number(series.value[1]) }));
  };
  const reload = async (next: PrometheusConfiguration): Promise<void> => {
    await write(file, next);
    const response = await fetch(`${url}/-/reload`, { method: 'POST' });
    if (!response.ok) throw new Error(`Prometheus refuses the configuration: ${await response.text()}`);
  };
  const stop = (): Promise<void> => process.stop();
  return { url, query, reload, process, stop, [Symbol.asyncDispose]: stop };
}

type QueryAnswer =
  | { status: 'success'; data: { result: { metric: Record<string, string>; value: [number, string] }[] } }
  | { status: 'error'; errorType: string; error: string };

async function write(file: string, configuration: PrometheusConfiguration): Promise<void> {
  await writeFile(
    file,
    stringify({
      global: { scrape_interval: configuration.scrapeInterval, scrape_timeout: configuration.scrapeInterval },
      scrape_configs: configuration.scrapeConfigs,
    }),
  );
}
