/** What stands before real hosts and beside them: Traefik, whose routes are people's own, and Prometheus. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Prometheus, startPrometheus } from '../real/prometheus.ts';
import { type Traefik, startTraefik } from '../real/traefik.ts';
import { frontOf } from './documents.ts';

export const SCRAPE_SECONDS = 1;

/** Hostname by pool. */
export type Routes = Readonly<Record<string, string>>;

/** A host that lost its network answers nobody: without these a request to it waits for half a minute, or for ever. */
const LOST = { dialTimeout: '500ms', responseHeaderTimeout: '9s' };

/** A Traefik that polls this controller each second and tries again where a member refuses; `folder`, which is empty, takes its routes. */
export async function startFront(controllerURL: string, folder: string, routes: Routes): Promise<Traefik> {
  await writeFile(join(folder, 'routes.yml'), stringify({
    http: {
      routers: Object.fromEntries(Object.entries(routes).map(([pool, hostname]) => [pool, { rule: `Host(\`${hostname}\`)`, service: `${frontOf(pool)}@http`, middlewares: ['try-again'] }])),
      middlewares: { 'try-again': { retry: { attempts: 10, initialInterval: '20ms' } } },
    },
  }));
  return await startTraefik({
    http: { endpoint: `${controllerURL}/traefik/config`, pollInterval: '1s' },
    fileFolder: folder,
    providersThrottleDuration: '200ms',
    buckets: [0.01, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10],
    forwardingTimeouts: LOST,
  });
}

/** A Prometheus that finds the hosts through the controller, as `docs/metrics.md` says, only more often. */
export async function startMetrics(controllerURL: string, traefik: Traefik): Promise<Prometheus> {
  const { host, pathname } = new URL(traefik.metricsUrl);
  return await startPrometheus({
    scrapeInterval: `${SCRAPE_SECONDS}s`,
    scrapeConfigs: [
      { job_name: 'traefik', metrics_path: pathname, static_configs: [{ targets: [host] }] },
      { job_name: 'kamal-proxy', http_sd_configs: [{ url: `${controllerURL}/sd/kamal-proxy`, refresh_interval: '1s' }] },
    ],
  });
}
