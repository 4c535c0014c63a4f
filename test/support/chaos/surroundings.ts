/** All that outlives the controllers of a random world: clouds, hosts, load balancers, people's lock, store, clocks, and what is held against them. */
import { API_VERSION, type HostPool } from '../../../controller/api/index.ts';
import type { Instant } from '../../../controller/model/index.ts';
import type { Clock } from '../../../controller/ports/index.ts';
import { seededChance } from '../../../controller/simulate/world/chance.ts';
import { type SimulatedClock, createSimulatedClock } from '../clock.ts';
import { INSTALLATION } from '../context.ts';
import { type MemoryKamal, createMemoryKamal } from '../memory-kamal.ts';
import { type MemoryWorld, createMemoryWorld, memoryEndpoint } from '../memory-world.ts';
import { type ChaosBalancers, createBalancers } from './balancers.ts';
import { type ChaosCloud, createChaosCloud } from './cloud.ts';
import { edit } from './edit.ts';
import type { ChaosWorld, Nature } from './events.ts';
import { API_URLS, POOL, START } from './names.ts';
import { type Faults, createFaults } from './faults.ts';
import { type Judge, createJudge } from './judge.ts';
import { type ChaosMetrics, createMetrics } from './metrics.ts';
import type { ChaosStore, ChaosStores, MakeStores, OpenChaosStore } from './stores.ts';

export interface Surroundings {
  nature: Nature;
  clock: SimulatedClock;
  /** The controller's own clock, which may be wrong. */
  ours: Clock;
  /** By how many milliseconds it is. */
  skew: number;
  memory: MemoryWorld;
  kamal: MemoryKamal;
  cloud: ChaosCloud;
  faults: Faults;
  judge: Judge;
  balancers: ChaosBalancers;
  metrics: ChaosMetrics;
  /** Most that a month may cost, in EUR; a person may raise it. */
  budget: number | undefined;
  /** What somebody or something did to the load balancers' lists, until when. */
  listEdits: { url: string; change: 'Unlisted' | 'Listed'; until: Instant }[];
  /** Until when the load balancers list nothing, as after a restart. */
  forgetfulUntil: Instant;
  stores: ChaosStores;
  store: ChaosStore;
  /** How the next store is opened, where it is not an empty one. */
  restoreFrom: OpenChaosStore | undefined;
  /** Backups that were taken every few seconds, oldest first. */
  backups: { at: Instant; open: OpenChaosStore }[];
  newID(): string;
  /** When a person last wrote the pool's number of hosts. */
  editedAt: Instant;
  /** The pool as a person has it in their files. */
  wanted: Pick<HostPool['spec'], 'maxReplicas' | 'placements' | 'limits'> & { replicas: number };
  /** One line for each thing worth reading. */
  log(line: string): void;
}

export async function createSurroundings({ seed, nature }: ChaosWorld, log: (line: string) => void, makeStores: MakeStores): Promise<Surroundings> {
  let count = 0;
  const newID = (): string => `id${(count += 1).toString(36).padStart(6, '0')}`;
  const stores = makeStores(newID);
  const clock = createSimulatedClock(START, stores.settled);
  const memory = createMemoryWorld({ clock, deployMilliseconds: Math.min(2000, nature.deployMilliseconds) });
  const kamal = createMemoryKamal(memory, INSTALLATION);
  kamal.deployMilliseconds = nature.deployMilliseconds;
  memory.addFixedHost('primary', 'v1');
  const ours: Clock = { now: () => clock.now() + world.skew, sleep: (milliseconds, signal) => clock.sleep(milliseconds, signal) };
  const judge = createJudge(() => world);
  const world: Surroundings = {
    nature, clock, ours, skew: 0, memory, kamal, judge, newID, log, stores,
    cloud: createChaosCloud(memory, nature, judge, seededChance(seed, 2)),
    faults: createFaults(clock, nature.callMilliseconds, seededChance(seed, 3), ({ port, method }) => judge.fault(`passes spin: ${port}.${method} is called again and again without any time between`)),
    balancers: createBalancers(() => world),
    metrics: createMetrics(() => world),
    budget: nature.budget,
    listEdits: [], forgetfulUntil: 0, editedAt: 0, backups: [], restoreFrom: undefined,
    store: undefined as never,
    wanted: {
      replicas: nature.replicas, maxReplicas: nature.maxReplicas, placements: placementsIn('FirstSecond'),
      limits: { maxSurge: nature.maxSurge, maxUnhealthyPercent: 50, maxStartTimeoutSeconds: 600, startTimeoutSeconds: 120, maxParallelDeploys: 2, deployTimeoutSeconds: 60, startBackoffSeconds: 10 },
    },
  };
  world.store = await openStore(world);
  return world;
}

/** A store that is empty, or as it was. */
export function openStore(world: Surroundings, open: OpenChaosStore = world.stores.open): Promise<ChaosStore> {
  return open(world.nature.storeClock === 'Own' ? world.clock : world.ours);
}

export function placementsIn(order: 'FirstSecond' | 'SecondFirst' | 'SecondAlone'): HostPool['spec']['placements'] {
  const [first, second] = ['first', 'second'].map((name) => ({ name, provider: 'Local' as const }));
  const list = order === 'FirstSecond' ? [first, second] : order === 'SecondFirst' ? [second, first] : [second];
  return list as HostPool['spec']['placements'];
}

/** A person applies the pool, or applies it again: what they have in their file holds. */
export async function applyPool(world: Surroundings): Promise<void> {
  const { store, wanted, memory } = world;
  world.editedAt = world.clock.now();
  const [primary] = memory.hosts().filter(({ order }) => order.owner === undefined).map(memoryEndpoint);
  if (primary === undefined) throw new Error('there is no fixed host');
  const spec = {
    kamal: { service: 'app', role: 'web' }, ...wanted,
    fixedHosts: [{ name: 'primary', address: primary.address, ports: primary.ports }],
    loadBalancer: { traefik: { service: 'web', apiURLs: API_URLS.slice(0, world.nature.balancers) } },
    health: { intervalSeconds: 1, unhealthyAfterSeconds: 10 },
    drain: { timeoutSeconds: 8 },
  };
  if (await store.get('HostPool', POOL) === undefined) await store.create('HostPool', { apiVersion: API_VERSION, kind: 'HostPool', metadata: POOL, spec: spec as never });
  else await edit(store, 'HostPool', POOL, (pool) => (pool.metadata.deletionTimestamp !== undefined ? undefined : { ...pool, spec: { ...pool.spec, ...spec, paused: false, deletionPolicy: 'Retain' } as never }));
}
