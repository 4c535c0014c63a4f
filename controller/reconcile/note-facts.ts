import type { HostPool, KamalHost, KamalHostStatus } from '../api/index.ts';
import { type HostFacts, type Instant, fromTimestamp, toTimestamp } from '../model/index.ts';
import { type HealthJudgement, identityProblem, isReady, judgeFlapping, judgeHealth, judgeReturning, unlikeFleet } from '../plan/index.ts';
import { type HostSeen, seenConditions } from '../report/host-report.ts';
import { sameJSON, withHostStatus } from '../report/status.ts';
import { type Context, poolKeyOf } from './context.ts';
import { pinnedKey, serverStatus } from './host-endpoint.ts';
import { tellHealth, tellTrouble } from './host-events.ts';

/** Whether a host that serves, or did until it was seen down, must be replaced; undefined for others. */
export function judge(host: KamalHost, pool: HostPool, facts: HostFacts, now: Instant): HealthJudgement | undefined {
  const { phase, health, unhealthySince, inServiceAt, leftServiceAt = [] } = host.status ?? {};
  const since = fromTimestamp(unhealthySince);
  const { unhealthyAfterSeconds } = pool.spec.health;
  const returning = inServiceAt !== undefined && (phase === 'Deploying' || phase === 'Joining');
  if (phase !== 'InService' && !returning) return undefined;
  const flapping = judgeFlapping(leftServiceAt.flatMap((at) => fromTimestamp(at) ?? []), unhealthyAfterSeconds, now);
  if (flapping !== undefined) return flapping;
  return returning ? judgeReturning(facts, since, unhealthyAfterSeconds, now) : judgeHealth(facts, since, unhealthyAfterSeconds, now, health === 'Unhealthy' ? 'Unhealthy' : 'Healthy');
}

/** Puts what was seen into the status: address, version, boot, health, what failed. Written only when it changed. */
export async function noteFacts(context: Context, host: KamalHost, pool: HostPool, facts: HostFacts, judgement: HealthJudgement | undefined): Promise<KamalHost> {
  const now = context.clock.now();
  const change: Partial<KamalHostStatus> = { ...machineStatus(host, pool, facts), ...listingStatus(host, facts, now), ...operationFailure(host, facts, now) };
  const seen = seenOf(host, pool, facts);
  if (facts.server.kind === 'Found') Object.assign(change, serverStatus(facts.server.server, pool));
  if (facts.server.kind === 'Duplicate') Object.assign(change, serverStatus(facts.server.keep, pool));
  if (judgement !== undefined) {
    change.health = judgement.health;
    // Without evidence there is no time from which it counts: a partition must not start the clock.
    change.unhealthySince = judgement.since === undefined ? undefined : toTimestamp(judgement.since);
  }
  const changed = withHostStatus(host, change, now, seenConditions(seen));
  if (sameJSON(changed.status, host.status)) return host;
  if (facts.server.kind === 'Found') await context.gate.noteAlive(host.spec.hostID, poolKeyOf(host), facts.server.server);
  const written = await context.store.updateStatus('KamalHost', changed);
  await tellTrouble(context, host, change.failure, seen.identityProblem);
  if (judgement !== undefined) await tellHealth(context, host, judgement.health, judgement.why);
  return written;
}

function seenOf(host: KamalHost, pool: HostPool, facts: HostFacts): HostSeen {
  const ownKey = pinnedKey(host);
  const view = { phase: host.status?.phase ?? 'Pending', ...(ownKey === undefined ? {} : { ownKey }) };
  return {
    name: host.metadata.name, facts, pinned: ownKey !== undefined,
    identityProblem: identityProblem(view, facts), unlikeFleet: unlikeFleet(pool.spec.roleKind, facts),
  };
}

/** A failed operation is noted once, as soon as it is seen: what people must mend should not wait for its next try. */
function operationFailure({ status }: KamalHost, { operation }: HostFacts, now: Instant): Partial<KamalHostStatus> {
  if (operation.kind === 'Succeeded' && status?.phase === 'InService') return { failure: undefined };
  if (operation.kind !== 'Failed' || status?.operation === undefined || isNoted(status)) return {};
  return { failure: { class: operation.class, message: operation.message, at: toTimestamp(now), count: (status.failure?.count ?? 0) + 1 } };
}

/** Whether the failure in the status is the one of the operation that was started last. */
export const isNoted = ({ failure, operation }: KamalHostStatus): boolean =>
  failure !== undefined && operation !== undefined && failure.at >= operation.startedAt && (failure.count ?? 0) > 0;

/** A boot of a host in service is noted only once what runs since then was found to be right. */
function machineStatus({ status }: KamalHost, pool: HostPool, facts: HostFacts): Partial<KamalHostStatus> {
  const { machine, app } = facts;
  const bootID = machine.kind === 'Ready' ? machine.bootID : undefined;
  const verified = status?.phase !== 'InService' || status.bootID === undefined || isReady(pool.spec.roleKind, facts);
  return {
    ...(app.kind === 'Running' || app.kind === 'Quiesced' ? { version: app.version } : {}),
    ...(bootID !== undefined && verified ? { bootID } : {}),
  };
}

function listingStatus({ status }: KamalHost, { membership }: HostFacts, now: Instant): Partial<KamalHostStatus> {
  switch (status?.phase) {
    case 'Draining': return { unlistedSince: membership.kind === 'NotListed' || membership.kind === 'NoLoadBalancer' ? status.unlistedSince ?? toTimestamp(now) : undefined };
    case 'Joining': return { listedUpSince: membership.kind === 'ListedUp' ? status.listedUpSince ?? toTimestamp(now) : undefined };
    default: return {};
  }
}
