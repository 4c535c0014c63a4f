import type { HostPool, KamalHost, KamalHostStatus } from '../api/index.ts';
import { type HostFacts, type Instant, fromTimestamp, toTimestamp } from '../model/index.ts';
import { type HealthJudgement, isReady, judgeHealth, judgeReturning } from '../plan/index.ts';
import { sameJSON, withHostStatus } from '../report/status.ts';
import { type Context, poolKeyOf } from './context.ts';
import { serverStatus } from './host-endpoint.ts';
import { tellHealth } from './host-events.ts';

/** Whether a host that serves, or did until it was seen down, must be replaced; undefined for others. */
export function judge(host: KamalHost, pool: HostPool, facts: HostFacts, now: Instant): HealthJudgement | undefined {
  const { phase, health, unhealthySince, inServiceAt } = host.status ?? {};
  const since = fromTimestamp(unhealthySince);
  const { unhealthyAfterSeconds } = pool.spec.health;
  if (phase === 'InService') return judgeHealth(facts, since, unhealthyAfterSeconds, now, health === 'Unhealthy' ? 'Unhealthy' : 'Healthy');
  const returning = inServiceAt !== undefined && (phase === 'Deploying' || phase === 'Joining');
  return returning ? judgeReturning(facts, since, unhealthyAfterSeconds, now) : undefined;
}

/** Puts what was seen into the status: address, version, boot, health. Written only when it changed. */
export async function noteFacts(context: Context, host: KamalHost, pool: HostPool, facts: HostFacts, judgement: HealthJudgement | undefined): Promise<KamalHost> {
  const now = context.clock.now();
  const change: Partial<KamalHostStatus> = { ...machineStatus(host, pool, facts), ...listingStatus(host, facts, now) };
  if (facts.server.kind === 'Found') Object.assign(change, serverStatus(facts.server.server, pool));
  if (facts.server.kind === 'Duplicate') Object.assign(change, serverStatus(facts.server.keep, pool));
  if (judgement !== undefined) {
    change.health = judgement.health;
    // Without evidence there is no time from which it counts: a partition must not start the clock.
    change.unhealthySince = judgement.since === undefined ? undefined : toTimestamp(judgement.since);
  }
  const changed = withHostStatus(host, change, now);
  if (sameJSON(changed.status, host.status)) return host;
  if (facts.server.kind === 'Found') await context.gate.noteAlive(host.spec.hostID, poolKeyOf(host), facts.server.server);
  const written = await context.store.updateStatus('KamalHost', changed);
  if (judgement !== undefined) await tellHealth(context, host, judgement.health, judgement.why);
  return written;
}

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
