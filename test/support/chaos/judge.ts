/** What must hold at every moment of a random world, whatever happens in it. */
import { KINDS, type KamalHost, type Kind, keyOf, sameKey } from '../../../controller/api/index.ts';
import type { Instant, Server } from '../../../controller/model/index.ts';
import type { CreateRequest } from '../../../controller/ports/index.ts';
import { isLeaving } from '../../../controller/reconcile/assemble-fleet.ts';
import { costWithin, monthOf, monthBounds } from '../../../controller/reconcile/month.ts';
import { INSTALLATION } from '../context.ts';
import type { MemoryHost } from '../memory-world.ts';
import { PRICE } from './generate.ts';
import type { CloudJudges } from './cloud.ts';
import { createExcuses } from './excuses.ts';
import { createOwnerJudge } from './judge-owners.ts';
import { createScaleJudge } from './judge-scale.ts';
import { POOL, boughtHosts, timeText, urlOf } from './names.ts';
import type { Surroundings } from './surroundings.ts';

/** What a person changed within this time a purchase may not have known. */
const JUST_NOW_MILLISECONDS = 45_000;
/** Requests in flight last so long in the memory world; a clock that stepped cuts the wait for them short. */
const AFTERMATH_MILLISECONDS = 30_000;
const LARGEST_OBJECT = 24 * 1024;
const LARGEST_DOCUMENT = 64 * 1024;

export interface Judge extends CloudJudges {
  /** One sentence for each thing that must not be; empty as long as all is well. */
  faults: string[];
  fault(sentence: string): void;
  /** Looks at everything that can be seen from outside. */
  look(): Promise<void>;
  /** A person or bad luck is behind what this host drops until then. */
  excuseHost(host: MemoryHost, until: Instant): void;
  /** A person took the lock, or what says who works under it. */
  excuseLock(until: Instant): void;
  /** A person made everybody forget who owns this UID. */
  excuseOwner(hostID: string): void;
  /** Notes that `maxReplicas` was another number until now, or that servers came which nobody bought. */
  unsettleMaximum(): void;
  /** Notes that the least number of hosts, which goes before the budget, was another one until now. */
  unsettleLeast(): void;
  /** Notes that the store is a new or an older one: what was spent may be forgotten, and what was bought last not be listed yet. */
  storeReplaced(): void;
  /** Notes that the clock was stepped. */
  steppedClock(): void;
  purchases: number;
  deletions: number;
}

export function createJudge(worldOf: () => Surroundings): Judge {
  const faults: string[] = [];
  let maximumUnsettledUntil = -Infinity;
  let leastUnsettledUntil = -Infinity;
  let moneyKnown = true;
  const excuses = createExcuses();
  let greatestMaximum = 0;
  let heardOfDrops = 0;
  let heardOfKamal = 0;
  const spent: { from: Instant; to: Instant }[] = [];

  const fault = (sentence: string): void => {
    const { clock, log } = worldOf();
    const text = `${timeText(clock.now())}: ${sentence}`;
    faults.push(text);
    log(`FAULT ${text}`);
  };

  function judgeMaximum({ owner: { hostID } }: CreateRequest): void {
    const { cloud, clock, wanted } = worldOf();
    greatestMaximum = clock.now() < maximumUnsettledUntil ? Math.max(greatestMaximum, wanted.maxReplicas) : wanted.maxReplicas;
    const there = boughtHosts(worldOf()).filter(({ order }) => !cloud.twins.has(order.id) && !order.owner!.hostID.startsWith('hand'));
    const ids = new Set([...there.map(({ order }) => order.owner!.hostID), ...[...cloud.late].filter(([, orders]) => orders > 0).map(([id]) => id), hostID]);
    if (clock.now() >= maximumUnsettledUntil && 1 + ids.size > greatestMaximum) fault(`server ${1 + ids.size} of ${greatestMaximum} was ordered`);
  }

  function judgeTwice({ name, owner: { hostID } }: CreateRequest): void {
    const { cloud, clock } = worldOf();
    // A step forward ends the wait for the list of servers early: the twin is found and deleted.
    if (excuses.coversWait(clock.now())) return;
    const there = boughtHosts(worldOf()).filter(({ order }) => order.owner?.hostID === hostID && order.owner.installation === INSTALLATION);
    if (there.length > 0) fault(`a second server was ordered for ${name}, which has ${there[0]?.order.id}`);
    if ((cloud.late.get(hostID) ?? 0) > 0) fault(`a second server was ordered for ${name} while the first order was on its way`);
  }

  /** Everything that stays to the end of the month, and what is gone has cost. */
  async function judgeMoney({ owner: { hostID } }: CreateRequest): Promise<void> {
    const { budget, clock, store, cloud, nature } = worldOf();
    if (budget === undefined || !moneyKnown) return;
    const now = clock.now();
    const month = monthOf(now);
    const tariff = { kind: 'Priced', price: PRICE, billing: nature.billing } as const;
    const hosts = await store.list('KamalHost');
    const leaves = (id: string): boolean => hosts.some((host) => host.spec.hostID === id && (isLeaving(host) || host.status?.health === 'Unhealthy'));
    const others = boughtHosts(worldOf()).filter(({ order }) => order.owner?.hostID !== hostID && !cloud.twins.has(order.id) && !order.owner!.hostID.startsWith('hand'));
    // Below the least that a person wrote no budget stops a purchase.
    const least = Math.max(0, ...(await store.list('ScalingPolicy')).map(({ spec }) => spec.minHosts ?? 0));
    if (1 + others.filter(({ order }) => !leaves(order.owner!.hostID)).length < least || now < leastUnsettledUntil) return;
    const costs = others.map(({ order }) => costWithin(month, order.createdAt, leaves(order.owner!.hostID) ? now + 1 : monthBounds(month).to, tariff));
    const past = spent.map(({ from, to }) => costWithin(month, from, Math.max(to, from + 1), tariff));
    const total = [...costs, ...past, costWithin(month, now, monthBounds(month).to, tariff)].reduce((sum, cost) => sum + cost, 0);
    if (total > budget + 1e-6) fault(`an order brings the month to ${total} of ${budget}`);
  }

  function judgeObject(kind: Kind, object: object & { metadata: { name: string } }): void {
    const size = JSON.stringify(object).length;
    if (size > LARGEST_OBJECT) fault(`${kind} ${object.metadata.name} has ${size} bytes`);
  }

  function hear(): void {
    const { memory, kamal, clock } = worldOf();
    for (; heardOfDrops < memory.dropped.length; heardOfDrops += 1) {
      const sentence = memory.dropped[heardOfDrops]!;
      if (!excuses.coversDrop(sentence, clock.now())) fault(sentence);
    }
    for (; heardOfKamal < kamal.faults.length; heardOfKamal += 1) if (!excuses.coversRun(clock.now())) fault(kamal.faults[heardOfKamal]!);
  }
  const owners = createOwnerJudge(worldOf, excuses, fault);
  const scale = createScaleJudge(worldOf, fault);

  return {
    faults, fault, purchases: 0, deletions: 0,
    ordered(request, replaced) {
      this.purchases += 1;
      // The window between its last write and its call stays open: what comes of it is a twin, and is found.
      if (replaced) {
        excuses.identity(request.owner.hostID);
        return;
      }
      judgeTwice(request);
      judgeMaximum(request);
      void judgeMoney(request);
    },
    deletes(server: Server, host: MemoryHost) {
      this.deletions += 1;
      const { memory, clock, cloud } = worldOf();
      // What an order that took effect twice costs is the cloud's to make good, and nobody's ledger knows it.
      if (!cloud.twins.has(host.order.id)) spent.push({ from: host.order.createdAt, to: clock.now() });
      if (host.order.owner?.installation !== INSTALLATION) fault(`${server.name} of another installation was deleted`);
      const url = urlOf(host);
      const listed = memory.served()?.pools.some(({ members }) => members.some(({ port }) => port === host.ports.http)) === true;
      if (listed && !excuses.coversHost(url, clock.now())) fault(`${server.name} was deleted while the load balancer listed ${url}`);
    },
    async look() {
      hear();
      await owners.look();
      await scale.look();
      const { store, memory } = worldOf();
      for (const kind of KINDS) for (const object of await store.list(kind)) judgeObject(kind, object);
      for (const name of ['ledger', 'membership', 'inventory', 'orphans']) {
        const size = JSON.stringify((await store.load(name))?.value ?? null).length;
        if (size > LARGEST_DOCUMENT) fault(`document ${name} has ${size} bytes`);
      }
      judgeSlots(await store.list('KamalHost'), fault);
      for (const { order, starts } of memory.hosts()) if (order.owner === undefined && starts !== 1) fault(`the fixed host ${order.name} was deployed to`);
    },
    excuseHost(host, until) {
      hear();
      excuses.host([host.order.name, urlOf(host)], until);
    },
    excuseLock(until) {
      hear();
      excuses.lock(until);
    },
    excuseOwner: (hostID) => excuses.identity(hostID),
    unsettleMaximum: () => { maximumUnsettledUntil = worldOf().clock.now() + JUST_NOW_MILLISECONDS; },
    unsettleLeast: () => { leastUnsettledUntil = worldOf().clock.now() + JUST_NOW_MILLISECONDS; },
    storeReplaced() {
      moneyKnown = false;
      this.unsettleMaximum();
      // The membership may be an older one, with servers that are gone.
      hear();
      excuses.all(worldOf().clock.now() + JUST_NOW_MILLISECONDS);
      owners.forget();
    },
    steppedClock: () => excuses.clock(worldOf().clock.now() + AFTERMATH_MILLISECONDS),
  };
}

/** Two hosts of one pool never share a slot, and never a UID. */
function judgeSlots(hosts: readonly KamalHost[], fault: (sentence: string) => void): void {
  const own = hosts.filter((host) => sameKey({ namespace: host.metadata.namespace, name: host.spec.poolRef.name }, POOL));
  for (const [index, host] of own.entries()) {
    const twin = own.slice(index + 1).find(({ spec }) => spec.slot === host.spec.slot || spec.hostID === host.spec.hostID);
    if (twin !== undefined) fault(`${keyOf(host).name} and ${keyOf(twin).name} have one slot or UID`);
  }
}
