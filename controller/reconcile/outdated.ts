import { createHash } from 'node:crypto';
import { ADOPTED_ANNOTATION, type HostPool, type KamalHost, ROLL_ANNOTATION } from '../api/index.ts';
import { type Instant, fromTimestamp, seconds } from '../model/index.ts';
import type { Placement } from '../ports/index.ts';

/** Why a bought host is not as one that is bought today, as a clause. `rolls`: it is to be replaced for that. */
export interface Outdated { why: string; rolls: boolean }

/**
 * Raised when a release hashes other fields than the last one, or gives a hashed field another default: hosts of another
 * version are not known to differ, and an update of the controller must not replace whole fleets.
 */
const HASH_VERSION = 1;

/** What a server of the placement is made from: all that takes a new server to change. Labels change in place, people's own machines are not made. */
export function templateHash({ spec: { ssh } }: HostPool, placement: Placement): string {
  const { name: _name, static: _machines, hetzner, ...rest } = placement;
  const { labels: _labels, ...server } = hetzner ?? {};
  const digest = createHash('sha256').update(canonical({ ...rest, hetzner: server, user: ssh.user })).digest('hex');
  return `${HASH_VERSION}-${digest.slice(0, 16)}`;
}

/** The roll that was asked for and has not ended. */
export function activeRoll({ metadata, status }: HostPool): string | undefined {
  const asked = metadata.annotations?.[ROLL_ANNOTATION];
  return asked === undefined || asked === '' || asked === status?.rollout?.completed ? undefined : asked;
}

const isBought = ({ metadata, status }: KamalHost): boolean =>
  (status?.createAttempts ?? 0) > 0 || status?.providerID !== undefined || metadata.annotations?.[ADOPTED_ANNOTATION] !== undefined;

/** It was bought before the roll that goes on was asked for. */
export function missesRoll(host: KamalHost, pool: HostPool): boolean {
  const roll = activeRoll(pool);
  return roll !== undefined && isBought(host) && host.status?.rollID !== roll;
}

/** Judges one bought host against its pool; undefined where nothing was bought yet or nothing speaks against it. */
export function outdatedBy(host: KamalHost, pool: HostPool, now: Instant): Outdated | undefined {
  const { metadata, status = {} } = host;
  if (!isBought(host)) return undefined;
  if (missesRoll(host, pool)) return { why: 'a roll was asked for after it was bought', rolls: true };
  const { strategy, maxAgeSeconds } = pool.spec.rollout;
  // The controller's own clock wrote the order: by an API server's that is behind, each host would be too old when it comes.
  const age = now - (fromTimestamp(status.lastCreateIntentAt) ?? fromTimestamp(metadata.creationTimestamp) ?? now);
  if (maxAgeSeconds !== undefined && age >= seconds(maxAgeSeconds)) return { why: `it is older than rollout.maxAgeSeconds ${maxAgeSeconds}`, rolls: true };
  const changed = templateChange(status, pool);
  return changed === undefined ? undefined : { why: changed, rolls: strategy === 'OnChange' };
}

/** A host of which nobody knows what it was made from, such as an adopted one, is not taken for changed. */
function templateChange({ templateHash: made, placement: name }: NonNullable<KamalHost['status']>, pool: HostPool): string | undefined {
  if (made === undefined || !made.startsWith(`${HASH_VERSION}-`)) return undefined;
  const placement = pool.spec.placements.find((candidate) => candidate.name === name);
  if (placement === undefined) return `its placement ${name} is no longer in the pool`;
  return templateHash(pool, placement) === made ? undefined : `its placement ${name} was changed after it was bought`;
}

/** JSON with keys in order, whoever wrote the object. */
const canonical = (value: unknown): string => JSON.stringify(value, (_key, part: unknown) =>
  (typeof part === 'object' && part !== null && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => a.localeCompare(b))) : part));
