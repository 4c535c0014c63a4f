import { ADOPTED_ANNOTATION, type HostPool, type KamalHost, PROTECTED_ANNOTATION, QUARANTINED_ANNOTATION, REPLACES_ANNOTATION, ROLL_PAUSED_ANNOTATION, keyOf } from '../api/index.ts';
import {
  BOOTING, type Billing, type Fleet, type FleetHost, type HostCounts, type Instant, LEAVING, type ProviderName, type Server,
  fromTimestamp, seconds,
} from '../model/index.ts';
import { isQuarantined } from '../report/kept-hosts.ts';
import { outdatedBy } from './outdated.ts';

const WARMING_SECONDS = 60;
const ADOPTION_SECONDS = 600;

/** What a pool's plan must know of providers. */
export interface ProviderTraits {
  billing: (provider: ProviderName) => Billing;
  /** It has been away for a while. */
  stranded: (provider: ProviderName) => boolean;
}

/** Joins a pool, its hosts and the servers that none of them owns into what the plan reads. Pure. */
export function assembleFleet(
  pool: HostPool, hosts: readonly KamalHost[], unowned: { all: readonly Server[]; returning: readonly Server[] }, fixedDown: number, providers: ProviderTraits, now: Instant,
): Fleet {
  const key = keyOf(pool);
  const fleet: Fleet = {
    pool: key,
    asOf: now,
    fixedHosts: pool.spec.fixedHosts?.length ?? 0,
    hosts: hosts.map((host) => fleetHost(pool, host, providers, now)),
    unownedServers: unowned.all.length,
    returningServers: unowned.returning.length,
    unownedSlots: unowned.all.flatMap(({ name }) => slotIn(name, key.name) ?? []),
    maxReplicas: pool.spec.maxReplicas,
    maxSurge: pool.spec.limits.maxSurge,
    rollSurge: pool.spec.rollout.maxSurge,
    rollPaused: pool.metadata.annotations?.[ROLL_PAUSED_ANNOTATION] === 'true',
    maxUnhealthyPercent: pool.spec.limits.maxUnhealthyPercent,
    fixedDown,
    adoptedLately: hosts.some((host) => justAdopted(host, now)),
    failedStarts: pool.status?.startFailures ?? 0,
    placements: pool.spec.placements.map(({ name }) => name),
    paused: pool.spec.paused,
  };
  // What would be bought while no host may join would only wait, and cost.
  const held = [pool.status?.startBackoffUntil, pool.status?.joinHold?.until].flatMap((until) => fromTimestamp(until) ?? []);
  return held.length === 0 ? fleet : { ...fleet, startBackoffUntil: Math.max(...held) };
}

function fleetHost(pool: HostPool, host: KamalHost, { billing, stranded }: ProviderTraits, now: Instant): FleetHost {
  const { status = {}, metadata, spec } = host;
  const launchedAt = fromTimestamp(status.launchedAt);
  const result: FleetHost = {
    key: keyOf(host),
    slot: spec.slot,
    phase: status.phase ?? 'Pending',
    intent: spec.intent,
    health: status.health === 'Unhealthy' ? 'Unhealthy' : 'Healthy',
    protected: metadata.annotations?.[PROTECTED_ANNOTATION] === 'true',
    quarantined: metadata.annotations?.[QUARANTINED_ANNOTATION] === 'true',
    deleting: metadata.deletionTimestamp !== undefined,
    createdAt: fromTimestamp(metadata.creationTimestamp) ?? now,
    billing: status.provider === undefined ? 'None' : billing(status.provider as ProviderName),
  };
  const outdated = outdatedBy(host, pool, now);
  const optional = {
    outdated: outdated?.rolls === true ? outdated.why : undefined,
    stranded: isStranded(host, stranded) ? true : undefined,
    failsChecks: failsChecks(host, pool, now) ? true : undefined,
    launchedAt, placement: status.placement, unhealthySince: fromTimestamp(status.unhealthySince), replaces: metadata.annotations?.[REPLACES_ANNOTATION],
    drainingSince: status.phase === 'Draining' ? fromTimestamp(status.phaseSince) : undefined,
  };
  return Object.assign(result, Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)));
}

/** Its last order went to a cloud that is away, and no server of it was seen. */
const isStranded = ({ status }: KamalHost, away: (provider: ProviderName) => boolean): boolean =>
  status?.phase === 'Provisioning' && status.provider !== undefined && status.providerID === undefined && away(status.provider as ProviderName);

/**
 * A store that was lost or restored may want a number of yesterday: what serves today is not drained for it before a
 * policy, or a person, had the time to say another one.
 */
const justAdopted = ({ metadata }: KamalHost, now: Instant): boolean =>
  metadata.annotations?.[ADOPTED_ANNOTATION] !== undefined && Math.abs(now - (fromTimestamp(metadata.creationTimestamp) ?? 0)) < seconds(ADOPTION_SECONDS);

/** It served, and has been out of service for as long as a host that is down is given; a drain that was taken back is over sooner. */
export function failsChecks({ status }: KamalHost, { spec }: HostPool, now: Instant): boolean {
  if (status?.inServiceAt === undefined || (status.phase !== 'Deploying' && status.phase !== 'Joining')) return false;
  return now - (fromTimestamp(status.phaseSince) ?? now) >= seconds(spec.health.unhealthyAfterSeconds);
}

/** The slot in a host's or server's name of this pool; undefined for a name of another form. */
export function slotIn(name: string, pool: string): number | undefined {
  const digits = name.startsWith(`${pool}-`) ? /^(\d{1,6})-[a-z0-9]+$/.exec(name.slice(pool.length + 1))?.[1] : undefined;
  return digits === undefined ? undefined : Number(digits);
}

/** Hosts by what they can do now. Hosts that are to leave are draining from the moment of their intent. */
export function countHosts(pool: HostPool, hosts: readonly KamalHost[], now: Instant): HostCounts {
  const fixed = pool.spec.fixedHosts?.length ?? 0;
  const leaving = hosts.filter(isLeaving);
  const staying = hosts.filter((host) => !isLeaving(host) && !isQuarantined(host));
  const serving = staying.filter(({ status }) => status?.phase === 'InService');
  return {
    inService: fixed + serving.length,
    warming: serving.filter((host) => isWarming(host, now)).length,
    booting: staying.filter(({ status }) => BOOTING.includes(status?.phase ?? 'Pending')).length,
    draining: leaving.length,
  };
}

/** On its way out, or told to go. One that was just released from quarantine comes back. */
export function isLeaving(host: KamalHost): boolean {
  const { spec, metadata, status } = host;
  if (isQuarantined(host)) return false;
  return spec.intent === 'Drain' || metadata.deletionTimestamp !== undefined || (status?.phase !== 'Quarantined' && LEAVING.includes(status?.phase ?? 'Pending'));
}

export const isWarming = (host: KamalHost, now: Instant): boolean =>
  now - (fromTimestamp(host.status?.inServiceAt) ?? now) < seconds(WARMING_SECONDS);
