import type { HostPool, KamalHost } from '../api/index.ts';
import { keyOf } from '../api/index.ts';
import { type ErrorClass, seconds, toTimestamp } from '../model/index.ts';
import type { HealthJudgement } from '../plan/index.ts';
import { isRelapse } from './boots.ts';
import type { Context } from './context.ts';

const LONGEST_BACKOFF_SECONDS = 3600;

/** Pause after so many failed starts in a row, in seconds. */
export const startBackoffSeconds = (failures: number, baseSeconds: number): number =>
  Math.min(LONGEST_BACKOFF_SECONDS, baseSeconds * 2 ** Math.min(20, Math.max(0, failures - 1)));

/**
 * Holds the pool's next purchase back, before the failed host is given up: a crash between the two writes counts a
 * failure twice, the other order would forget it, and a bad image would buy servers in a loop.
 */
export async function noteStartFailure(context: Context, pool: HostPool, host: KamalHost, failure: { class: ErrorClass; message: string }): Promise<void> {
  const failures = (pool.status?.startFailures ?? 0) + 1;
  const until = context.clock.now() + seconds(startBackoffSeconds(failures, pool.spec.limits.startBackoffSeconds));
  await context.store.updateStatus('HostPool', {
    ...pool, status: { ...pool.status, startFailures: failures, lastStartFailureAt: toTimestamp(context.clock.now()), startBackoffUntil: toTimestamp(until) },
  });
  context.meters.startFailed(keyOf(pool), failure.class);
  await context.store.recordEvent({
    kind: 'HostPool', key: keyOf(pool), uid: pool.metadata.uid, type: 'Warning', reason: 'StartFailed',
    message: `${host.metadata.name} did not come into service${host.status?.bootedAt === undefined ? '' : ' to stay'} (${failure.class}): ${failure.message}; next start not before ${toTimestamp(until)}`,
  });
}

/** A provider may take an order and find out later that it has nothing left: the next host is ordered elsewhere. */
export async function notePlacementFailure(context: Context, pool: HostPool, host: KamalHost, failure: { class: ErrorClass; message: string }): Promise<void> {
  const placement = pool.spec.placements.find(({ name }) => name === host.status?.placement);
  if (host.status?.phase !== 'Provisioning' || failure.class !== 'Capacity' || placement === undefined) return;
  await context.gate.noteRefused({ placement, pool: keyOf(pool), class: 'Capacity', message: failure.message, attempts: host.status?.createAttempts ?? 1 });
}

/** A host that is proven down minutes after it came up holds the next purchase back like one that never did. Before the verdict is stored, for the same reason. */
export async function noteRelapse(context: Context, pool: HostPool, host: KamalHost, judgement: HealthJudgement | undefined): Promise<void> {
  if (judgement?.health !== 'Unhealthy' || host.status?.health === 'Unhealthy' || !isRelapse(host, pool, context.clock.now())) return;
  await noteStartFailure(context, pool, host, { class: 'Unavailable', message: `it went down soon after it came into service: ${judgement.why}` });
}

/** The same for one whose server is lost before it has proven itself, such as to somebody who deletes what they do not know. */
export async function noteEarlyLoss(context: Context, pool: HostPool, host: KamalHost, why: string): Promise<void> {
  if (host.spec.intent === 'Drain' || host.metadata.deletionTimestamp !== undefined || host.status?.phase === 'Draining' || !isRelapse(host, pool, context.clock.now())) return;
  await noteStartFailure(context, pool, host, { class: 'NotFound', message: `its server was lost: ${why}` });
}
