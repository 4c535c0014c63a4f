import type { HostPool, HostPoolStatus, KamalHost } from '../api/index.ts';
import { type Instant, fromTimestamp, seconds } from '../model/index.ts';

const REMEMBERED = 20;
/** A boot that takes three times the longest of the last ones is no slow boot any more. */
const SLOW_FACTOR = 3;
/** No start deadline is longer: what seems to have taken more was measured by a clock that was stepped. */
const LONGEST_BOOT_SECONDS = 7200;
/** By how much longer the next host is given after each failed start in a row: a slow day is known only by those that were given up. */
const PATIENCE = 1.5;
/** A host that is proven down so soon after its first time in service never came up in earnest. */
const PROOF_SECONDS = 600;

interface Boot { at: Instant; text: string; seconds: number; placement: string | undefined }

/** Adds the boots that ended since the last pass to the pool's status. A pause after failed starts ends with them. */
export function learnBoots(pool: HostPool, hosts: readonly KamalHost[]): HostPool {
  const last = fromTimestamp(pool.status?.lastBootAt) ?? 0;
  const ended = hosts.flatMap(bootOf).filter((boot) => boot.at > last && boot.seconds <= LONGEST_BOOT_SECONDS).sort((a, b) => a.at - b.at);
  const newest = ended.at(-1)?.text;
  if (newest === undefined) return pool;
  const status = {
    ...pool.status, bootSeconds: [...(pool.status?.bootSeconds ?? []), ...ended.map((boot) => boot.seconds)].slice(-REMEMBERED),
    placementBoots: byPlacement(pool, ended), lastBootAt: newest,
  };
  delete status.startBackoffUntil;
  return { ...pool, status };
}

function bootOf({ metadata, status }: KamalHost): Boot[] {
  const at = fromTimestamp(status?.bootedAt);
  const created = fromTimestamp(metadata.creationTimestamp) ?? 0;
  return at === undefined || status?.bootedAt === undefined ? [] : [{ at, text: status.bootedAt, seconds: Math.max(0, Math.round((at - created) / seconds(0.1)) / 10), placement: status.placement }];
}

/** Placements that the pool no longer has are forgotten. */
function byPlacement({ spec, status }: HostPool, ended: readonly Boot[]): NonNullable<HostPoolStatus['placementBoots']> {
  return spec.placements.flatMap(({ name }) => {
    const known = status?.placementBoots?.find(({ placement }) => placement === name)?.bootSeconds ?? [];
    const bootSeconds = [...known, ...ended.filter(({ placement }) => placement === name).map((boot) => boot.seconds)].slice(-REMEMBERED);
    return bootSeconds.length === 0 ? [] : [{ placement: name, bootSeconds }];
  });
}

/**
 * Forgets failed starts once a host that came up after them has proven itself. At its first second in service would be too
 * early: hosts that come up and go down minutes later would be bought one after the other.
 */
export function forgiveStartFailures(pool: HostPool, hosts: readonly KamalHost[], now: Instant): HostPool {
  const { startFailures = 0, lastStartFailureAt } = pool.status ?? {};
  const failedAt = fromTimestamp(lastStartFailureAt) ?? 0;
  const proven = hosts.some(({ status }) => {
    const bootedAt = fromTimestamp(status?.bootedAt);
    return bootedAt !== undefined && bootedAt > failedAt && now - bootedAt >= seconds(PROOF_SECONDS) && status?.phase === 'InService' && status.health === 'Healthy';
  });
  return startFailures > 0 && proven ? { ...pool, status: { ...pool.status, startFailures: 0 } } : pool;
}

/**
 * Whether a host that goes down now, or loses its server, counts as a failed start after all: it had not proven itself,
 * and was made after the last failure. Of many that go down together only the first one counts.
 */
export function isRelapse({ metadata, status }: KamalHost, pool: HostPool, now: Instant): boolean {
  const bootedAt = fromTimestamp(status?.bootedAt) ?? now;
  return now - bootedAt < seconds(PROOF_SECONDS) && (fromTimestamp(metadata.creationTimestamp) ?? 0) >= (fromTimestamp(pool.status?.lastStartFailureAt) ?? 0);
}

/** Time from create to in service that a host is given: as written, longer where starts were slow or given up, within the pool's limits. */
export function startTimeoutSeconds({ spec, status }: HostPool, placement: string | undefined): number {
  const { startTimeoutSeconds: written, maxStartTimeoutSeconds } = spec.limits;
  const boots = status?.placementBoots?.find((known) => known.placement === placement)?.bootSeconds ?? [];
  const patient = written * PATIENCE ** Math.min(10, status?.startFailures ?? 0);
  return Math.max(written, Math.min(maxStartTimeoutSeconds, Math.ceil(Math.max(patient, SLOW_FACTOR * Math.max(0, ...boots)))));
}
