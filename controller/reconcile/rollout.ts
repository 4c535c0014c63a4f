import { type HostPool, type HostPoolStatus, type KamalHost, PROTECTED_ANNOTATION, REPLACES_ANNOTATION, ROLL_ANNOTATION, keyOf } from '../api/index.ts';
import { type Instant, toTimestamp } from '../model/index.ts';
import type { RollVerdict } from '../plan/index.ts';
import { isQuarantined } from '../report/kept-hosts.ts';
import { type RollSeen, keptText } from '../report/roll-report.ts';
import { isLeaving } from './assemble-fleet.ts';
import type { Context } from './context.ts';
import { activeRoll, missesRoll, outdatedBy } from './outdated.ts';

/** What bought hosts are made from, for the report, and how far a roll is, for the status. Pure. */
export function observeRollout(pool: HostPool, hosts: readonly KamalHost[], verdict: RollVerdict, now: Instant): { seen: RollSeen; rollout: NonNullable<HostPoolStatus['rollout']> } {
  const staying = hosts.filter((host) => !isLeaving(host));
  const outdated = staying.flatMap((host) => {
    const why = outdatedBy(host, pool, now)?.why;
    return why === undefined ? [] : [{ host, why }];
  });
  const updated = staying.length - outdated.length;
  const before = pool.status?.rollout;
  const asked = pool.metadata.annotations?.[ROLL_ANNOTATION];
  const startedAt = before?.requested === asked ? before?.startedAt : toTimestamp(now);
  const ended = activeRoll(pool) !== undefined && !hosts.some((host) => keptBy(host) === undefined && missesRoll(host, pool));
  const names = new Set(outdated.map(({ host }) => host.metadata.name));
  return {
    seen: {
      pool: pool.metadata.name, verdict, updated, outdated: outdated.length, reasons: [...new Set(outdated.map(({ why }) => why))],
      kept: keptOf(outdated.map(({ host }) => host)), trouble: staying.flatMap((host) => troubleOf(host, names))[0],
    },
    rollout: {
      updated, outdated: outdated.length,
      ...(asked === undefined || startedAt === undefined ? {} : { requested: asked, startedAt }),
      ...(before?.completed === undefined ? {} : { completed: before.completed, completedAt: before.completedAt }),
      ...(ended ? { completed: asked, completedAt: toTimestamp(now) } : {}),
    },
  };
}

/** Whose mark keeps a host from being rolled; undefined for none. */
function keptBy(host: KamalHost): RollSeen['kept'][number]['by'] | undefined {
  if (isQuarantined(host)) return 'Quarantine';
  return host.metadata.annotations?.[PROTECTED_ANNOTATION] === 'true' ? 'Protection' : undefined;
}

const keptOf = (hosts: readonly KamalHost[]): RollSeen['kept'] => hosts.flatMap((host) => {
  const by = keptBy(host);
  return by === undefined ? [] : [{ name: host.metadata.name, by }];
});

/** A host that was bought for an outdated one and does not come up, such as for a budget that is used up. */
function troubleOf({ metadata, status }: KamalHost, outdated: ReadonlySet<string>): string[] {
  const replaces = metadata.annotations?.[REPLACES_ANNOTATION];
  if (replaces === undefined || !outdated.has(replaces) || status?.phase === 'InService' || status?.failure === undefined) return [];
  return [`${metadata.name}, which is to take the place of ${replaces}, does not come up: ${status.failure.message}`];
}

/** Tells people when a roll that they asked for begins and ends. */
export async function tellRollout(context: Context, pool: HostPool, hosts: readonly KamalHost[], rollout: NonNullable<HostPoolStatus['rollout']>): Promise<void> {
  const before = pool.status?.rollout;
  const tell = (reason: string, message: string): Promise<void> =>
    context.store.recordEvent({ kind: 'HostPool', key: keyOf(pool), uid: pool.metadata.uid, type: 'Normal', reason, message });
  if (rollout.requested !== before?.requested && rollout.requested !== undefined) await tell('RollStarted', `roll ${rollout.requested} was asked for: bought hosts are replaced, ${pool.spec.rollout.maxSurge} at a time`);
  if (rollout.completed !== before?.completed) await tell('RollCompleted', `every bought host was bought after roll ${rollout.completed} was asked for${keptText(keptOf(hosts.filter((host) => missesRoll(host, pool))))}`);
}
