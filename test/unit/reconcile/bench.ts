/** A controller whose passes a test runs one by one, over a store and a world in memory. */
import { API_VERSION, type DeploySession, HOST_FINALIZER, type HostPool, type HostPoolSpec, type KamalHost, type KamalHostSpec, type Kind, type ObjectKey, POOL_FINALIZER, type ResourceByKind, type ScalingPolicy, keyOf, keyText } from '../../../controller/api/index.ts';
import { type CreateFault, createLocalProvider } from '../../../controller/act/cloud/local/provider.ts';
import { createLocalDeployer } from '../../../controller/act/deploy/local.ts';
import type { Observation, Server } from '../../../controller/model/index.ts';
import { isClass } from '../../../controller/model/index.ts';
import type { Clock, CloudProvider, CreateRequest, MetricQuery } from '../../../controller/ports/index.ts';
import type { Context, WorkKey } from '../../../controller/reconcile/context.ts';
import { createDeployLockView } from '../../../controller/reconcile/deploy-lock-view.ts';
import { reconcile } from '../../../controller/reconcile/dispatch.ts';
import { sessionKeyOf } from '../../../controller/reconcile/session-key.ts';
import { admit } from '../../../controller/runtime/store/validation/index.ts';
import { type MemoryStore, createMemoryStore } from '../../../controller/runtime/store/memory-store.ts';
import { type SimulatedClock, createSimulatedClock } from '../../support/clock.ts';
import { INSTALLATION, contextOf } from '../../support/context.ts';
import { poolDraft } from '../../support/drafts.ts';
import { type MemoryKamal, createMemoryKamal } from '../../support/memory-kamal.ts';
import { type MemoryWorld, createMemoryWorld } from '../../support/memory-world.ts';

export const START = Date.UTC(2026, 0, 1);
export const WEB: ObjectKey = { namespace: 'default', name: 'web' };
export const PRIMARY = { name: 'primary', address: '192.0.2.1', ports: { http: 80 } };

export interface Bench {
  clock: SimulatedClock;
  store: MemoryStore;
  world: MemoryWorld;
  /** Who deploys in a bench of Kamal; idle in one of local hosts. */
  kamal: MemoryKamal;
  context: Context;
  /** What each create of the local provider was asked, refused ones among them. */
  creates: CreateRequest[];
  /** The next creates fail so, one each; `undefined` lets one pass. */
  faults: (CreateFault | Error | undefined)[];
  /** What the metrics source answers. */
  observe: (query: MetricQuery) => Observation;
  /** Keys for which a pass was asked for. */
  asked: WorkKey[];
  /** One pass; the outcome, or what it throws. */
  pass(kind: 'Policy' | 'Pool' | 'Host' | 'Session', key: ObjectKey): Promise<unknown>;
  pass(kind: 'Membership' | 'Orphans' | 'Marks'): Promise<unknown>;
  /** Passes over everything each half second of simulated time, until the condition holds; throws when it never does. */
  drive(what: string, until: () => Promise<boolean>): Promise<void>;
  put<K extends Kind>(kind: K, draft: object, status?: ResourceByKind[K]['status']): Promise<ResourceByKind[K]>;
  pool(key?: ObjectKey): Promise<HostPool>;
  policy(key?: ObjectKey): Promise<ScalingPolicy>;
  hosts(): Promise<KamalHost[]>;
  /** Reasons of the events about an object, with their messages. */
  events(kind: Kind, name?: string): Promise<string[]>;
  server(hostID: string): Promise<Server | undefined>;
}

/**
 * `Kamal`: hosts deploy under Kamal's lock; `Local`: over their control ports. `wrong`: how far the controller's own clock
 * is from the world's, in milliseconds.
 */
export function createBench(overrides: Partial<Context> = {}, deploys: 'Local' | 'Kamal' = 'Local', wrong: () => number = () => 0): Bench {
  const clock = createSimulatedClock(START);
  const ours: Clock = { now: () => clock.now() + wrong(), sleep: (milliseconds, signal) => clock.sleep(milliseconds, signal) };
  let count = 0;
  const newID = (): string => `id${(count += 1).toString().padStart(8, '0')}`;
  const world = createMemoryWorld({ clock });
  const kamal = createMemoryKamal(world, INSTALLATION);
  const store = createMemoryStore({ clock: ours, ids: newID });
  const creates: CreateRequest[] = [];
  const local = createLocalProvider({
    table: world.table, clock, newID,
    createFault() {
      const fault = bench.faults.shift();
      if (fault instanceof Error) throw fault;
      return fault;
    },
  });
  // A server's age is the cloud's word, a list's the controller's.
  const list: CloudProvider['list'] = async (installation) => ({ ...await local.list(installation), asOf: ours.now() });
  const provider: CloudProvider = { ...local, list, create: (request) => (creates.push(request), local.create(request)) };
  const asked: WorkKey[] = [];
  const context = contextOf({
    clock: ours, newID, store, documents: store, providers: { Local: provider },
    deployer: deploys === 'Kamal' ? kamal.deployer() : createLocalDeployer({ control: world.control, clock: ours, firstVersion: 'v1' }),
    ...(deploys === 'Kamal' ? { locks: createDeployLockView(kamal.lock, ours) } : {}),
    loadBalancer: world.loadBalancer, probe: world.probe,
    metrics: { read: async (queries) => queries.map((query) => bench.observe(query)), scrapeIntervalSeconds: 15 },
    enqueue: (key) => void asked.push(key),
    ...overrides,
  });

  async function round(): Promise<void> {
    const [pools, hosts, policies, sessions] = await Promise.all([store.list('HostPool'), store.list('KamalHost'), store.list('ScalingPolicy'), store.list('DeploySession')]);
    const keys: WorkKey[] = [
      ...policies.map((policy): WorkKey => ({ kind: 'Policy', key: keyOf(policy) })), ...pools.map((pool): WorkKey => ({ kind: 'Pool', key: keyOf(pool) })),
      ...hosts.map((host): WorkKey => ({ kind: 'Host', key: keyOf(host) })), { kind: 'Membership' },
      ...sessionKeys(pools, sessions),
    ];
    for (const key of keys) {
      try {
        await reconcile(context, key);
      } catch (error) {
        if (!isClass(error, 'Conflict', 'NotFound')) throw error;
      }
    }
    await clock.advance(500);
  }

  const need = async <K extends Kind>(kind: K, key: ObjectKey): Promise<ResourceByKind[K]> => {
    const object = await store.get(kind, key);
    if (object === undefined) throw new Error(`no ${kind} ${key.name}`);
    return object;
  };

  const bench: Bench = {
    clock, store, world, kamal, context, creates, asked, faults: [],
    observe: ({ metric }) => ({ metric, kind: 'Absence', asOf: clock.now(), windowSeconds: 60, absence: { kind: 'Empty', message: 'the test gives no value' } }),
    pass: (kind: WorkKey['kind'], key?: ObjectKey) => reconcile(context, (key === undefined ? { kind } : { kind, key }) as WorkKey),
    async drive(what, until) {
      for (let rounds = 0; rounds < 400; rounds += 1) {
        if (await until()) return;
        await round();
      }
      const hosts = await store.list('KamalHost');
      throw new Error(`${what}: not within 200 s of simulated time; hosts: ${JSON.stringify(hosts.map(({ metadata, spec, status }) => [metadata.name, spec.intent, status?.phase, status?.reason]))}`);
    },
    async put(kind, draft, status) {
      const created = await store.create(kind, draft as never);
      return status === undefined ? created : store.updateStatus(kind, { ...created, status } as never);
    },
    pool: (key = WEB) => need('HostPool', key),
    policy: (key = WEB) => need('ScalingPolicy', key),
    hosts: () => store.list('KamalHost'),
    events: async (kind, name = 'web') => (await store.events(kind, { namespace: 'default', name })).map(({ reason, message }) => `${reason}: ${message}`),
    server: async (hostID) => (await provider.list(INSTALLATION)).servers.find(({ owner }) => owner.hostID === hostID),
  };
  return bench;
}

/** One key a session: those that pools may have, and those that are there without one. */
export function sessionKeys(pools: readonly HostPool[], sessions: readonly DeploySession[]): WorkKey[] {
  const keys = [...pools.map(sessionKeyOf), ...sessions.map(keyOf)];
  return [...new Map(keys.map((key) => [keyText(key), key])).values()].map((key) => ({ kind: 'Session', key }));
}

/** A pool as it is stored, with what has a default; the fields of `spec` go over those of a plain web pool. */
export function poolOf(name: string, spec: Partial<HostPoolSpec> = {}, metadata: Partial<HostPool['metadata']> = {}): HostPool {
  const { spec: admitted } = admit('HostPool', poolDraft('default', name, spec)) as HostPool;
  return { apiVersion: API_VERSION, kind: 'HostPool', metadata: metadataOf(name, POOL_FINALIZER, metadata), spec: admitted };
}

export function hostOf(name: string, status: KamalHost['status'] = {}, spec: Partial<KamalHostSpec> = {}, metadata: Partial<KamalHost['metadata']> = {}): KamalHost {
  return {
    apiVersion: API_VERSION, kind: 'KamalHost', metadata: metadataOf(name, HOST_FINALIZER, metadata),
    spec: { poolRef: { name: 'web' }, hostID: `id-of-${name}`, slot: 0, intent: 'Serve', ...spec }, status,
  };
}

const metadataOf = (name: string, finalizer: string, metadata: Partial<HostPool['metadata']>): HostPool['metadata'] => ({
  name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '1', generation: 1, creationTimestamp: new Date(START).toISOString(), finalizers: [finalizer], ...metadata,
});
