import type { Fleet, FleetHost, Instant, Phase, Step } from '../model/index.ts';
import { isApart } from './quarantine.ts';
import { type RollVerdict, chooseSurplus, judgeRoll, surgeHosts } from './rolling.ts';
import { judgeReplacement } from './shared-cause.ts';
import { chooseVictims, staysInFleet } from './victims.ts';

/**
 * What a pool needs to have `replicas` hosts, fixed ones included. Undefined replicas hold what is there: nothing is
 * added or drained, but a host that is proven unhealthy is still replaced, unless its cause looks shared. Pure: planning
 * again after the plan was applied gives nothing.
 */
export function planPool(observed: Fleet, replicas: number | undefined, now: Instant): Step[] {
  if (observed.paused) return [];
  const held = judgeReplacement(observed).kind === 'Held';
  const fleet = held ? { ...observed, maxSurge: 0 } : observed;
  const wanted = wantedHosts(fleet, replicas);
  const reason = replicas === undefined
    ? 'spec.replicas is not set, so the pool holds what is there'
    : `${replicas} hosts wanted, ${fleet.fixedHosts + groupHosts(fleet, false).staying.length} there`;
  const recalled = replicas === undefined ? [] : recallDrains(fleet, wanted);
  const rest = withIntent(fleet, recalled, 'Serve');
  // What failed to start would fail again by the same cause.
  const bought = held && fleet.failedStarts > 0 ? [] : buy(rest, replicas, wanted, reason, now);
  const drained = drain(rest, replicas, wanted, reason, now);
  const left = withIntent(rest, rest.hosts.filter(({ key }) => drained.some((step) => step.host.name === key.name)), 'Drain');
  return [
    ...recalled.map((host) => setIntent(host, 'Serve', `drain taken back: ${reason}`)),
    ...bought,
    ...drained,
    ...(bought.length > 0 ? [] : renew(left, replicas, now)),
  ];
}

/** How the replacement of outdated hosts stands. `problem`: why nothing of the pool is planned at all, as a clause. Pure. */
export function rollOf(fleet: Fleet, replicas: number | undefined, now: Instant, problem?: string): RollVerdict {
  const groups = groupHosts(fleet, replicas === undefined);
  return judgeRoll(fleet, {
    wanted: wantedHosts(fleet, replicas), good: groups.good, leaving: groups.leaving, room: roomBeside(fleet, fleet.hosts.length),
    stopped: fleet.paused ? 'the pool is paused (spec.paused)' : problem, trouble: rollTrouble(fleet, groups, now),
  });
}

/** Nothing is bought for outdated hosts while more than that is in hand. */
function rollTrouble(fleet: Fleet, { sick }: Groups, now: Instant): string | undefined {
  if (judgeReplacement(fleet).kind === 'Held') return 'many hosts fail at once';
  if (sick.length > 0) return 'hosts that are down are replaced first';
  if (fleet.startBackoffUntil !== undefined && now < fleet.startBackoffUntil) return 'starts failed, and the next one waits';
  return (fleet.returningServers ?? 0) > 0 ? 'servers without a KamalHost are about to be adopted' : undefined;
}

function renew(fleet: Fleet, replicas: number | undefined, now: Instant): Step[] {
  const verdict = rollOf(fleet, replicas, now);
  if (verdict.kind !== 'Rolls') return [];
  return freeSlots(fleet, verdict.next.length).map((slot, index) => {
    const { key, outdated } = verdict.next[index]!;
    return { kind: 'CreateHost', slot, replaces: key.name, why: `successor of ${key.name}: ${outdated}` };
  });
}

function wantedHosts(fleet: Fleet, replicas: number | undefined): number {
  return replicas === undefined ? heldHosts(groupHosts(fleet, true)) : Math.max(0, Math.min(replicas, fleet.maxReplicas) - fleet.fixedHosts);
}

/** Drains to take back instead of buying, the newest first: it has lost the least. */
function recallDrains(fleet: Fleet, wanted: number): FleetHost[] {
  const groups = groupHosts(fleet, false);
  const began = (host: FleetHost): Instant => host.drainingSince ?? host.createdAt;
  return groups.leaving
    .filter(({ deleting, phase, health }) => !deleting && health === 'Healthy' && phase !== 'Departing' && phase !== 'Deprovisioning' && phase !== 'Released')
    .sort((a, b) => began(b) - began(a) || b.slot - a.slot)
    .slice(0, missingHosts(groups, wanted, fleet.maxSurge));
}

function buy(fleet: Fleet, replicas: number | undefined, wanted: number, reason: string, now: Instant): Step[] {
  if (fleet.startBackoffUntil !== undefined && now < fleet.startBackoffUntil) return [];
  const groups = groupHosts(fleet, replicas === undefined);
  const missing = missingHosts(groups, wanted, fleet.maxSurge) - (fleet.returningServers ?? 0);
  return newHosts(fleet, groups, Math.max(0, Math.min(missing, roomBeside(fleet, fleet.hosts.length))), reason);
}

function drain(fleet: Fleet, replicas: number | undefined, wanted: number, reason: string, now: Instant): (Step & { kind: 'SetIntent' })[] {
  const groups = groupHosts(fleet, replicas === undefined);
  const surplus = fleet.adoptedLately === true ? [] : chooseSurplus(groups.good, wanted, fleet.rollPaused, now);
  const replaced = chooseVictims(groups.sick, replaceableNow(groups, wanted), now, 'Replacement');
  // A pool that only holds makes no room at its maximum: it would forget the number it came from.
  const makingRoom = replicas === undefined ? [] : makeRoom(withIntent(fleet, [...surplus, ...replaced], 'Drain'), wanted, now);
  return [
    ...surplus.map((host) => setIntent(host, 'Drain', host.outdated === undefined ? reason : `${host.outdated}; enough others serve`)),
    ...replaced.map((host) => setIntent(host, 'Drain', `${DOWN}; enough others serve`)),
    ...makingRoom.map((host) => setIntent(host, 'Drain', `${DOWN}; at maxReplicas it leaves before its successor is bought`)),
  ];
}

/** Unhealthy hosts that leave first, as there is no room for their successors even when all that leaves is gone. */
function makeRoom(fleet: Fleet, wanted: number, now: Instant): FleetHost[] {
  const groups = groupHosts(fleet, false);
  const missing = missingHosts(groups, wanted, fleet.maxSurge);
  const short = missing - roomBeside(fleet, groups.staying.length + groups.apart.length);
  return missing === 0 ? [] : chooseVictims(groups.sick, Math.min(short, surge(groups, fleet.maxSurge)), now, 'Replacement');
}

/** Hosts that may exist beside so many of the pool's own; negative above the maximum. */
const roomBeside = (fleet: Fleet, hosts: number): number => fleet.maxReplicas - fleet.fixedHosts - hosts - fleet.unownedServers;

const withIntent = (fleet: Fleet, changed: readonly FleetHost[], intent: 'Serve' | 'Drain'): Fleet =>
  ({ ...fleet, hosts: fleet.hosts.map((host) => (changed.includes(host) ? { ...host, intent } : host)) });

const DOWN = 'down in every load balancer and for the controller, or goes down again and again';

/** Phases in which health is judged: a host that was seen down is out of service until it passes the checks of a newcomer. */
const WAS_SERVING: readonly Phase[] = ['InService', 'Deploying', 'Joining'];

/** The hosts of a pool by what the plan may do with them. */
interface Groups {
  staying: FleetHost[];
  leaving: FleetHost[];
  /** In quarantine: a person's, until they are released; or ordered in a cloud that is away. */
  apart: FleetHost[];
  /** Staying, but proven down: to be replaced. */
  sick: FleetHost[];
  /** Staying and serving or on the way to it. */
  good: FleetHost[];
}

function groupHosts({ hosts }: Fleet, holds: boolean): Groups {
  const isAside = (host: FleetHost): boolean => isApart(host) || (host.stranded === true && staysInFleet(host));
  const staying = hosts.filter((host) => staysInFleet(host) && !isAside(host));
  const isSick = (host: FleetHost): boolean =>
    WAS_SERVING.includes(host.phase) && host.health === 'Unhealthy' && (!holds || host.unhealthySince !== undefined);
  return {
    staying,
    leaving: hosts.filter((host) => !staysInFleet(host) && !isAside(host)),
    apart: hosts.filter(isAside),
    sick: staying.filter(isSick),
    good: staying.filter((host) => !isSick(host)),
  };
}

/**
 * How many bought hosts a pool without `replicas` holds: those that are there, without successors of hosts that are still
 * there too; else each pass would buy another.
 */
function heldHosts(groups: Groups): number {
  return groups.staying.length - Math.min(groups.sick.length, successors(groups)) - surgeHosts(groups.good).length;
}

/**
 * Newcomers that were bought for an unhealthy host that has not left. Nothing else is bought while a pool holds, so one
 * that does not say whom it replaces is told by its age; that may count it once too often, but never buys too many.
 */
function successors({ sick, good, leaving }: Groups): number {
  const gone = leaving.filter(({ health }) => health === 'Unhealthy');
  const since = Math.min(...[...sick, ...gone].flatMap(({ unhealthySince }) => unhealthySince ?? []));
  const named = (hosts: readonly FleetHost[]): number => good.filter(({ replaces }) => hosts.some(({ key }) => key.name === replaces)).length;
  const unnamed = good.filter(({ replaces, createdAt }) => replaces === undefined && createdAt >= since).length;
  // A newcomer stands for another unhealthy host when the one that it names was drained first.
  return named(sick) + Math.max(0, named(gone) + unnamed - gone.length);
}

/** Unhealthy hosts that may have a successor beside them now. Those already leaving use up the surge until they are gone. */
function surge({ sick, leaving }: Groups, maxSurge: number): number {
  const underWay = leaving.filter(({ health }) => health === 'Unhealthy').length;
  return Math.max(0, Math.min(sick.length, maxSurge - underWay));
}

/** Newcomers that are needed: as many good hosts as wanted, and no more in all than wanted and surge. */
function missingHosts(groups: Groups, wanted: number, maxSurge: number): number {
  return Math.max(0, Math.min(wanted - groups.good.length, wanted + surge(groups, maxSurge) - groups.staying.length));
}

/** Unhealthy hosts whose place in service is taken; one that has no successor in service yet keeps its own. */
function replaceableNow({ good, sick }: Groups, wanted: number): number {
  const inService = good.filter(({ phase }) => phase === 'InService').length;
  return Math.min(sick.length, inService + sick.length - wanted);
}

function newHosts(fleet: Fleet, { sick, good }: Groups, count: number, reason: string): Step[] {
  const replaced = sick.map(({ key }) => key.name).filter((name) => good.every(({ replaces }) => replaces !== name));
  return freeSlots(fleet, count).map((slot, index): Step => {
    const replaces = replaced[index];
    return replaces === undefined
      ? { kind: 'CreateHost', slot, why: reason }
      : { kind: 'CreateHost', slot, replaces, why: `successor of ${replaces}, which is ${DOWN}` };
  });
}

/** The lowest slots that neither a KamalHost, leaving ones included, nor an unowned server carries. */
function freeSlots(fleet: Fleet, count: number): number[] {
  const taken = new Set([...fleet.hosts.map(({ slot }) => slot), ...(fleet.unownedSlots ?? [])]);
  const free: number[] = [];
  for (let slot = 0; free.length < count; slot += 1) if (!taken.has(slot)) free.push(slot);
  return free;
}

const setIntent = ({ key }: FleetHost, intent: 'Serve' | 'Drain', why: string): Step & { kind: 'SetIntent' } => ({ kind: 'SetIntent', host: key, intent, why });
