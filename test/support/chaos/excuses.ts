/** What people and bad luck are behind: each excuses exactly what it can cause, and only for as long as it can. */
import type { Instant } from '../../../controller/model/index.ts';

export interface Excuses {
  /** Requests that this host drops, and that it was made a member although it does not answer. Hosts go by name and by URL. */
  host(names: readonly string[], until: Instant): void;
  /** Runs that begin, go on or are met without the lock, or beside each other. */
  lock(until: Instant): void;
  /** Everything: the store is another one, and what it says may be old. */
  all(until: Instant): void;
  /** The controller's clock was stepped: waits by it were too short. */
  clock(until: Instant): void;
  /** Whoever owned this UID was made to forget it, or it was ordered by a process that another had replaced. */
  identity(hostID: string): void;
  coversDrop(sentence: string, now: Instant): boolean;
  coversRun(now: Instant): boolean;
  coversHost(name: string, now: Instant): boolean;
  /** Something that was to be waited for, such as lists that come late, was not. */
  coversWait(now: Instant): boolean;
  coversLoss(hostID: string, now: Instant): boolean;
}

export function createExcuses(): Excuses {
  const hosts = new Map<string, Instant>();
  const identities = new Set<string>();
  let lockUntil = -Infinity;
  let allUntil = -Infinity;
  let clockUntil = -Infinity;

  const coversHost = (name: string, now: Instant): boolean => now < allUntil || now < (hosts.get(name) ?? -Infinity);
  return {
    host: (names, until) => names.forEach((name) => hosts.set(name, Math.max(until, hosts.get(name) ?? until))),
    lock: (until) => { lockUntil = Math.max(lockUntil, until); },
    all: (until) => { allUntil = Math.max(allUntil, until); },
    clock: (until) => { clockUntil = Math.max(clockUntil, until); },
    identity: (hostID) => void identities.add(hostID),
    coversHost,
    coversDrop: (sentence, now) => coversHost(sentence.split(' ', 1)[0] ?? '', now) || (sentence.includes('requests in flight') && now < clockUntil),
    coversRun: (now) => now < lockUntil || now < allUntil,
    coversWait: (now) => now < clockUntil,
    coversLoss: (hostID, now) => now < allUntil || now < clockUntil || identities.has(hostID),
  };
}
