import { ADOPTED_ANNOTATION, type HostPool, type KamalHost, type KamalHostStatus, QUARANTINED_ANNOTATION, keyOf } from '../api/index.ts';
import { type Instant, type Phase, type ProviderName, fromTimestamp } from '../model/index.ts';
import type { HostView, JoinHold } from '../plan/index.ts';
import { startTimeoutSeconds } from './boots.ts';
import type { Context } from './context.ts';
import { hostTarget, pinnedKey } from './host-endpoint.ts';
import { isFuture } from './present-times.ts';
import { isNoted } from './note-facts.ts';

/**
 * How late a server of this host may show. The last order alone counts: before it was sent, those that went elsewhere
 * had settled. So a cloud whose lists come late does not hold up the fallback for one whose lists do not.
 */
function settleSeconds({ providers }: Context, { status }: KamalHost, pool: HostPool): number {
  const asked = status?.provider === undefined ? pool.spec.placements.map(({ provider }) => provider) : [status.provider as ProviderName];
  return Math.max(0, ...asked.map((provider) => providers[provider]?.settleSeconds ?? 0));
}

/** One host with what its pool and provider add, as the lifecycle sees it. */
export async function viewHost(context: Context, host: KamalHost, pool: HostPool): Promise<HostView> {
  const status = host.status ?? {};
  const deleting = host.metadata.deletionTimestamp !== undefined;
  const target = hostTarget(host, pool);
  const view: HostView = {
    key: keyOf(host),
    hostID: host.spec.hostID,
    phase: status.phase ?? 'Pending',
    phaseSince: fromTimestamp(status.phaseSince) ?? context.clock.now(),
    createdAt: createdAt(host, context.clock.now()),
    intent: host.spec.intent,
    deleting,
    quarantined: host.metadata.annotations?.[QUARANTINED_ANNOTATION] === 'true',
    poolState: await poolState(context, host, pool, deleting),
    roleKind: pool.spec.roleKind,
    hasLoadBalancer: pool.spec.loadBalancer !== undefined,
    worksUnder: target !== undefined && context.deployer.needsLock(target) ? 'DeployLock' : 'NoLock',
    createAttempts: status.createAttempts ?? 0,
    settleSeconds: settleSeconds(context, host, pool),
    drainSeconds: pool.spec.drain.timeoutSeconds,
    silentSeconds: pool.spec.drain.silentLoadBalancerSeconds,
    startTimeoutSeconds: startTimeoutSeconds(pool, status.placement),
    healthIntervalSeconds: pool.spec.health.intervalSeconds,
    // The plan counts those before the one that it sees.
    operationFailures: Math.max(0, (status.failure?.count ?? 0) - (isNoted(status) ? 1 : 0)),
  };
  const optional = {
    lastCreateIntentAt: lastCreateAt(status), providerID: status.providerID ?? host.metadata.annotations?.[ADOPTED_ANNOTATION],
    listedUpSince: fromTimestamp(status.listedUpSince), drainDeadline: fromTimestamp(status.drainDeadline),
    drainOrigin: status.drainOrigin as Phase | undefined, joiningSince: fromTimestamp(status.joiningSince),
    ownKey: pinnedKey(host), bootID: status.bootID, joinHold: joinHoldOf(pool, context.clock.now()), replacementHeld: replacementHeldIn(pool), unlistedSince: fromTimestamp(status.unlistedSince),
    operation: status.operation === undefined ? undefined : { ...status.operation, startedAt: fromTimestamp(status.operation.startedAt) ?? context.clock.now() },
  };
  return Object.assign(view, Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)));
}

/** Of a host that was made while the clock was ahead nothing is known but its phase. */
function createdAt({ metadata: { creationTimestamp }, status }: KamalHost, now: Instant): Instant {
  const time = isFuture(creationTimestamp, now) ? status?.phaseSince : creationTimestamp;
  return fromTimestamp(time) ?? now;
}

function joinHoldOf({ status }: HostPool, now: Instant): JoinHold | undefined {
  const hold = status?.joinHold;
  return hold === undefined || now >= (fromTimestamp(hold.until) ?? 0) ? undefined : { host: hold.host, version: hold.version, why: hold.reason };
}

const replacementHeldIn = ({ status }: HostPool): string | undefined =>
  status?.conditions?.find(({ type, status: allowed }) => type === 'ReplacementAllowed' && allowed === 'False')?.message;

/** A host deleted by itself under a live pool drains; one that goes with its pool, namespace or kind is retained, unless the pool says Drain. */
async function poolState(context: Context, host: KamalHost, pool: HostPool, deleting: boolean): Promise<HostView['poolState']> {
  if (pool.spec.deletionPolicy === 'Retain') {
    if (pool.metadata.deletionTimestamp !== undefined) return 'Ending';
    if (deleting && await context.store.ending('KamalHost', host.metadata.namespace) !== 'No') return 'Ending';
  }
  return pool.spec.paused ? 'Paused' : 'Live';
}

/** When the last create call was intended, or ended where that was noted. */
export function lastCreateAt({ lastCreateIntentAt, lastCreateEndedAt }: KamalHostStatus): Instant | undefined {
  const [intended, ended] = [fromTimestamp(lastCreateIntentAt), fromTimestamp(lastCreateEndedAt)];
  return intended === undefined ? undefined : Math.max(intended, ended ?? intended);
}
