/** What stands before the hosts and beside them: Traefik, whose routes are people's own, and Prometheus. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Prometheus, startPrometheus } from '../real/prometheus.ts';
import { type Traefik, startTraefik } from '../real/traefik.ts';

/** Name of the load balancer's service, as in the pool's `spec.loadBalancer.traefik.service`. */
export const SERVICE = 'front-web';
export const SCRAPE_SECONDS = 1;

/** A Traefik that polls this controller each second and tries again where a member refuses; `folder` takes its routes. */
export async function startFront(controllerURL: string, folder: string): Promise<Traefik> {
  // Ten tries and turns: of few tries, or with p2c, all may choose the member that is gone.
  const http = {
    routers: { web: { rule: 'PathPrefix(`/`)', service: `${SERVICE}@http`, middlewares: ['try-again'] } },
    middlewares: { 'try-again': { retry: { attempts: 10, initialInterval: '20ms' } } },
  };
  const partial = join(folder, 'routes.partial');
  await writeFile(partial, stringify({ http }));
  await rename(partial, join(folder, 'routes.yml'));
  return await startTraefik({
    http: { endpoint: `${controllerURL}/traefik/config`, pollInterval: '1s' },
    fileFolder: folder,
    providersThrottleDuration: '200ms',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5, 1, 2.5, 5, 10],
  });
}

/** A Prometheus that finds the hosts through the controller, as `docs/metrics.md` says, only more often. */
export async function startMetrics(controllerURL: string, traefik: Traefik): Promise<Prometheus> {
  const discovered = ['kamal-proxy', 'node', 'app'].map((target) => ({
    job_name: target,
    http_sd_configs: [{ url: `${controllerURL}/sd/${target}`, refresh_interval: '1s' }],
  }));
  const { host, pathname } = new URL(traefik.metricsUrl);
  return await startPrometheus({
    scrapeInterval: `${SCRAPE_SECONDS}s`,
    scrapeConfigs: [{ job_name: 'traefik', metrics_path: pathname, static_configs: [{ targets: [host] }] }, ...discovered],
  });
}
