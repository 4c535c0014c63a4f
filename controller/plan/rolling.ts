import type { Fleet, FleetHost, Instant } from '../model/index.ts';
import { isApart } from './quarantine.ts';
import { chooseVictims, staysInFleet } from './victims.ts';

/** To be replaced by one that is made anew. A protected host is not, for a person keeps it; nor one in quarantine, which is neither good nor leaving. */
const isRolled = (host: FleetHost): boolean => host.outdated !== undefined && !host.protected;

const serves = ({ phase }: FleetHost): boolean => phase === 'InService';

/** Hosts above what is wanted, bought for outdated ones that are still there. */
export function surgeHosts(hosts: readonly FleetHost[]): FleetHost[] {
  const rolled = new Set(hosts.filter((host) => staysInFleet(host) && isRolled(host)).map(({ key }) => key.name));
  return hosts.filter((host) => staysInFleet(host) && !isRolled(host) && host.replaces !== undefined && rolled.has(host.replaces));
}

/**
 * Which of these hosts leave, given how many are wanted. While some are outdated they leave first, and only as far as
 * others serve in their place; hosts that were bought for them stay. Otherwise as `chooseVictims` says. Pure.
 */
export function chooseSurplus(good: readonly FleetHost[], wanted: number, paused: boolean, now: Instant): FleetHost[] {
  if (!good.some(isRolled)) return chooseVictims(good, good.length - wanted, now);
  const victims: FleetHost[] = [];
  let rest = good;
  for (;;) {
    const victim = nextVictim(rest, wanted, paused, now);
    if (victim === undefined) return victims;
    victims.push(victim);
    rest = rest.filter((host) => host !== victim);
  }
}

function nextVictim(good: readonly FleetHost[], wanted: number, paused: boolean, now: Instant): FleetHost | undefined {
  const excess = good.length - wanted;
  if (excess <= 0) return undefined;
  const surge = surgeHosts(good);
  const rolled = paused ? [] : good.filter(isRolled);
  const mayLeave = good.filter(serves).length > wanted ? bySuccessor(rolled.filter(serves), good) : [];
  const [first] = mayLeave.length > 0 ? mayLeave : rolled.filter((host) => !serves(host));
  if (first !== undefined) return first;
  return excess > surge.length ? chooseVictims(good.filter((host) => !surge.includes(host)), 1, now)[0] : undefined;
}

/**
 * Those first whose own successor serves: in a pool without `replicas` the others stand for the number that is held. Those
 * last whose successor is on its way: it would be surplus without them, and bought for nothing.
 */
function bySuccessor(rolled: readonly FleetHost[], good: readonly FleetHost[]): FleetHost[] {
  const rank = (host: FleetHost): number => {
    const successor = good.find(({ replaces }) => replaces === host.key.name);
    return successor === undefined ? 1 : serves(successor) ? 0 : 2;
  };
  return rolled.toSorted((a, b) => rank(a) - rank(b));
}

export type RollVerdict =
  | { kind: 'None' }
  /** Outdated hosts without a successor that may have one now; none while earlier replacements are under way. */
  | { kind: 'Rolls'; next: FleetHost[]; left: number }
  /** `why`: a clause. */
  | { kind: 'Paused' | 'Waits'; why: string; left: number };

/** What a pool must be before hosts are bought for outdated ones; what it is not is the reason to wait. */
export interface Standing {
  wanted: number;
  /** Bought hosts that stay and are not proven down. */
  good: readonly FleetHost[];
  /** Bought hosts on their way out; those in quarantine are not. */
  leaving: readonly FleetHost[];
  /** Why nothing of the pool is changed at all, as a clause. */
  stopped?: string | undefined;
  /** Why no further host is bought for an outdated one, as a clause; those that were go on. */
  trouble?: string | undefined;
  /** Hosts that may be created beside all that exist. */
  room: number;
}

/**
 * Which outdated hosts get a successor now: in a pool in which all that is wanted serves, so many at a time that no more
 * than `rollSurge` servers exist above that, those that drain included. Pure.
 */
export function judgeRoll(fleet: Fleet, { wanted, good, leaving, stopped, trouble, room }: Standing): RollVerdict {
  const rolled = good.filter(isRolled);
  const left = rolled.length;
  if (left === 0 && !leaving.some(isRolled)) return { kind: 'None' };
  if (fleet.rollPaused) return { kind: 'Paused', why: 'it is paused', left };
  if (stopped !== undefined) return { kind: 'Waits', why: stopped, left };
  const surge = surgeHosts(good);
  const waiting = rolled.filter(({ key }) => !surge.some(({ replaces }) => replaces === key.name));
  const slots = wanted + fleet.rollSurge - good.length - leaving.length;
  const serving = good.filter(serves).length;
  if (waiting.length === 0 || slots <= 0) return { kind: 'Rolls', next: [], left };
  if (trouble !== undefined) return { kind: 'Waits', why: trouble, left };
  if (serving < wanted) return { kind: 'Waits', why: `${serving} of the ${wanted} bought hosts that are wanted serve`, left };
  if (room <= 0) return { kind: 'Waits', why: noRoom(fleet), left };
  return { kind: 'Rolls', next: waiting.slice(0, Math.min(slots, room)), left };
}

function noRoom({ hosts, maxReplicas, rollSurge }: Fleet): string {
  const apart = hosts.filter(isApart).length;
  const kept = apart === 0 ? '' : `, release one of the ${apart} in quarantine`;
  return `there is no room above the hosts that serve: raise maxReplicas (${maxReplicas}) by ${rollSurge}${kept}, or roll when fewer are wanted`;
}
