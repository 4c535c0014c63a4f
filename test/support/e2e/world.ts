/**
 * The whole thing on real parts: a store (etcd and kube-apiserver, or SQLite and a folder), Traefik, Prometheus, one
 * fixed host and bought ones as processes with a real kamal-proxy each, and the controller as a process of its own.
 */
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { HostSettings } from '../../../controller/act/cloud/local/host/settings.ts';
import { type HostPool, type KamalHost, type ObjectKey, type ScalingPolicy, keyText } from '../../../controller/api/index.ts';
import { type Endpoint, proxyServiceOf } from '../../../controller/model/index.ts';
import type { Store } from '../../../controller/ports/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { openSqliteStore } from '../../../controller/runtime/store/sqlite-store.ts';
import { storePath } from '../../../controller/compose/standalone.ts';
import { locate } from '../../../hack/real-parts/locate.ts';
import type { PartName } from '../../../hack/real-parts/parts.ts';
import { CONTROL_PLANE_PARTS, type ControlPlane, startControlPlane } from '../control-plane.ts';
import { type LocalWorld, startLocalWorld } from '../local-world.ts';
import { freePort } from '../real/free-port.ts';
import type { Prometheus } from '../real/prometheus.ts';
import type { Traefik } from '../real/traefik.ts';
import { type Patience, until } from '../real/until.ts';
import { type ControllerOptions, type ControllerProcess, startControllerProcess } from './controller-process.ts';
import { KAMAL, NAME, NAMESPACE } from './documents.ts';
import { SCRAPE_SECONDS, startFront, startMetrics } from './front.ts';
import { type HostProcess, hostProcesses } from './host-processes.ts';

export type Mode = 'Cluster' | 'Standalone';

/** The parts without which a world does not start, for `realSuite`. */
export const STANDALONE_PARTS: readonly PartName[] = ['traefik', 'prometheus', 'kamal-proxy'];
export const CLUSTER_PARTS: readonly PartName[] = [...CONTROL_PLANE_PARTS, ...STANDALONE_PARTS];

/** Far from saturated at the 45 requests a second that the policy wants of a host, with some of 4 s among them. */
export const HOST: Partial<HostSettings> = { workers: 20, serviceMilliseconds: 60, deployMilliseconds: 300, cores: 0.25 };

export interface WorldOptions {
  mode: Mode;
  /** Where Traefik and Prometheus find the controller; that of the first controller when absent. */
  controllerURL?: string;
  /** Over those of the harness; the kubeconfig is of the administrator, unless one is named here. */
  controller?: Partial<ControllerOptions>;
  /** No controller is started; the suite starts its own with `startController`. */
  withoutController?: boolean;
}

export interface World {
  mode: Mode;
  /** In mode Cluster. */
  plane?: ControlPlane;
  /** Reads and writes what the controller works on, as a person beside it. */
  store: Store;
  traefik: Traefik;
  prometheus: Prometheus;
  fixedHost: Endpoint;
  stateFolder: string;
  /** The first one. */
  controller(): ControllerProcess;
  /** One more, which the world stops too. */
  startController(change?: Partial<ControllerOptions>): Promise<ControllerProcess>;
  /** As `kubectl apply`, or by a file in the folder; each kind and name keeps its own file. */
  apply(...documents: readonly { kind: string; metadata: { name: string; namespace: string } }[]): Promise<void>;
  pool(): Promise<HostPool>;
  policy(): Promise<ScalingPolicy>;
  hosts(): Promise<KamalHost[]>;
  /** Processes of bought hosts. */
  hostProcesses(): Promise<HostProcess[]>;
  /** As `until`; what is thrown carries the state of the fleet and the tails of the logs. */
  until<T>(what: string, look: () => Promise<T | undefined | false>, patience?: Patience): Promise<T>;
  /** State of the fleet and tails of the logs, for messages. */
  situation(): Promise<string>;
  /** Ends everything, hosts included; throws the first failure after all was tried. */
  stop(): Promise<void>;
}

export async function startWorld(options: WorldOptions): Promise<World> {
  const { mode } = options;
  const endings: (() => Promise<unknown> | void)[] = [];
  const stop = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const end of endings.splice(0).reverse()) await Promise.resolve(end()).catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  const started = async <T extends { stop(): Promise<void> }>(part: Promise<T>): Promise<T> => {
    const running = await part;
    endings.push(() => running.stop());
    return running;
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'e2e-'));
    const [configFolder, stateFolder, routesFolder] = ['config', 'state', 'routes'].map((name) => join(folder, name)) as [string, string, string];
    await Promise.all([configFolder, stateFolder, routesFolder].map((path) => mkdir(path)));
    // Bought hosts outlive the controller, but not their records.
    const remove = (): void => rmSync(folder, { recursive: true, force: true });
    process.once('exit', remove);
    endings.push(async () => {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      process.off('exit', remove);
      await until('all hosts ended with their records', async () => (await hostProcesses(stateFolder)).length === 0);
    });

    const settings = { ...HOST, kamalProxy: await locate('kamal-proxy') };
    const plane = mode === 'Cluster' ? await started(startControlPlane()) : undefined;
    const local = await startLocalWorld({ fixedHosts: 1, serving: { service: proxyServiceOf(KAMAL), version: 'v1' }, settings });
    endings.push(async () => await local[Symbol.asyncDispose]());
    const port = await freePort();
    const controllerURL = options.controllerURL ?? `http://127.0.0.1:${port}`;
    const traefik = await started(startFront(controllerURL, routesFolder));
    const prometheus = await started(startMetrics(controllerURL, traefik));

    const controllers: ControllerProcess[] = [];
    const startController: World['startController'] = async (change = {}) => {
      const controller = await started(startControllerProcess({
        installation: 'e2e', stateFolder,
        store: plane === undefined ? { kind: 'Standalone', configFolder } : { kind: 'Cluster', kubeconfig: plane.server.adminKubeconfig },
        args: ['--prometheus', prometheus.url, '--scrape-interval', String(SCRAPE_SECONDS), '--max-servers', 'Local=8'],
        env: { KAMAL_AUTOSCALER_KAMAL_PROXY: settings.kamalProxy, KAMAL_AUTOSCALER_LOCAL_HOST: JSON.stringify(HOST) },
        ...change,
      }));
      controllers.push(controller);
      return controller;
    };
    if (options.withoutController !== true) await startController({ port, ...options.controller });
    const store = plane === undefined ? openBeside(stateFolder, endings) : plane.store();

    return joined({ mode, plane, store, traefik, prometheus, local, stateFolder, configFolder, controllers, startController, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The standalone store beside the controller, as the command line opens it. */
export function openBeside(stateFolder: string, endings: (() => void)[]): Store {
  const store = openSqliteStore({ path: storePath(stateFolder), clock: systemClock, ids: () => crypto.randomUUID(), missing: 'Refuse' });
  endings.push(() => store.close());
  return store;
}

interface Parts extends Pick<World, 'mode' | 'store' | 'traefik' | 'prometheus' | 'stateFolder' | 'startController' | 'stop'> {
  plane: ControlPlane | undefined;
  local: LocalWorld;
  configFolder: string;
  controllers: readonly ControllerProcess[];
}

function joined({ plane, local, configFolder, controllers, ...parts }: Parts): World {
  const { store, stateFolder } = parts;
  const key: ObjectKey = { namespace: NAMESPACE, name: NAME };
  const there = async <T>(what: string, object: Promise<T | undefined>): Promise<T> => {
    const found = await object;
    if (found === undefined) throw new Error(`${what} ${keyText(key)} does not exist`);
    return found;
  };
  const hosts = (): Promise<KamalHost[]> => store.list('KamalHost', { namespace: NAMESPACE, from: 'Fresh' });
  const situation = async (): Promise<string> => {
    const lines = [
      ...(await store.list('ScalingPolicy', { from: 'Fresh' })).map(({ metadata, status }) => `policy ${metadata.name}: ${status?.currentHosts} hosts, ${status?.desiredHosts} wanted: ${status?.reason}`),
      ...(await store.list('HostPool', { from: 'Fresh' })).map(({ metadata, spec, status }) => `pool ${metadata.name}: replicas ${spec.replicas}, ${status?.state}: ${status?.reason}`),
      ...(await hosts()).map(({ metadata, spec, status }) => `host ${metadata.name}: ${status?.phase}, intent ${spec.intent}, ${status?.address}:${status?.ports?.http}: ${status?.reason}`),
      `processes: ${(await hostProcesses(stateFolder)).map(({ id }) => id).join(', ')}`,
    ];
    const tails = [...controllers.map(({ process }) => process), parts.traefik.process].map(async (process) => `--- ${process.logFile}\n${await process.tail()}`);
    return [...lines, ...await Promise.all(tails)].join('\n');
  };

  return {
    ...parts,
    ...(plane === undefined ? {} : { plane }),
    fixedHost: local.fixedHosts[0]!,
    situation, hosts,
    controller() {
      if (controllers[0] === undefined) throw new Error('no controller was started');
      return controllers[0];
    },
    async apply(...documents) {
      if (plane !== undefined) {
        await plane.kubectl(['apply', '--validate=strict', '-f', '-'], documents.map((document) => stringify(document)).join('---\n'));
        return;
      }
      for (const document of documents) {
        // In one move, so that no half of the file is read.
        const draft = join(configFolder, '.draft');
        await writeFile(draft, stringify(document));
        await rename(draft, join(configFolder, `${document.kind}-${document.metadata.name}.yaml`));
      }
    },
    pool: () => there('HostPool', store.get('HostPool', key, 'Fresh')),
    policy: () => there('ScalingPolicy', store.get('ScalingPolicy', key, 'Fresh')),
    hostProcesses: () => hostProcesses(stateFolder),
    async until(what, look, patience) {
      try {
        return await until(what, look, patience);
      } catch (error) {
        throw new Error(`${error instanceof Error ? error.message : String(error)}\n${await situation().catch(String)}`, { cause: error });
      }
    },
  };
}
