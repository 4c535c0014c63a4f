/** One installation: the controller in standalone mode over local hosts, Traefik before them, and who reads the metrics. */
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { HostSettings } from '../../../controller/act/cloud/local/host/settings.ts';
import { startStandalone } from '../../../controller/compose/standalone.ts';
import { type Instant, proxyServiceOf } from '../../../controller/model/index.ts';
import type { DecisionLog, Store } from '../../../controller/ports/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import type { Log } from '../../../controller/runtime/log.ts';
import type { Settings } from '../../../controller/runtime/settings.ts';
import { startLocalWorld } from '../../../test/support/local-world.ts';
import { freePort } from '../../../test/support/real/free-port.ts';
import { startPrometheus } from '../../../test/support/real/prometheus.ts';
import { startTraefik } from '../../../test/support/real/traefik.ts';
import { until } from '../../../test/support/real/until.ts';
import type { Setup } from './cases.ts';
import { BALANCED_SERVICE, KAMAL, documentsFor } from './documents.ts';
import { createQueueGauge, startRequests } from './load.ts';
import { type ScrapeTap, startScrapeTap } from './scrape-tap.ts';

export interface World {
  setup: Setup;
  store: Store;
  decisionLog: DecisionLog;
  /** The page in which the step shows. */
  tap: ScrapeTap;
  /** Writes the documents under which a step adds so many hosts. */
  apply(hosts: number): Promise<void>;
  step(hosts: number): void;
  calm(): void;
  /** When the server's ports were bound. */
  bootedAt(providerID: string): Promise<Instant>;
  /** Ends everything that was started. Resolves to a word about the requests that were sent, where any were. */
  stop(): Promise<string | undefined>;
}

/** Requests take little time of the machine, which would be missing elsewhere, and little of the hosts' nominal capacity. */
const HOST: Partial<HostSettings> = { serviceMilliseconds: 5, cpuMilliseconds: 0.05, cores: 1 };
const CALM_WITHIN_MILLISECONDS = 120_000;

/** Starts it all, without documents: nothing is evaluated yet. */
export async function startWorld(setup: Setup, log: Log): Promise<World> {
  const ending = new AsyncDisposableStack();
  try {
    const folder = await mkdtemp(join(tmpdir(), 'reaction-'));
    ending.defer(() => rm(folder, { recursive: true, force: true }));
    const [configFolder, routesFolder] = [join(folder, 'config'), join(folder, 'routes')];
    await Promise.all([mkdir(configFolder), mkdir(routesFolder)]);
    const hosts = ending.use(await startLocalWorld({ fixedHosts: 1, serving: { service: proxyServiceOf(KAMAL), version: 'v1' }, settings: HOST }));
    const [fixedHost] = hosts.fixedHosts;
    if (fixedHost === undefined) throw new Error('the fixed host did not start');
    await writeRoutes(routesFolder);
    const port = await freePort();
    const controllerURL = `http://127.0.0.1:${port}`;
    const traefik = ending.use(await startTraefik({
      http: { endpoint: `${controllerURL}/traefik/config`, pollInterval: '1s' }, providersThrottleDuration: '500ms', fileFolder: routesFolder,
    }));
    const gauge = createQueueGauge();
    const tap = await startScrapeTap(setup.metric === 'rps' ? async () => (await fetch(traefik.metricsUrl)).text() : () => gauge.page());
    ending.defer(() => tap.stop());
    const metrics = await startMetrics(setup, controllerURL, tap, ending);
    const controller = await startStandalone({
      installation: 'reaction', mode: { kind: 'Standalone', configFolder }, stateFolder: join(folder, 'state'),
      listen: { address: '127.0.0.1', port }, metrics, ceilings: {}, budgets: {}, logLevel: 'warn',
    }, { clock: systemClock, log, local: { table: hosts.table } });
    ending.defer(() => controller.stop());
    const { store, decisionLog } = controller.controller.context;

    const place = { fixedHost: { ...fixedHost, ports: { ...fixedHost.ports, appMetrics: setup.metric === 'rps' ? fixedHost.ports.appMetrics! : tap.port } }, traefikAPI: traefik.apiUrl };
    const apply = (count: number): Promise<void> => writeWhole(configFolder, 'web.yaml', documentsFor(setup.metric, count, place));
    await apply(1);
    await until('the first member answers', async () => (await fetch(traefik.url)).ok, { deadlineMs: CALM_WITHIN_MILLISECONDS });
    const requests = setup.metric === 'rps' ? startRequests(traefik.url) : undefined;
    const load = requests ?? gauge;
    return {
      setup, store, decisionLog, tap, apply,
      step: (count) => load.step(count),
      calm: () => load.calm(),
      // Written once and renamed: its time is that of the last byte.
      bootedAt: async (providerID) => Math.round((await stat(join(hosts.folder, `${providerID}.ports.json`))).mtimeMs),
      async stop() {
        const report = await requests?.stop();
        await ending.disposeAsync();
        return report === undefined ? undefined : `${report.requests} requests sent, ${report.failed} failed`;
      },
    };
  } catch (error) {
    await ending.disposeAsync();
    throw error;
  }
}

async function startMetrics({ source, metric }: Setup, controllerURL: string, tap: ScrapeTap, ending: AsyncDisposableStack): Promise<Settings['metrics']> {
  if (source.kind === 'Scrape') return { kind: 'Scrape', intervalSeconds: source.intervalSeconds };
  const discovered = ['kamal-proxy', 'node', 'app'].map((target) => ({
    job_name: target, http_sd_configs: [{ url: `${controllerURL}/sd/${target}`, refresh_interval: '5s' }],
  }));
  const traefik = { job_name: 'traefik', static_configs: [{ targets: [tap.target] }] };
  const prometheus = ending.use(await startPrometheus({
    scrapeInterval: `${source.intervalSeconds}s`, scrapeConfigs: metric === 'rps' ? [traefik, ...discovered] : discovered,
  }));
  return { kind: 'Prometheus', baseURL: prometheus.url, credential: { kind: 'None' }, tls: {}, headers: {}, parameters: {}, timeoutSeconds: 5 };
}

const writeRoutes = (folder: string): Promise<void> => writeWhole(folder, 'routes.yml', stringify({
  http: { routers: { web: { rule: 'PathPrefix(`/`)', service: `${BALANCED_SERVICE}@http` } } },
}));

/** In one move, so that no half of it is read. */
async function writeWhole(folder: string, name: string, text: string): Promise<void> {
  const draft = join(folder, `.${name}.draft`);
  await writeFile(draft, text);
  await rename(draft, join(folder, name));
}
