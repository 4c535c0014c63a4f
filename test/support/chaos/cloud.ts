/**
 * A cloud with its own sense of time over the hosts of a memory world: lists lag, what is deleted is listed on, orders
 * take effect late or twice. It notes each purchase and each deletion, for those who judge them.
 */
import type { HostOrder } from '../../../controller/act/cloud/local/process-table.ts';
import { ClassifiedError, type Instant, type Server, type ServerOwner, type ServerPart } from '../../../controller/model/index.ts';
import type { Clock, CloudProvider, CreateRequest } from '../../../controller/ports/index.ts';
import type { MemoryHost, MemoryWorld } from '../memory-world.ts';
import type { CreateFault, DeleteFault, Nature } from './events.ts';
import { PRICE } from './generate.ts';

/** What the provider says of itself; orders that are late and lists that lag stay within it. */
export const SETTLE_SECONDS = 10;
const LATEST_MILLISECONDS = 8000;
const SLOW_DELETE_MILLISECONDS = 25_000;

const UNMARKED: ServerPart = { service: 'app', role: 'web', serving: 'NotServing', sshPort: 22 };

export interface CloudJudges {
  /** Before an order has any effect. `replaced`: the process that gives it has stood still, and another leads. */
  ordered(request: CreateRequest, replaced: boolean): void;
  /** Before a server is deleted, for whichever reason. */
  deletes(server: Server, host: MemoryHost): void;
}

export interface ChaosCloud {
  /** The provider as one process sees it; snapshots carry that process's time. */
  provider(clock: Clock, isReplaced: () => boolean): CloudProvider;
  nextCreates: CreateFault[];
  nextDeletes: DeleteFault[];
  quota: number;
  full: Set<string>;
  /** Ids of servers that a person protected against deletion. */
  locked: Set<string>;
  /** Servers that were made because an order took effect twice, by id. */
  twins: Set<string>;
  /** Orders that will still take effect, by UID. */
  late: Map<string, number>;
  /** A person makes a server. */
  add(name: string, owner: ServerOwner): Promise<void>;
  /** A person deletes a server, whatever runs there. */
  remove(id: string): Promise<void>;
  isListed(host: MemoryHost): boolean;
}

interface Gone { order: HostOrder; listedUntil: Instant; state: 'Running' | 'Leaving'; ports: MemoryHost['ports'] }

export function createChaosCloud(world: MemoryWorld, nature: Nature, judges: CloudJudges, chance: () => number): ChaosCloud {
  const { clock, table } = world;
  const gone: Gone[] = [];
  const lags = new Map<string, number>();
  /** What the labels of servers say of their part. */
  const parts = new Map<string, ServerPart>();
  let count = 0;

  const lagOf = (id: string): number => {
    const lag = lags.get(id) ?? Math.floor(chance() * nature.listLagMilliseconds);
    lags.set(id, lag);
    return lag;
  };
  const isListed = ({ order }: MemoryHost): boolean => clock.now() >= order.createdAt + lagOf(order.id);
  const owned = (): MemoryHost[] => world.hosts().filter(({ order }) => order.owner !== undefined);

  async function start(name: string, placement: string, owner: ServerOwner, bootMilliseconds: number | 'Never'): Promise<HostOrder> {
    const order: HostOrder = { id: `server-${count += 1}`, name, placement, owner, createdAt: clock.now(), bootMilliseconds };
    await table.start(order);
    return order;
  }

  async function servers(installation: string): Promise<Server[]> {
    const records = await table.list();
    const there = records.filter(({ id, createdAt }) => clock.now() >= createdAt + lagOf(id));
    const stale = gone.filter(({ listedUntil }) => clock.now() < listedUntil).map(({ order, state, ports }) => ({ ...order, state, ports }));
    return [...there, ...stale].flatMap((record): Server[] => {
      const { owner, id, name, placement, createdAt, state, ports } = record;
      if (owner?.installation !== installation) return [];
      return [{ provider: 'Local', placement, providerID: id, name, owner, state, createdAt, ...(ports === undefined ? {} : { address: '127.0.0.1', ports }), part: parts.get(id) ?? UNMARKED }];
    });
  }

  async function end(host: MemoryHost, fault: DeleteFault | undefined): Promise<void> {
    const slow = fault === 'Slow';
    await table.stop(host.order.id);
    const until = clock.now() + (slow ? SLOW_DELETE_MILLISECONDS : nature.goneLagMilliseconds);
    gone.push({ order: host.order, listedUntil: until, state: slow ? 'Leaving' : 'Running', ports: host.ports });
  }

  async function make(request: CreateRequest, fault: CreateFault | undefined): Promise<HostOrder> {
    const { name, owner, placement } = request;
    const boot = fault === 'NeverBoots' ? 'Never' : nature.bootMilliseconds * (fault === 'BootsSlowly' ? 10 : 1);
    const order = await start(name, placement.name, owner, boot);
    if (fault === 'Twin' || fault === 'TwinLost') cloud.twins.add((await start(name, placement.name, owner, boot)).id);
    return order;
  }

  function makeLater(request: CreateRequest): void {
    const { hostID } = request.owner;
    cloud.late.set(hostID, (cloud.late.get(hostID) ?? 0) + 1);
    const lateness = Math.floor(chance() * LATEST_MILLISECONDS);
    void clock.sleep(lateness).then(async () => {
      cloud.late.set(hostID, (cloud.late.get(hostID) ?? 1) - 1);
      const { id } = await make(request, undefined);
      // Both together stay within what the provider says of itself.
      lags.set(id, Math.min(lagOf(id), LATEST_MILLISECONDS - lateness));
    });
  }

  const unheard = (name: string): never => {
    throw new ClassifiedError('OutcomeUnknown', `the answer to the order of ${name} was lost`);
  };

  async function order(request: CreateRequest, replaced: boolean): Promise<Server> {
    const { name, owner, placement } = request;
    if (cloud.full.has(placement.name)) throw new ClassifiedError('Capacity', `${placement.name} has nothing left`);
    if (owned().length >= cloud.quota) throw new ClassifiedError('Quota', `the account may hold ${cloud.quota} servers`);
    const namesake = nature.names === 'Unique' ? owned().find((host) => host.order.name === name) : undefined;
    if (namesake !== undefined) {
      const mine = (await servers(owner.installation)).find(({ providerID, owner: { hostID } }) => providerID === namesake.order.id && hostID === owner.hostID);
      if (mine !== undefined) return mine;
      throw new ClassifiedError('AlreadyExists', `there is a server ${name} of another host`);
    }
    judges.ordered(request, replaced);
    const fault = cloud.nextCreates.shift();
    if (fault === 'Late') {
      makeLater(request);
      return unheard(name);
    }
    const made = await make(request, fault);
    if (fault === 'Lost' || fault === 'TwinLost') return unheard(name);
    return { provider: 'Local', placement: placement.name, providerID: made.id, name, owner, state: 'Starting', createdAt: made.createdAt };
  }

  async function remove(server: Server): Promise<void> {
    const host = owned().find((candidate) => candidate.order.id === server.providerID);
    if (host === undefined) return;
    const { owner } = host.order;
    if (owner?.hostID !== server.owner.hostID || owner.installation !== server.owner.installation) throw new ClassifiedError('Conflict', `${server.name} belongs to another host`);
    if (cloud.locked.has(server.providerID)) throw new ClassifiedError('Forbidden', `${server.name} is protected against deletion`, { mend: 'remove the protection' });
    const fault = cloud.nextDeletes.shift();
    if (fault === 'Ignored') return;
    if (fault === 'Protected') {
      cloud.locked.add(server.providerID);
      throw new ClassifiedError('Forbidden', `${server.name} is protected against deletion`, { mend: 'remove the protection' });
    }
    judges.deletes(server, host);
    await end(host, fault);
    if (fault === 'Lost') throw new ClassifiedError('OutcomeUnknown', `the answer to the deletion of ${server.name} was lost`);
  }

  const cloud: ChaosCloud = {
    nextCreates: [], nextDeletes: [], quota: Infinity, full: new Set(), locked: new Set(), twins: new Set(), late: new Map(), isListed,
    provider: (own, isReplaced) => ({
      name: 'Local', billing: nature.billing, settleSeconds: SETTLE_SECONDS,
      async list(installation) {
        const asOf = own.now();
        return { provider: 'Local', asOf, servers: await servers(installation) };
      },
      find: async (owner) => (await servers(owner.installation)).filter((server) => server.owner.hostID === owner.hostID),
      create: (request) => order(request, isReplaced()),
      delete: remove,
      price: async () => PRICE,
      async mark({ providerID }, serving, hostKey) {
        parts.set(providerID, { ...UNMARKED, ...parts.get(providerID), serving, ...(hostKey === undefined ? {} : { hostKey }) });
      },
    }),
    async add(name, owner) {
      await start(name, 'first', owner, nature.bootMilliseconds);
    },
    async remove(id) {
      const host = owned().find((candidate) => candidate.order.id === id);
      if (host !== undefined) await end(host, undefined);
    },
  };
  return cloud;
}

