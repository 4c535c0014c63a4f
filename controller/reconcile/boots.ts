import type { HostPool, KamalHost } from '../api/index.ts';
import { fromTimestamp, seconds } from '../model/index.ts';

const REMEMBERED = 20;

/** Adds the boots that ended since the last pass to the pool's status, and forgets start failures once a host came into service. */
export function learnBoots(pool: HostPool, hosts: readonly KamalHost[]): HostPool {
  const last = fromTimestamp(pool.status?.lastBootAt) ?? 0;
  const ended = hosts
    .map((host) => ({ at: fromTimestamp(host.status?.bootedAt) ?? 0, text: host.status?.bootedAt, created: fromTimestamp(host.metadata.creationTimestamp) ?? 0 }))
    .filter(({ at, text }) => text !== undefined && at > last)
    .sort((a, b) => a.at - b.at);
  const newest = ended.at(-1)?.text;
  if (newest === undefined) return pool;
  const boots = ended.map(({ at, created }) => Math.max(0, Math.round((at - created) / seconds(0.1)) / 10));
  const status = { ...pool.status, bootSeconds: [...(pool.status?.bootSeconds ?? []), ...boots].slice(-REMEMBERED), lastBootAt: newest, startFailures: 0 };
  delete status.startBackoffUntil;
  return { ...pool, status };
}
