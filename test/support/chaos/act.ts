/** Lets things happen in a random world. What there is nothing to happen to is passed over. */
import { type ObjectKey, PROTECTED_ANNOTATION, keyOf } from '../../../controller/api/index.ts';
import { INSTALLATION } from '../context.ts';
import { edit } from './edit.ts';
import { CPU_TARGET } from './metrics.ts';
import type { MemoryHost } from '../memory-world.ts';
import type { ChaosEvent, Happening } from './events.ts';
import { POOL, SESSION, boughtHosts, urlOf } from './names.ts';
import { type Surroundings, applyPool, placementsIn } from './surroundings.ts';
import { policyDraft } from '../drafts.ts';

/** What only whoever runs the processes can do. */
export interface Processes {
  strikeNext(event: ChaosEvent & { kind: 'Crash' | 'Freeze' }): void;
  /** Stops the process, lets this happen and starts another one after so many seconds. */
  replaceStore(downSeconds: number, change: () => Promise<void>): void;
}

const AFTERMATH_SECONDS = 40;
const seconds = (count: number): number => count * 1000;

/** Whether it happened: there was something that it could happen to. */
export async function act(world: Surroundings, event: ChaosEvent, processes: Processes): Promise<boolean> {
  const { cloud, faults, judge, kamal, clock } = world;
  const until = (count: number): number => clock.now() + seconds(count);
  const excuse = (host: MemoryHost, count: number): void => judge.excuseHost(host, until(count + AFTERMATH_SECONDS));
  const later = (count: number, change: () => void | Promise<void>): void => void clock.sleep(seconds(count)).then(change);
  const chosen = 'index' in event && typeof event.index === 'number' ? pick(boughtHosts(world), event.index) : undefined;
  switch (event.kind) {
    case 'Replicas': return editPool(world, { replicas: event.replicas });
    case 'MaxReplicas': {
      judge.unsettleMaximum();
      return editPool(world, { maxReplicas: event.maxReplicas });
    }
    case 'MaxSurge': return editPool(world, { limits: { ...world.wanted.limits, maxSurge: event.maxSurge } });
    case 'Placements': return editPool(world, { placements: placementsIn(event.order) });
    case 'Pause': {
      later(event.forSeconds, () => editPool(world, {}, false).then(() => undefined));
      return editPool(world, {}, true);
    }
    case 'DeletePool': return deletePool(world, event);
    case 'DeleteHost': {
      const host = pick(await world.store.list('KamalHost'), event.index);
      if (host !== undefined) await world.store.delete('KamalHost', keyOf(host));
      return host !== undefined;
    }
    case 'ForgetHost': return forgetHost(world, event);
    case 'DeleteSession': return world.store.delete('DeploySession', SESSION).then(() => true, () => false);
    case 'Protect': return protect(world, event, later);
    case 'ApplyPolicy': return applyPolicy(world, event);
    case 'DeletePolicy':
      judge.unsettleLeast();
      return world.store.delete('ScalingPolicy', POOL).then(() => true, () => false);
    case 'Load': {
      world.metrics.load = event.hosts;
      return true;
    }
    case 'BlindMetrics': {
      world.metrics.blindness = event.as;
      later(event.forSeconds, () => { world.metrics.blindness = undefined; });
      return true;
    }
    case 'Deploy': {
      void kamal.deploy(event.version, event.seconds, event.lockWait);
      return true;
    }
    case 'HoldLock': {
      if (kamal.holder() !== undefined) return false;
      kamal.hold({ by: 'alice', message: 'a migration' });
      later(event.forSeconds, () => giveBack(world));
      return true;
    }
    case 'TakeLock': {
      judge.excuseLock(until(event.forSeconds + AFTERMATH_SECONDS));
      kamal.hold({ by: 'alice', message: 'mine now' });
      later(event.forSeconds, () => giveBack(world));
      return true;
    }
    case 'Maintenance': return maintain(world, event, later, excuse);
    case 'PrimaryDead': {
      kamal.primary = 'Dead';
      later(event.forSeconds, () => { kamal.primary = 'Alive'; });
      return true;
    }
    case 'AddServer': {
      judge.unsettleMaximum();
      const pool = await world.store.get('HostPool', POOL);
      const hostID = world.newID().replace('id', 'hand');
      if (pool !== undefined) await cloud.add(`web-${90 + boughtHosts(world).length}-hand`, { installation: INSTALLATION, pool: POOL, hostID });
      return pool !== undefined;
    }
    case 'AddForeignServer': {
      await cloud.add('web-0-foreign', { installation: 'another', pool: POOL, hostID: world.newID() });
      return true;
    }
    case 'DeleteServer': return withServer(chosen, async (host) => {
      excuse(host, 0);
      await cloud.remove(host.order.id);
    });
    case 'StopContainer': return withServer(chosen, async (host) => {
      excuse(host, 0);
      delete host.app;
      host.appEndedAt = clock.now();
    });
    case 'Reboot': return withServer(chosen?.diedAt === undefined && (chosen?.bootsAt ?? Infinity) <= clock.now() ? chosen : undefined, async (host) => {
      excuse(host, event.awaySeconds);
      kamal.reboot(host.order.name, event.awaySeconds, event.version);
    });
    case 'PowerOff': return withServer(chosen?.diedAt === undefined ? chosen : undefined, async (host) => {
      excuse(host, 0);
      host.diedAt = clock.now();
    });
    case 'Unlist': return withServer(chosen, async (host) => void world.listEdits.push({ url: urlOf(host), change: 'Unlisted', until: until(event.forSeconds) }));
    case 'ListAgain': return withServer(chosen, async (host) => void world.listEdits.push({ url: urlOf(host), change: 'Listed', until: until(event.forSeconds) }));
    case 'ForgetMembers': {
      world.forgetfulUntil = until(event.forSeconds);
      return true;
    }
    case 'SilentBalancer': {
      world.balancers.silence(event.which, seconds(event.forSeconds));
      return true;
    }
    case 'Crash':
    case 'Freeze': {
      processes.strikeNext(event);
      return true;
    }
    case 'StepClock': {
      judge.steppedClock();
      world.skew += seconds(event.seconds);
      return true;
    }
    case 'LoseStore': {
      processes.replaceStore(event.downSeconds, () => applyPool(world));
      return true;
    }
    case 'RestoreStore': return restore(world, event, processes);
    case 'Fault': return faults.faults.push({ ...event }) > 0;
    case 'Slow': return faults.slow.push({ ...event }) > 0;
    case 'Outage': return faults.outages.push({ port: event.port, class: event.class, until: until(event.forSeconds) }) > 0;
    case 'NextCreate': return cloud.nextCreates.push(event.fault) > 0;
    case 'NextDelete': return cloud.nextDeletes.push(event.fault) > 0;
    case 'Quota': {
      cloud.quota = event.servers;
      later(event.forSeconds, () => { cloud.quota = Infinity; });
      return true;
    }
    case 'Full': {
      cloud.full.add(event.placement);
      later(event.forSeconds, () => void cloud.full.delete(event.placement));
      return true;
    }
  }
}

type Later = (count: number, change: () => void | Promise<void>) => void;

const pick = <T>(values: readonly T[], index: number): T | undefined => values[values.length === 0 ? 0 : index % values.length];

async function withServer<T>(server: T | undefined, change: (server: T) => Promise<void>): Promise<boolean> {
  if (server !== undefined) await change(server);
  return server !== undefined;
}

function giveBack({ kamal }: Surroundings): void {
  if (kamal.holder()?.operationID === undefined) kamal.hold(undefined);
}

/** A person writes their file, and applies it where the pool is there. */
async function editPool(world: Surroundings, change: Partial<Surroundings['wanted']>, paused?: boolean): Promise<boolean> {
  Object.assign(world.wanted, change);
  world.editedAt = world.clock.now();
  // More than the maximum is refused, as a person sees at once.
  const replicas = Math.min(world.wanted.replicas, world.wanted.maxReplicas);
  world.wanted.replicas = replicas;
  return edit(world.store, 'HostPool', POOL, (pool) => (pool.metadata.deletionTimestamp !== undefined ? undefined
    : { ...pool, spec: { ...pool.spec, ...change, replicas, ...(paused === undefined ? {} : { paused }) } }));
}

async function deletePool(world: Surroundings, { deletionPolicy, backAfterSeconds }: Happening & { kind: 'DeletePool' }): Promise<boolean> {
  const isThere = await edit(world.store, 'HostPool', POOL, (pool) => (pool.metadata.deletionTimestamp !== undefined ? undefined
    : { ...pool, spec: { ...pool.spec, deletionPolicy, paused: false } }));
  if (!isThere) return false;
  await world.store.delete('HostPool', POOL);
  void world.clock.sleep(seconds(backAfterSeconds)).then(async () => applyPool(world)).catch(() => undefined);
  return true;
}

async function forgetHost({ store, judge, clock }: Surroundings, { index }: Happening & { kind: 'ForgetHost' }): Promise<boolean> {
  const host = pick(await store.list('KamalHost'), index);
  if (host === undefined) return false;
  judge.excuseOwner(host.spec.hostID);
  judge.excuseLock(clock.now() + seconds(AFTERMATH_SECONDS));
  await edit(store, 'KamalHost', keyOf(host), (found) => ({ ...found, metadata: { ...found.metadata, finalizers: [] } }));
  return store.delete('KamalHost', keyOf(host)).then(() => true, () => host.metadata.deletionTimestamp !== undefined);
}

const setProtection = ({ store }: Surroundings, key: ObjectKey, on: boolean): Promise<boolean> => edit(store, 'KamalHost', key, (host) => {
  const { [PROTECTED_ANNOTATION]: _before, ...others } = host.metadata.annotations ?? {};
  return { ...host, metadata: { ...host.metadata, annotations: on ? { ...others, [PROTECTED_ANNOTATION]: 'true' } : others } };
});

async function protect(world: Surroundings, { index, forSeconds }: Happening & { kind: 'Protect' }, later: Later): Promise<boolean> {
  const host = pick(await world.store.list('KamalHost'), index);
  if (host === undefined) return false;
  later(forSeconds, () => setProtection(world, keyOf(host), false).then(() => undefined));
  return setProtection(world, keyOf(host), true);
}

async function applyPolicy({ store, judge }: Surroundings, { minHosts, maxHosts }: Happening & { kind: 'ApplyPolicy' }): Promise<boolean> {
  const draft = policyDraft('default', 'web', { minHosts, maxHosts, mode: 'Enforce', metrics: [{ name: 'cpu', target: CPU_TARGET }], behavior: { scaleIn: { stabilizationWindowSeconds: 15 } }, prediction: { mode: 'Off' } });
  judge.unsettleLeast();
  if (await edit(store, 'ScalingPolicy', POOL, (policy) => ({ ...policy, spec: { ...policy.spec, ...draft.spec } }))) return true;
  return store.create('ScalingPolicy', draft).then(() => true, () => false);
}

async function maintain(world: Surroundings, { index, forSeconds }: Happening & { kind: 'Maintenance' }, later: Later, excuse: (host: MemoryHost, count: number) => void): Promise<boolean> {
  const running = world.memory.hosts().filter(({ app }) => app !== undefined && app.quiesced === undefined);
  const hosts = index === 'All' ? running : [pick(running.filter(({ order }) => order.owner !== undefined), index)];
  for (const host of hosts) {
    if (host?.app === undefined) continue;
    excuse(host, forSeconds);
    host.app.quiesced = { since: world.clock.now(), deadline: world.clock.now() };
  }
  later(forSeconds, () => hosts.forEach((host) => { if (index === 'All' && host?.app !== undefined) delete host.app.quiesced; }));
  return hosts[0] !== undefined;
}

async function restore(world: Surroundings, { ageSeconds, downSeconds }: Happening & { kind: 'RestoreStore' }, processes: Processes): Promise<boolean> {
  const wanted = world.clock.now() - seconds(ageSeconds);
  const from = world.backups.findLast(({ at }) => at <= wanted) ?? world.backups[0];
  if (from === undefined) return false;
  processes.replaceStore(downSeconds, async () => undefined);
  world.restoreFrom = from.open;
  return true;
}
