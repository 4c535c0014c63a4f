import { QUARANTINED_ANNOTATION, ROLL_ANNOTATION, keyOf } from '../../../controller/api/index.ts';
import { type Installation, POOL, createPool } from './installation.ts';

/** Something that happens in the world once a condition holds; what follows is the controller's business. */
export interface Scenario {
  name: string;
  /** `Kamal`: hosts deploy under its lock, which people take too. */
  deploys?: 'Kamal';
  /** How long one deploy takes; 2 s. */
  deployMilliseconds?: number;
  /** Hosts, the fixed one included, before the scenario begins. */
  before: number;
  /** Hosts, the fixed one included, at rest after it. */
  after: number;
  /** Whether KamalHosts and pool still exist at rest. */
  ends: 'Managed' | 'Retained' | 'Drained';
  events: ScenarioEvent[];
  /** A scenario that ends serving hosts by force drops what they served; nothing else may. */
  kills?: boolean;
  /** Failed hosts of which evidence is kept at rest, one record each; 0. */
  evidence?: number;
  /** A phase: only calls from the round before a host is first in it to the last round in which one is are disturbed, as other scenarios disturb the rest. */
  around?: string;
  /** The servers at rest are the ones from the beginning: none was bought anew. */
  keeps?: boolean;
  /** None of the bought servers at rest is from the beginning. */
  renews?: boolean;
}

export interface ScenarioEvent {
  when(installation: Installation): Promise<boolean>;
  act(installation: Installation): Promise<void>;
}

const atOnce = async (): Promise<boolean> => true;

const scaleTo = (replicas: number) => ({ store }: Installation): Promise<void> => store.scale(POOL, replicas);

const inPhase = (phase: string) => async ({ store }: Installation): Promise<boolean> =>
  (await store.list('KamalHost')).some(({ status }) => status?.phase === phase);

async function firstHost({ store }: Installation) {
  const [host] = (await store.list('KamalHost')).filter(({ status }) => status?.phase === 'InService');
  if (host === undefined) throw new Error('no host in service');
  return host;
}

async function deletePool({ store }: Installation, deletionPolicy: 'Retain' | 'Drain'): Promise<void> {
  const pool = await store.get('HostPool', POOL);
  if (pool === undefined) throw new Error('no pool');
  await store.update('HostPool', { ...pool, spec: { ...pool.spec, deletionPolicy } });
  await store.delete('HostPool', POOL);
}

const holds = (message: string) => async ({ kamal }: Installation): Promise<void> => kamal?.hold({ by: 'alice', message });
const givesBack = async ({ kamal }: Installation): Promise<void> => kamal?.hold(undefined);
const runs = async ({ kamal }: Installation): Promise<boolean> => (kamal?.runs.size ?? 0) > 0;

/** Sets the first host apart, or gives back what is. */
const quarantine = (wanted: boolean) => async (installation: Installation): Promise<void> => {
  const hosts = await installation.store.list('KamalHost');
  const host = wanted ? await firstHost(installation) : hosts.find(({ metadata }) => metadata.annotations?.[QUARANTINED_ANNOTATION] === 'true');
  if (host === undefined) throw new Error('no host is in quarantine');
  await installation.store.update('KamalHost', { ...host, metadata: { ...host.metadata, annotations: wanted ? { [QUARANTINED_ANNOTATION]: 'true' } : {} } });
};

/** One host is kept with its server, which runs its app and is no member, and as many others serve. */
const keptBeside = (serving: number) => async ({ store, world }: Installation): Promise<boolean> => {
  const hosts = await store.list('KamalHost');
  const apart = hosts.find(({ status }) => status?.phase === 'Quarantined');
  const server = world.hosts().find(({ order }) => order.owner?.hostID === apart?.spec.hostID);
  if (apart === undefined || server?.app === undefined) return false;
  const members = (world.served()?.pools ?? []).flatMap((pool) => pool.members);
  return members.every(({ name }) => name !== apart.metadata.name) && members.length === serving
    && hosts.filter(({ status }) => status?.phase === 'InService').length === serving - 1;
};

export const SCENARIOS: readonly Scenario[] = [
  { name: 'scale-out', before: 1, after: 3, ends: 'Managed', events: [{ when: atOnce, act: scaleTo(3) }] },
  { name: 'scale-in', before: 3, after: 1, ends: 'Managed', events: [{ when: atOnce, act: scaleTo(1) }] },
  {
    name: 'replacement of a host without power', before: 3, after: 3, ends: 'Managed', kills: true, evidence: 1,
    events: [{
      when: atOnce,
      act: async (installation) => installation.world.kill((await firstHost(installation)).metadata.name),
    }],
  },
  {
    name: 'a start that fails', before: 1, after: 2, ends: 'Managed', evidence: 1, around: 'Deprovisioning',
    events: [{
      when: atOnce,
      async act(installation) {
        installation.unfit.next = 1;
        await scaleTo(2)(installation);
      },
    }],
  },
  {
    name: 'replacement of an unhealthy host', before: 3, after: 3, ends: 'Managed', kills: true,
    events: [{
      when: atOnce,
      async act(installation) {
        const { metadata } = await firstHost(installation);
        const host = installation.world.hosts().find(({ order }) => order.name === metadata.name);
        if (host === undefined) throw new Error(`no host ${metadata.name}`);
        delete host.app;
        host.appEndedAt = installation.clock.now();
      },
    }],
  },
  {
    name: 'cancelled drain', before: 3, after: 3, ends: 'Managed',
    events: [{ when: atOnce, act: scaleTo(2) }, { when: inPhase('Draining'), act: scaleTo(3) }],
  },
  {
    name: 'deletion of one host', before: 3, after: 3, ends: 'Managed',
    events: [{
      when: atOnce,
      act: async (installation) => installation.store.delete('KamalHost', keyOf(await firstHost(installation))),
    }],
  },
  {
    name: 'quarantine of a host and its release', before: 2, after: 2, ends: 'Managed',
    events: [{ when: atOnce, act: quarantine(true) }, { when: keptBeside(2), act: quarantine(false) }],
  },
  { name: 'deletion of the pool, Drain', before: 3, after: 1, ends: 'Drained', events: [{ when: atOnce, act: (installation) => deletePool(installation, 'Drain') }] },
  {
    name: 'a pool that was deleted with Retain comes back', before: 3, after: 3, ends: 'Managed', keeps: true,
    events: [
      { when: atOnce, act: (installation) => deletePool(installation, 'Retain') },
      { when: async ({ store }) => await store.get('HostPool', POOL) === undefined, act: (installation) => createPool(installation, 3) },
    ],
  },
  {
    name: 'a roll', before: 2, after: 2, ends: 'Managed', renews: true,
    events: [{
      when: atOnce,
      async act({ store }) {
        const pool = await store.get('HostPool', POOL);
        if (pool === undefined) throw new Error('no pool');
        await store.update('HostPool', { ...pool, metadata: { ...pool.metadata, annotations: { ...pool.metadata.annotations, [ROLL_ANNOTATION]: 'r1' } } });
      },
    }],
  },
  { name: 'scale-out under the deploy lock', deploys: 'Kamal', before: 1, after: 3, ends: 'Managed', events: [{ when: atOnce, act: scaleTo(3) }] },
  { name: 'scale-in under the deploy lock', deploys: 'Kamal', before: 3, after: 1, ends: 'Managed', events: [{ when: atOnce, act: scaleTo(1) }] },
  { name: 'scale-out by slow deploys', deploys: 'Kamal', deployMilliseconds: 20_000, before: 1, after: 2, ends: 'Managed', events: [{ when: atOnce, act: scaleTo(2) }] },
  {
    name: 'scale-out while a person holds the deploy lock', deploys: 'Kamal', before: 1, after: 2, ends: 'Managed',
    events: [{ when: atOnce, act: holds('a migration') }, { when: atOnce, act: scaleTo(2) }, { when: inPhase('Deploying'), act: givesBack }],
  },
  {
    name: 'a deploy lock that a person takes away', deploys: 'Kamal', before: 1, after: 2, ends: 'Managed',
    events: [{ when: atOnce, act: scaleTo(2) }, { when: runs, act: holds('mine now') }, { when: async (installation) => !await runs(installation), act: givesBack }],
  },
  {
    name: 'a deploy of a person that missed the bought hosts', deploys: 'Kamal', before: 3, after: 3, ends: 'Managed', keeps: true,
    events: [{
      when: atOnce,
      act: async ({ world }) => world.hosts().forEach(({ order, app }) => {
        if (order.owner === undefined && app !== undefined) app.version = 'v2';
      }),
    }],
  },
  {
    name: 'a host that comes back from a power cut with an old version', deploys: 'Kamal', before: 4, after: 4, ends: 'Managed', keeps: true, kills: true,
    events: [{
      when: atOnce,
      async act(installation) {
        installation.kamal?.reboot((await firstHost(installation)).metadata.name, 4, 'v0');
      },
    }],
  },
  { name: 'deletion of the pool, Retain', before: 3, after: 3, ends: 'Retained', events: [{ when: atOnce, act: (installation) => deletePool(installation, 'Retain') }] },
];
