/** The end of a random world: nothing more happens, what stood in the way is put right, and the controller has time. */
import { living, readLedger } from '../../../controller/reconcile/ledger.ts';
import { activeRoll } from '../../../controller/reconcile/outdated.ts';
import { edit } from './edit.ts';
import { POOL, boughtHosts, urlOf } from './names.ts';
import { type Surroundings, applyPool } from './surroundings.ts';
import { HOST_KEY_ANNOTATION, PROTECTED_ANNOTATION, ROLL_ANNOTATION, type Resource } from '../../../controller/api/index.ts';

/** What people put right when the bad day is over. */
export async function putRight(world: Surroundings): Promise<void> {
  const { faults, cloud, kamal, memory, store } = world;
  Object.assign(faults, { calm: true, pending: undefined });
  faults.faults.length = 0;
  faults.slow.length = 0;
  faults.outages.length = 0;
  cloud.nextCreates.length = 0;
  cloud.nextDeletes.length = 0;
  cloud.quota = Infinity;
  cloud.full.clear();
  cloud.locked.clear();
  await world.balancers.reach();
  world.metrics.blindness = undefined;
  world.budget = undefined;
  // A machine and the API server that it talks to agree on the time again; one machine alone may stay wrong.
  if (world.nature.storeClock === 'Own') world.skew = 0;
  world.listEdits.length = 0;
  world.forgetfulUntil = 0;
  kamal.primary = 'Alive';
  if (kamal.holder()?.by === 'alice' && kamal.holder()?.message !== 'Automatic deploy lock') kamal.hold(undefined);
  for (const { app, order } of memory.hosts()) if (order.owner === undefined && app !== undefined) delete app.quiesced;
  for (const { metadata } of await store.list('KamalHost')) {
    await edit(store, 'KamalHost', metadata, (host) => {
      const { [PROTECTED_ANNOTATION]: kept, ...annotations } = host.metadata.annotations ?? {};
      return kept === undefined ? undefined : { ...host, metadata: { ...host.metadata, annotations } };
    });
  }
  await applyPool(world);
}

/**
 * What people do while they wait: a pool whose deletion has ended is applied again, hosts of an older template are
 * rolled, and a host key that was lost with its store is vouched for, both as the condition asks.
 */
export async function attend(world: Surroundings): Promise<void> {
  const { store, memory } = world;
  const pool = await store.get('HostPool', POOL);
  if (pool === undefined) await applyPool(world);
  else if (activeRoll(pool) === undefined && pool.status?.conditions?.some(({ type, reason }) => type === 'HostsCurrent' && reason === 'Outdated') === true) await roll(world);
  for (const host of await store.list('KamalHost')) {
    const mismatch = host.status?.conditions?.some(({ type, status }) => type === 'HostKeyVerified' && status === 'False') === true;
    const server = memory.hosts().find(({ order }) => order.owner?.hostID === host.spec.hostID);
    if (!mismatch || server === undefined) continue;
    const hostKey = `ssh-ed25519 own-${server.ports.http}`;
    await edit(store, 'KamalHost', host.metadata, (fresh) => annotated(fresh, HOST_KEY_ANNOTATION, hostKey));
  }
}

/** Where the maximum leaves no room for the surge, the person makes some. */
async function roll(world: Surroundings): Promise<void> {
  const { store, wanted, clock } = world;
  await edit(store, 'HostPool', POOL, (pool) => {
    wanted.maxReplicas = Math.max(wanted.maxReplicas, (pool.spec.replicas ?? 0) + 1);
    return annotated({ ...pool, spec: { ...pool.spec, maxReplicas: wanted.maxReplicas } }, ROLL_ANNOTATION, `${clock.now()}`);
  });
}

const annotated = <T extends Resource>(object: T, name: string, value: string): T | undefined =>
  (object.metadata.annotations?.[name] === value ? undefined : { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [name]: value } } });

/** Everything that must hold when nothing moves any more; empty when it does. */
export async function unrest(world: Surroundings): Promise<string[]> {
  const { memory, store, kamal, cloud } = world;
  const faults: string[] = [];
  const pool = await store.get('HostPool', POOL);
  if (pool === undefined || pool.metadata.deletionTimestamp !== undefined) return ['the pool is not there'];
  const servers = boughtHosts(world);
  const hosts = await store.list('KamalHost');
  const wanted = Math.min(pool.spec.replicas ?? 0, pool.spec.maxReplicas) - 1;
  if (servers.length !== wanted) faults.push(`${servers.length} servers, ${wanted} wanted`);
  const identities = servers.map(({ order }) => order.owner?.hostID);
  if (new Set(identities).size !== identities.length) faults.push('two servers carry one UID');
  if ([...cloud.late.values()].some((orders) => orders > 0)) faults.push('an order is on its way');
  const version = memory.hosts().find(({ order }) => order.owner === undefined)?.app?.version;
  for (const { order, app, diedAt } of servers) {
    if (!hosts.some(({ spec }) => spec.hostID === order.owner?.hostID)) faults.push(`${order.name} (${order.id}) is owned by nobody`);
    if (diedAt !== undefined || app === undefined || app.quiesced !== undefined) faults.push(`${order.name} (${order.id}) does not serve`);
    else if (app.version !== version) faults.push(`${order.name} runs ${app.version}, the fleet ${version}`);
  }
  for (const { metadata, spec, status } of hosts) {
    if (status?.phase !== 'InService') faults.push(`${metadata.name} is ${status?.phase}: ${status?.reason}`);
    if (!servers.some(({ order }) => order.owner?.hostID === spec.hostID)) faults.push(`${metadata.name} has no server`);
    for (const { type, status: word, message } of status?.conditions ?? []) if (badHost(type, word)) faults.push(`${metadata.name} says ${type} ${word}: ${message}`);
  }
  const listed = new Set(memory.served()?.pools.flatMap(({ members }) => members.map(({ address, port }) => `http://${address}:${port}`)));
  const serving = new Set(memory.hosts().filter((host) => host.order.owner === undefined || servers.includes(host)).map(urlOf));
  for (const url of listed) if (!serving.has(url)) faults.push(`member ${url} has no host`);
  for (const url of serving) if (!listed.has(url)) faults.push(`host ${url} is no member`);
  const holder = kamal.holder();
  if (holder !== undefined) faults.push(`${holder.by} holds the deploy lock: ${holder.operationID ?? holder.message}`);
  for (const { metadata, status } of await store.list('DeploySession')) faults.push(`session ${metadata.name} is left: ${status?.phase}, ${status?.reason}`);
  const alive = living(readLedger((await store.load('ledger'))?.value));
  if (alive.length !== servers.length) faults.push(`the ledger counts ${alive.length} of ${servers.length} servers`);
  for (const { type, status, message } of pool.status?.conditions ?? []) if (badPool(type, status)) faults.push(`the pool says ${type} ${status}: ${message}`);
  return faults;
}

const badHost = (type: string, status: string): boolean => (type === 'Failing' ? status === 'True' : status !== 'True');

function badPool(type: string, status: string): boolean {
  switch (type) {
    case 'Quarantine':
    case 'Stuck':
    case 'Progressing': return status !== 'False';
    default: return status !== 'True';
  }
}
