import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { createStaticProvider } from '../act/cloud/static.ts';
import { createRoutedDeployer } from '../act/deploy/routed.ts';
import { messageOf, oneAtATime } from '../model/index.ts';
import type { Clock, Leadership } from '../ports/index.ts';
import { startApplier } from '../runtime/applier/index.ts';
import type { Log } from '../runtime/log.ts';
import type { Settings } from '../runtime/settings.ts';
import { acquireInstanceLock } from '../runtime/store/instance-lock.ts';
import { openSqliteStore } from '../runtime/store/sqlite-store.ts';
import { type Controller, startController } from './controller.ts';
import { claimInstallation } from './installation.ts';
import { openClouds } from './clouds.ts';
import { authorizedKeysOf, createInventoryPublication, inventoryToken } from './inventory.ts';
import { openKamal } from './kamal.ts';
import { type LocalOptions, localHosts } from './local-hosts.ts';
import { startMetrics } from './metrics.ts';
import { hostProbe, openTraffic } from './traffic.ts';
import { serveController } from './serve.ts';
import { openSSH } from './ssh.ts';

export interface StandaloneOptions {
  clock: Clock;
  log: Log;
  local?: LocalOptions;
}

/** A controller in standalone mode: SQLite store, YAML folder, HTTP. */
export interface RunningController {
  controller: Controller;
  /** Where it listens. */
  port: number;
  stop: () => Promise<void>;
}

export const storePath = (stateFolder: string): string => join(stateFolder, 'store.db');

/** The instance lock makes one process the leader for as long as it lives. It leads once nothing can fail any more: a start that fails has changed nothing. */
function onlyLeader(): Leadership & { lead(): void } {
  const listeners = new Set<(leader: boolean) => void>();
  let leads = false;
  return {
    isLeader: () => leads,
    onChange: (listener) => void listeners.add(listener),
    lead() {
      leads = true;
      for (const listener of listeners) listener(true);
    },
  };
}

/** Starts everything; what was started is stopped again when a later part fails. Errors are classified. */
export async function startStandalone(settings: Settings & { mode: { kind: 'Standalone' } }, options: StandaloneOptions): Promise<RunningController> {
  const { clock, log } = options;
  const endings: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of endings.splice(0).reverse()) await end();
  };
  try {
    const path = storePath(settings.stateFolder);
    const lock = acquireInstanceLock(path);
    endings.push(() => lock.release());
    const store = openSqliteStore({ path, clock, ids: randomUUID, onError: (error) => log.log('error', 'the store is in trouble', { error: messageOf(error) }) });
    endings.push(() => store.close());

    const metrics = startMetrics(settings.metrics, clock);
    endings.push(metrics.stop);
    const leadership = onlyLeader();
    const inventory = createInventoryPublication({ clock, leadership, log, folder: join(settings.stateFolder, 'inventory'), ...inventoryToken(settings) });
    const local = await localHosts(settings, clock, options.local);
    const ssh = await openSSH(settings, clock);
    endings.push(() => ssh?.ssh.close());
    const labelsInTurn = oneAtATime();
    const { traefik, loadBalancer } = openTraffic(settings, clock, leadership, ssh, labelsInTurn);
    const clouds = openClouds(settings, clock, ssh, labelsInTurn);
    endings.push(() => clouds.close());
    const kamal = openKamal(settings, { clock, log, store, leadership, ssh, sharedStore: resolve(settings.stateFolder) });
    endings.push(() => kamal.stop());
    // The name is for good, so it is taken only once all settings are known to be right.
    await claimInstallation(store, settings.installation);
    const controller = startController({
      installation: settings.installation, clock, log, store, documents: store, decisionLog: store.decisionLog, leadership,
      providers: { Local: local.provider, Static: createStaticProvider({ documents: store, clock, vacate: local.vacate }), ...clouds.providers },
      ceilings: settings.ceilings, budgets: settings.budgets,
      deployer: createRoutedDeployer({ control: local.deployer, kamal: kamal.deployer, isKamals: ({ service }) => kamal.hasProject(service) }),
      deployLock: kamal.deployLock, loadBalancer, probe: hostProbe(), metrics: metrics.source, concurrency: 16,
      publishInventory: (value) => inventory.publish(value), authorizedKeys: authorizedKeysOf(ssh),
    });
    endings.push(controller.stop);
    metrics.onSamples(controller.samplesArrived);

    let applied = false;
    const server = await serveController(settings, controller, { traefik, inventory, kamal, log }, () => (applied ? undefined : 'the folder is being applied'));
    endings.push(() => server.close());
    leadership.lead();
    const applier = await startApplier({
      folder: settings.mode.configFolder, store, documents: store, clock,
      report: (problems) => problems.forEach((problem) => log.log('error', 'a document was not applied; what was there before stays', { problem })),
    });
    endings.push(() => applier.stop());
    applied = true;
    log.log('info', 'runs', { mode: 'standalone', config: settings.mode.configFolder, state: settings.stateFolder, address: settings.listen.address, port: server.port });
    return { controller, port: server.port, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
