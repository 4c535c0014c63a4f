import type { Fleet, FleetHost, Instant, Step } from '../model/index.ts';
import { chooseVictims, staysInFleet } from './victims.ts';

/**
 * What a pool needs to have `replicas` hosts, fixed ones included. Undefined replicas hold what is there: nothing is
 * added or drained, but a host that is proven unhealthy is still replaced. Pure: planning again after the plan was
 * applied gives nothing.
 */
export function planPool(fleet: Fleet, replicas: number | undefined, now: Instant): Step[] {
  if (fleet.paused) return [];
  const roll = takeRoll(fleet, replicas === undefined);
  const wanted = replicas === undefined ? heldHosts(roll) : Math.max(0, Math.min(replicas, fleet.maxReplicas) - fleet.fixedHosts);
  const reason = replicas === undefined
    ? 'spec.replicas is not set, so the pool holds what is there'
    : `${replicas} hosts wanted, ${fleet.fixedHosts + roll.staying.length} there`;

  const missing = missingHosts(roll, wanted, fleet.maxSurge);
  const takenBack = replicas === undefined ? [] : recallable(roll.leaving).slice(0, missing);
  const room = Math.max(0, fleet.maxReplicas - fleet.fixedHosts - fleet.hosts.length - fleet.unownedServers);
  const backsOff = fleet.startBackoffUntil !== undefined && now < fleet.startBackoffUntil;
  const bought = backsOff ? 0 : Math.min(missing - takenBack.length, room);

  const surplus = chooseVictims(roll.good, roll.good.length - wanted, now);
  const replaced = chooseVictims(roll.sick, replaceableNow(roll, wanted), now);
  // At the maximum the room for a successor comes from the host itself. A pool that only holds has no number to come back to.
  const short = missing - takenBack.length - room - (roll.leaving.length - takenBack.length);
  const makingRoom = replicas === undefined || replaced.length > 0
    ? [] : chooseVictims(roll.sick, Math.min(short, surge(roll, fleet.maxSurge)), now);

  return [
    ...takenBack.map((host) => setIntent(host, 'Serve', `drain taken back: ${reason}`)),
    ...freeSlots(fleet, bought).map((slot): Step => ({
      kind: 'CreateHost', slot, why: roll.sick.length > 0 ? `${reason}, ${roll.sick.length} of them down` : reason,
    })),
    ...surplus.map((host) => setIntent(host, 'Drain', reason)),
    ...replaced.map((host) => setIntent(host, 'Drain', 'down in every load balancer and for the controller; its successor serves')),
    ...makingRoom.map((host) => setIntent(host, 'Drain', 'down in every load balancer and for the controller; at maxReplicas it leaves before its successor is bought')),
  ];
}

interface Roll {
  staying: FleetHost[];
  leaving: FleetHost[];
  /** Staying, but proven down: to be replaced. A protected host never is: a person keeps it. */
  sick: FleetHost[];
  /** Staying and serving or on the way to it. */
  good: FleetHost[];
}

function takeRoll({ hosts }: Fleet, holds: boolean): Roll {
  const staying = hosts.filter(staysInFleet);
  const isSick = (host: FleetHost): boolean =>
    host.phase === 'InService' && host.health === 'Unhealthy' && !host.protected && (!holds || host.unhealthySince !== undefined);
  return {
    staying,
    leaving: hosts.filter((host) => !staysInFleet(host)),
    sick: staying.filter(isSick),
    good: staying.filter((host) => !isSick(host)),
  };
}

/**
 * How many bought hosts a pool without `replicas` holds. Nothing is bought then but successors, so a host that is
 * younger than the oldest ailment is one, and does not raise the number; else each pass would buy another.
 */
function heldHosts({ staying, sick, good }: Roll): number {
  const since = Math.min(...sick.flatMap(({ unhealthySince }) => unhealthySince ?? []));
  const successors = good.filter(({ createdAt }) => createdAt >= since).length;
  return staying.length - Math.min(sick.length, successors);
}

/** Unhealthy hosts that may have a successor beside them now. Those already leaving use up the surge until they are gone. */
function surge({ sick, leaving }: Roll, maxSurge: number): number {
  const underWay = leaving.filter(({ health }) => health === 'Unhealthy').length;
  return Math.max(0, Math.min(sick.length, maxSurge - underWay));
}

/** Newcomers that are needed: as many good hosts as wanted, and no more in all than wanted and surge. */
function missingHosts(roll: Roll, wanted: number, maxSurge: number): number {
  return Math.max(0, Math.min(wanted - roll.good.length, wanted + surge(roll, maxSurge) - roll.staying.length));
}

/** Unhealthy hosts whose place in service is taken; one that has no successor in service yet keeps its own. */
function replaceableNow({ good, sick }: Roll, wanted: number): number {
  const inService = good.filter(({ phase }) => phase === 'InService').length;
  return Math.min(sick.length, inService + sick.length - wanted);
}

/** Drains that can still be taken back, the newest first: it has lost the least. */
function recallable(leaving: readonly FleetHost[]): FleetHost[] {
  const began = (host: FleetHost): Instant => host.drainingSince ?? host.createdAt;
  return leaving
    .filter(({ deleting, phase, health }) => !deleting && health === 'Healthy' && phase !== 'Departing' && phase !== 'Deprovisioning' && phase !== 'Released')
    .sort((a, b) => began(b) - began(a) || b.slot - a.slot);
}

/** The lowest slots that neither a KamalHost, leaving ones included, nor an unowned server carries. */
function freeSlots(fleet: Fleet, count: number): number[] {
  const taken = new Set([...fleet.hosts.map(({ slot }) => slot), ...(fleet.unownedSlots ?? [])]);
  const free: number[] = [];
  for (let slot = 0; free.length < count; slot += 1) if (!taken.has(slot)) free.push(slot);
  return free;
}

const setIntent = ({ key }: FleetHost, intent: 'Serve' | 'Drain', why: string): Step => ({ kind: 'SetIntent', host: key, intent, why });
