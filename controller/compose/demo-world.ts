import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostSettings } from '../act/cloud/local/host/settings.ts';
import type { HostRecord, ProcessTable } from '../act/cloud/local/process-table.ts';
import { createProcessTable } from '../act/cloud/local/processes.ts';
import { createHttpHostControl } from '../act/deploy/http-host-control.ts';
import { CONFIG_PATH } from '../act/traffic/config-endpoint.ts';
import { type Balancer, startBalancer } from '../demo/balancer.ts';
import { BALANCED_SERVICE, ENTRY_POINT, FIXED_HOST, KAMAL, documentsOf } from '../demo/documents.ts';
import type { Stage } from '../demo/play.ts';
import type { Script } from '../demo/script.ts';
import { ClassifiedError, type Endpoint, proxyServiceOf } from '../model/index.ts';
import type { Clock } from '../ports/index.ts';
import type { Log } from '../runtime/log.ts';
import type { Settings } from '../runtime/settings.ts';
import { type RunningController, startStandalone } from './standalone.ts';

export interface DemoWorldOptions {
  script: Script;
  /** An empty folder; whoever made it removes it. */
  folder: string;
  clock: Clock;
  log: Log;
  chance: () => number;
  signal: AbortSignal;
}

export interface DemoWorld extends Stage {
  /** Ends everything that was started, hosts included. */
  stop(): Promise<void>;
}

/** A core of this machine stands for two hosts; a queue of any length is better than a refusal. */
const HOST: Partial<HostSettings> = { cores: 0.5, deployMilliseconds: 400, queueLimit: 5_000 };
const BALANCER_POLL_MILLISECONDS = 500;
const START_SECONDS = 30;
const LOOK_MILLISECONDS = 50;

/**
 * The controller in standalone mode, as `run --config` starts it, in a world of processes: hosts, a load balancer that
 * polls the controller, YAML files in a folder. Everything listens on free ports of 127.0.0.1.
 */
export async function startDemoWorld(options: DemoWorldOptions): Promise<DemoWorld> {
  const { script, folder, clock, signal } = options;
  const endings: (() => Promise<void>)[] = [];
  async function stop(): Promise<void> {
    const failures: unknown[] = [];
    for (const end of endings.splice(0).reverse()) await end().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
  try {
    const configFolder = join(folder, 'config');
    await mkdir(configFolder);
    const table = await createProcessTable({ folder: join(folder, 'hosts'), clock, settings: HOST, untilPid: process.pid });
    endings.push(() => stopHosts(table));
    const fixedHost = await startFixedHost(table, clock, signal);
    const controller = await startController(options, configFolder, table);
    endings.push(() => controller.stop());
    const balancer = await startBalancer({
      endpoint: `http://127.0.0.1:${controller.port}${CONFIG_PATH}`, service: BALANCED_SERVICE, entryPoint: ENTRY_POINT,
      pollMilliseconds: BALANCER_POLL_MILLISECONDS, clock, chance: options.chance,
    });
    endings.push(() => balancer.close());
    signal.throwIfAborted();
    await applyDocuments(configFolder, documentsOf(script, { fixedHost, balancer }));
    return { store: controller.controller.context.store, url: balancer.url, answers: () => answers(balancer), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startController({ folder, clock, log, script }: DemoWorldOptions, configFolder: string, table: ProcessTable): Promise<RunningController> {
  const settings: Settings & { mode: { kind: 'Standalone' } } = {
    installation: 'demo',
    mode: { kind: 'Standalone', configFolder },
    stateFolder: join(folder, 'state'),
    listen: { address: '127.0.0.1', port: 0 },
    metrics: { kind: 'Scrape', intervalSeconds: 1 },
    ceilings: { Local: script.mostHosts + 2 }, budgets: {},
    logLevel: 'info',
  };
  return startStandalone(settings, { clock, log, local: { table } });
}

/** The host that people own: nobody bought it, and its app was there before the controller. */
async function startFixedHost(table: ProcessTable, clock: Clock, signal: AbortSignal): Promise<Endpoint> {
  const started = await table.start({ id: 'fixed', name: FIXED_HOST, placement: 'here', createdAt: clock.now(), bootMilliseconds: 0 });
  const ports = await portsOf(table, started, clock, signal);
  const endpoint: Endpoint = { address: '127.0.0.1', ports };
  await createHttpHostControl().deploy(endpoint, { service: proxyServiceOf(KAMAL), version: 'v1', deployTimeoutSeconds: START_SECONDS, health: 'Answering' });
  return endpoint;
}

async function portsOf(table: ProcessTable, { id, createdAt }: HostRecord, clock: Clock, signal: AbortSignal): Promise<Endpoint['ports']> {
  for (;;) {
    signal.throwIfAborted();
    const record = (await table.list()).find((one) => one.id === id);
    if (record?.ports !== undefined) return record.ports;
    if (record?.state === 'Off' || clock.now() - createdAt > START_SECONDS * 1_000) throw new ClassifiedError('Unavailable', 'the first host process of the demo does not start');
    await clock.sleep(LOOK_MILLISECONDS, signal);
  }
}

/** In one move, so that no half of the file is read. */
async function applyDocuments(configFolder: string, text: string): Promise<void> {
  const draft = join(configFolder, '.web.draft');
  await writeFile(draft, text);
  await rename(draft, join(configFolder, 'web.yaml'));
}

async function answers(balancer: Balancer): Promise<boolean> {
  try {
    const response = await fetch(balancer.url);
    await response.text();
    return response.ok;
  } catch {
    return false;
  }
}

async function stopHosts(table: ProcessTable): Promise<void> {
  const hosts = await table.list();
  await Promise.all(hosts.map(({ id }) => table.stop(id)));
}
