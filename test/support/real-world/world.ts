/**
 * The controller in a world of real hosts: people's own ones, on which Kamal has brought the application up, and those
 * that the simulated Hetzner Cloud sells; Traefik, Prometheus, a store, and the controller as a process of its own.
 */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type HostPool, type KamalHost, type ObjectKey, type ScalingPolicy, keyText } from '../../../controller/api/index.ts';
import type { Store } from '../../../controller/ports/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import type { PartName } from '../../../hack/real-parts/parts.ts';
import { CONTROL_PLANE_PARTS, type ControlPlane, startControlPlane } from '../control-plane.ts';
import { openBeside } from '../e2e/world.ts';
import { type ControllerProcess, startControllerProcess } from '../e2e/controller-process.ts';
import { type HetznerSim, startHetznerSim } from '../hetzner-sim/index.ts';
import { planted } from '../planted.ts';
import { type Kamal, findKamal } from '../real-hosts/kamal.ts';
import { HOST_PARTS } from '../real-hosts/machine-parts.ts';
import { type Estate, SERVES_FIRST, startEstate } from '../real-hosts/people.ts';
import { APP_SECRET } from '../real-hosts/project.ts';
import { freePort } from '../real/free-port.ts';
import type { Prometheus } from '../real/prometheus.ts';
import type { Traefik } from '../real/traefik.ts';
import { type Patience, until } from '../real/until.ts';
import { NAMESPACE } from './documents.ts';
import { commandLine } from './command-line.ts';
import { SCRAPE_SECONDS, startFront, startMetrics } from './front.ts';
import { watchSecrecy } from './secrecy.ts';
import { type Service, type ServiceOptions, startService } from './service.ts';
import { situationOf } from './situation.ts';

export type Mode = 'Cluster' | 'Standalone';

/** The parts without which a world does not start, for `realSuite`. */
export const STANDALONE_PARTS: readonly PartName[] = ['traefik', 'prometheus', ...HOST_PARTS];
export const CLUSTER_PARTS: readonly PartName[] = [...CONTROL_PLANE_PARTS, ...STANDALONE_PARTS];

const INSTALLATION = 'real';
/** From the order until the API shows the server running; the machine's own boot comes on top. */
const BOOT = { createMilliseconds: 500, startMilliseconds: 1_000, attachMilliseconds: 100 };

export interface WorldOptions {
  mode: Mode;
  services: readonly ServiceOptions[];
  /** Servers that the cloud's account may have. */
  maxServers?: number;
  /** Server images by name, each with the container images that it holds already, such as `acme/shop:v1`. */
  images?: Readonly<Record<string, readonly string[]>>;
  /** What `findKamal` finds when absent. */
  kamal?: Kamal;
}

export interface World extends AsyncDisposable {
  kamal: Kamal;
  estate: Estate;
  /** The cloud: what it sold, what went wrong by script. */
  cloud: HetznerSim;
  /** In mode Cluster. */
  plane: ControlPlane | undefined;
  store: Store;
  traefik: Traefik;
  prometheus: Prometheus;
  controller: ControllerProcess;
  service(name: string): Service;
  services(): Service[];
  /** As `kubectl apply`, or by a file in the folder. */
  apply(...documents: readonly { kind: string; metadata: { name: string; namespace: string } }[]): Promise<void>;
  pool(name: string): Promise<HostPool>;
  policy(name: string): Promise<ScalingPolicy>;
  /** Of one pool, or of all. */
  hosts(pool?: string): Promise<KamalHost[]>;
  /** As `kubectl scale`. */
  scale(pool: string, replicas: number): Promise<void>;
  /** What `kubectl describe`, or `kamal-autoscaler describe`, tells. */
  describe(kind: 'hostpool' | 'kamalhost' | 'scalingpolicy' | 'deploysession', name: string): Promise<string>;
  /** As `until`; what is thrown carries the state of the fleet and the tails of the logs. */
  until<T>(what: string, look: () => Promise<T | undefined | false> | T | undefined | false, patience?: Patience): Promise<T>;
  situation(): Promise<string>;
}

export async function startRealWorld(options: WorldOptions): Promise<World> {
  await using making = new AsyncDisposableStack();
  const started = async <T extends { stop(): Promise<void> }>(part: Promise<T>): Promise<T> => making.adopt(await part, (running) => running.stop());
  const folder = await mkdtemp(join(tmpdir(), 'real-world-'));
  making.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const folders = { config: join(folder, 'config'), state: join(folder, 'state'), routes: join(folder, 'routes'), people: join(folder, 'people'), projects: join(folder, 'projects') };
  await Promise.all(Object.values(folders).map((path) => mkdir(path)));

  const kamal = options.kamal ?? await findKamal();
  const [estate, plane] = await Promise.all([startEstate(), options.mode === 'Cluster' ? started(startControlPlane()) : undefined]);
  making.use(estate);
  const services = new Map((await Promise.all(options.services.map((service) => startService(estate, kamal, folders, service)))).map((service) => [service.name, service]));
  const images = Object.entries(options.images ?? {});
  for (const [name, contents] of images) await estate.rack.prepareImage(name, estate.registry, contents.map((image) => `${estate.registry.server}/${image}`));

  const cloud = await startHetznerSim({
    clock: systemClock, token: planted('cloud-token'), backing: estate.rack, ...BOOT, ...(options.maxServers !== undefined && { maxServers: options.maxServers }),
    images: images.map(([name], index) => ({ id: 300_000_000 + index, name, type: 'snapshot', architecture: 'x86', description: name })),
  });
  making.defer(() => cloud.close());

  const keyFile = join(folder, 'id_ed25519');
  await writeFile(keyFile, estate.key.privateKey, { mode: 0o600 });
  const port = await freePort();
  const controllerURL = `http://127.0.0.1:${port}`;
  // The pool that serves a service's requests has its name.
  const routes = Object.fromEntries([...services.values()].map(({ name, hostname }) => [name, hostname]));
  const traefik = await started(startFront(controllerURL, folders.routes, routes));
  // As the own hosts: in life it has a processor of its own.
  setPriority(traefik.process.pid ?? 0, SERVES_FIRST);
  const prometheus = await started(startMetrics(controllerURL, traefik));
  const controller = await started(startControllerProcess({
    installation: INSTALLATION, stateFolder: folders.state, port,
    store: plane === undefined ? { kind: 'Standalone', configFolder: folders.config } : { kind: 'Cluster', kubeconfig: plane.server.adminKubeconfig },
    args: ['--prometheus', prometheus.url, '--scrape-interval', String(SCRAPE_SECONDS), '--kamal-projects', folders.projects],
    env: {
      PATH: process.env['PATH'] ?? '', KAMAL_AUTOSCALER_SSH_KEY_FILE: keyFile, HCLOUD_ENDPOINT: cloud.endpoint, HCLOUD_TOKEN: cloud.token, KAMAL_AUTOSCALER_KAMAL: kamal.program,
      KAMAL_REGISTRY_PASSWORD: estate.registry.password, SECRET_KEY_BASE: APP_SECRET,
    },
  }));
  const endings: (() => void)[] = [];
  const store = plane === undefined ? openBeside(folders.state, endings) : plane.store();
  making.defer(() => endings.forEach((end) => end()));
  const secrecy = watchSecrecy({ plane, store, controller, estate, cloud }, folders.state);
  const ending = making.move();
  return {
    ...joined({ plane, store, controller, estate, cloud, folders, services }), kamal, traefik, prometheus,
    async [Symbol.asyncDispose]() {
      const told = await secrecy.end();
      await ending.disposeAsync();
      if (told.length > 0) throw new Error(`a secret was told by: ${told.join(', ')}`);
    },
  };
}

interface Parts extends Pick<World, 'plane' | 'store' | 'controller' | 'estate' | 'cloud'> {
  folders: { config: string; state: string };
  services: ReadonlyMap<string, Service>;
}

function joined(parts: Parts): Omit<World, 'kamal' | 'traefik' | 'prometheus' | typeof Symbol.asyncDispose> {
  const { plane, store, controller, estate, cloud, folders, services } = parts;
  const keyOf = (name: string): ObjectKey => ({ namespace: NAMESPACE, name });
  const there = async <T>(what: string, name: string, object: Promise<T | undefined>): Promise<T> => {
    const found = await object;
    if (found === undefined) throw new Error(`${what} ${keyText(keyOf(name))} does not exist`);
    return found;
  };
  const hosts = async (pool?: string): Promise<KamalHost[]> =>
    (await store.list('KamalHost', { namespace: NAMESPACE, from: 'Fresh' })).filter(({ spec }) => pool === undefined || spec.poolRef.name === pool);
  const situation = (): Promise<string> => situationOf(parts, hosts);

  return {
    plane, store, controller, estate, cloud, hosts, situation,
    services: () => [...services.values()],
    service: (name) => services.get(name) ?? fail(`no service ${name}`),
    async apply(...documents) {
      if (plane !== undefined) {
        await plane.kubectl(['apply', '--validate=strict', '-f', '-'], documents.map((document) => stringify(document)).join('---\n'));
        return;
      }
      for (const document of documents) {
        // In one move, so that no half of the file is read.
        const draft = join(folders.config, '.draft');
        await writeFile(draft, stringify(document));
        await rename(draft, join(folders.config, `${document.kind}-${document.metadata.name}.yaml`));
      }
    },
    pool: (name) => there('HostPool', name, store.get('HostPool', keyOf(name), 'Fresh')),
    policy: (name) => there('ScalingPolicy', name, store.get('ScalingPolicy', keyOf(name), 'Fresh')),
    async scale(pool, replicas) {
      if (plane === undefined) await commandLine(['scale', `hostpool/${pool}`, '--replicas', String(replicas), '--state', folders.state]);
      else await plane.kubectl(['scale', `hostpool/${pool}`, '-n', NAMESPACE, `--replicas=${replicas}`]);
    },
    describe: async (kind, name) => (plane === undefined ? await commandLine(['describe', kind, name, '--state', folders.state]) : await plane.kubectl(['describe', kind, name, '-n', NAMESPACE])),
    async until(what, look, patience) {
      try {
        return await until(what, look, patience);
      } catch (error) {
        throw new Error(`${error instanceof Error ? error.message : String(error)}\n${await situation().catch(String)}`, { cause: error });
      }
    },
  };
}

function fail(message: string): never {
  throw new Error(message);
}
