import { type KamalHost, API_VERSION, type ObjectKey, keyOf } from '../../../controller/api/index.ts';
import { createLocalProvider } from '../../../controller/act/cloud/local/provider.ts';
import { noLock } from '../../support/no-lock.ts';
import type { HostControl } from '../../../controller/act/deploy/host-control.ts';
import { createLocalDeployer } from '../../../controller/act/deploy/local.ts';
import { ClassifiedError, type Price, isClass } from '../../../controller/model/index.ts';
import type { CloudProvider, Deployer, LoadBalancer, Store } from '../../../controller/ports/index.ts';
import type { Context, WorkKey } from '../../../controller/reconcile/context.ts';
import { createDeployLockView } from '../../../controller/reconcile/deploy-lock-view.ts';
import { reconcile } from '../../../controller/reconcile/dispatch.ts';
import { createServerView } from '../../../controller/reconcile/server-view.ts';
import { type MemoryStore, createMemoryStore } from '../../../controller/runtime/store/memory-store.ts';
import { type SimulatedClock, createSimulatedClock } from '../../support/clock.ts';
import { INSTALLATION, contextOf } from '../../support/context.ts';
import { type PortHooks, instrumented } from '../../support/instrumented.ts';
import { type MemoryKamal, createMemoryKamal } from '../../support/memory-kamal.ts';
import { type MemoryWorld, createMemoryWorld, memoryEndpoint } from '../../support/memory-world.ts';

export const POOL: ObjectKey = { namespace: 'default', name: 'web' };
/** The session of its service. */
export const SESSION: ObjectKey = { namespace: 'default', name: 'app' };
const API_URL = 'http://127.0.0.1:8080';

/** What outlives a controller: the world, the store and the clock. */
export interface Installation {
  clock: SimulatedClock;
  world: MemoryWorld;
  store: MemoryStore;
  newID(): string;
  /** Who deploys, where hosts deploy under Kamal's lock. */
  kamal: MemoryKamal | undefined;
  /** Machines on which no app ever gets healthy, by port; as many more as `next` that anything is deployed to are. */
  unfit: { ports: Set<number>; next: number };
}

/** Thrown by a port call at which the process is stopped, and by every call after it. */
export class Stopped extends Error {}

/** What a bug would leave out; none in the real controller. */
export type PlantedBug = 'NoFinalizer' | 'NoFindBeforeCreate' | 'NoConfirmBeforeStop' | 'NoLookAtLock' | 'NoLookForRuns';

export async function createInstallation(deploys: 'Local' | 'Kamal' = 'Local'): Promise<Installation> {
  const clock = createSimulatedClock(Date.UTC(2026, 0, 1));
  let count = 0;
  const newID = () => `id${(count += 1).toString(36).padStart(10, '0')}`;
  const world = createMemoryWorld({ clock });
  const store = createMemoryStore({ clock, ids: newID });
  world.addFixedHost('primary', 'v1');
  const kamal = deploys === 'Kamal' ? createMemoryKamal(world, INSTALLATION) : undefined;
  const installation = { clock, world, store, newID, kamal, unfit: { ports: new Set<number>(), next: 0 } };
  await createPool(installation, 1);
  return installation;
}

/** The pool as a person applies it, the first time and after it was deleted. */
export async function createPool({ world, store }: Installation, replicas: number): Promise<void> {
  const [fixed] = world.hosts().filter(({ order }) => order.owner === undefined).map(memoryEndpoint);
  if (fixed === undefined) throw new Error('the installation has no fixed host');
  await store.create('HostPool', {
    apiVersion: API_VERSION, kind: 'HostPool', metadata: POOL,
    spec: {
      kamal: { service: 'app', role: 'web' }, maxReplicas: 6, replicas,
      fixedHosts: [{ name: 'primary', address: fixed.address, ports: fixed.ports }],
      placements: [{ name: 'full', provider: 'Local' }, { name: 'local', provider: 'Local', local: { bootMilliseconds: 2000 } }],
      loadBalancer: { traefik: { service: 'web', apiURLs: [API_URL] } },
      health: { intervalSeconds: 1, unhealthyAfterSeconds: 5 },
      drain: { timeoutSeconds: 6 },
      limits: { startTimeoutSeconds: 60, startBackoffSeconds: 2 },
    } as never,
  });
}

/** A controller process on the installation: nothing in it outlives it. */
export function startProcess(installation: Installation, hooks: PortHooks, bug?: PlantedBug): Context {
  const { clock, world, newID, kamal } = installation;
  const port = <Port extends object>(name: string, adapter: Port): Port => instrumented(name, adapter, hooks);
  const store = port('Store', withBug(installation.store, bug));
  const documents = port('Documents', { load: installation.store.load, save: installation.store.save });
  const local = sold(createLocalProvider({ table: world.table, clock, newID }), installation);
  const providers = { Local: port('CloudProvider', local) };
  const seen: { Local: CloudProvider } = { Local: bug === 'NoFindBeforeCreate' ? blind(providers.Local) : providers.Local };
  return contextOf({
    clock, newID, store, documents, providers,
    deployer: port('Deployer', withoutSurvivors(kamal?.deployer(), bug) ?? createLocalDeployer({ control: withUnfit(installation), clock })),
    locks: createDeployLockView(port('DeployLock', kamal === undefined || bug === 'NoLookAtLock' ? noLock() : kamal.lock), clock),
    loadBalancer: port('LoadBalancer', bug === 'NoConfirmBeforeStop' ? trusting(world.loadBalancer) : world.loadBalancer),
    probe: port('HostProbe', world.probe),
    servers: createServerView(seen, INSTALLATION, clock, 0.5),
  });
}

/** kamal-proxy's answer where an app does not come up. */
const withUnfit = ({ world: { control }, unfit, clock }: Installation): HostControl => ({
  ...control,
  async deploy(endpoint, order) {
    const { http } = endpoint.ports;
    if (unfit.next > 0 && !unfit.ports.has(http)) {
      unfit.next -= 1;
      unfit.ports.add(http);
    }
    if (!unfit.ports.has(http)) return control.deploy(endpoint, order);
    await clock.sleep(1000);
    throw new ClassifiedError('Transient', 'target failed to become healthy');
  },
});

/** What a server costs here; every hour that has started. */
export const PRICE: Price = { currency: 'EUR', hour: 0.01, monthCap: 6 };

/** Servers that are paid for by the hour; a placement `full` has never any. */
const sold = (provider: CloudProvider, { clock }: Installation): CloudProvider => ({
  ...provider, billing: 'Hour', price: async () => PRICE,
  async create(request) {
    if (request.placement.name === 'full') throw new ClassifiedError('Capacity', `nothing is left at ${clock.now()}`);
    return provider.create(request);
  },
});

function withBug(store: Store, bug: PlantedBug | undefined): Store {
  if (bug !== 'NoFinalizer') return store;
  return { ...store, create: (kind, draft) => store.create(kind, kind === 'KamalHost' ? { ...draft, metadata: { ...draft.metadata, finalizers: [] } } : draft) };
}

/** Takes it that nothing outlives its process. */
const withoutSurvivors = (deployer: Deployer | undefined, bug: PlantedBug | undefined): Deployer | undefined =>
  (deployer === undefined || bug !== 'NoLookForRuns' ? deployer : { ...deployer, survives: async () => 'Ended' });

/** Never finds what it has made. */
const blind = (provider: CloudProvider): CloudProvider => ({
  ...provider, name: provider.name, billing: provider.billing, settleSeconds: provider.settleSeconds,
  list: async (installation) => ({ ...await provider.list(installation), servers: (await provider.list(installation)).servers.filter(({ state }) => state === 'Running') }),
});

/** Takes it that a document which was applied is already in force. */
const trusting = (balancer: LoadBalancer): LoadBalancer => {
  let applied: Parameters<LoadBalancer['apply']>[0] | undefined;
  return {
    async apply(membership) {
      applied = membership;
      await balancer.apply(membership);
    },
    async confirm(spec) {
      if (applied === undefined) return balancer.confirm(spec);
      const members = applied.pools.flatMap((pool) => pool.members);
      return [{ instance: API_URL, kind: 'Listing', servers: members.map(({ address, port }) => ({ url: `http://${address}:${port}`, state: 'Up' })) }];
    },
  };
};

/** One pass over every key, in a fixed order, each at most once; failures are what the next round is for. `before` is called before each. */
export async function round(context: Context, store: MemoryStore, withOrphans: boolean, before: (key: WorkKey) => Promise<void> = async () => undefined): Promise<void> {
  const hosts: KamalHost[] = await store.list('KamalHost');
  const keys: WorkKey[] = [
    { kind: 'Pool', key: POOL },
    ...hosts.map((host): WorkKey => ({ kind: 'Host', key: keyOf(host) })),
    { kind: 'Session', key: SESSION },
    { kind: 'Membership' },
    ...(withOrphans ? [{ kind: 'Orphans' } as const] : []),
  ];
  for (const key of keys) {
    await before(key);
    try {
      await reconcile(context, key);
    } catch (error) {
      if (error instanceof Stopped) throw error;
      if (!isClass(error, 'Conflict', 'OutcomeUnknown', 'Unavailable', 'NotFound', 'AlreadyExists')) throw error;
    }
  }
}
