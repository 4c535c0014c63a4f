import type { HostPool, KamalHost } from '../api/index.ts';
import { POOL_LABEL } from '../api/index.ts';
import { type HostCounts, type Instant, fromTimestamp } from '../model/index.ts';
import type { ConditionDraft } from './conditions.ts';
import { isQuarantined, keptConditions } from './kept-hosts.ts';
import { type LockSeen, lockCondition } from './lock-report.ts';
import { type RollSeen, rollCondition, rollText } from './roll-report.ts';
import type { PoolReport } from './status.ts';

type State = PoolReport['state'];

/** What a pass saw beside the hosts. */
export interface Seen {
  /** What is in the way of the whole pool. */
  problem: string | undefined;
  /** Servers without a KamalHost that are about to be adopted. */
  returning: number;
  /** Whether unhealthy hosts are replaced. */
  replacement: ReplacementSeen;
  /** How far the replacement of outdated hosts is. */
  roll: RollSeen;
  /** Kamal's deploy lock, where the pool's hosts need it and somebody has looked. */
  lock?: LockSeen | undefined;
  placements: readonly { kind: 'Usable' | 'Unusable' | 'Unknown' | 'Away'; why?: string }[];
  /** Load balancers that cannot be asked or told, as clauses; absent for roles without one. */
  unreached?: readonly string[] | undefined;
}

/** What a plan says of replacing; `why` and `liftedBy` are clauses. */
export type ReplacementSeen =
  | { kind: 'Allowed'; placementDown?: string }
  | { kind: 'Held'; reason: string; why: string; liftedBy: string };

/** What an operator asks at three in the morning, from the pool, its hosts and what is in the way. Pure. */
export function poolReport(pool: HostPool, hosts: readonly KamalHost[], counts: HostCounts, seen: Seen, now: Instant): PoolReport {
  const total = counts.inService + counts.booting;
  const stuck = seen.problem === undefined ? heldReason(seen.replacement) ?? stuckReason(pool, hosts, now) : { reason: 'NeedsAttention', message: seen.problem };
  const { state, reason } = stateOf(pool, hosts, counts, total, stuck?.message, seen);
  return {
    replicas: total,
    readyReplicas: counts.inService,
    bootingReplicas: counts.booting,
    drainingReplicas: counts.draining,
    quarantinedReplicas: hosts.filter(isQuarantined).length,
    fixedReplicas: pool.spec.fixedHosts?.length ?? 0,
    selector: `${POOL_LABEL}=${pool.metadata.name}`,
    state, reason,
    conditions: [
      ...conditionsOf(pool, counts, stuck, state, reason), placementsCondition(seen.placements), joinsCondition(pool), replacementCondition(seen.replacement), rollCondition(seen.roll), ...keptConditions(pool, hosts, total),
      ...rollbackCondition(pool, hosts), ...balancersCondition(seen.unreached), ...(seen.lock === undefined ? [] : [lockCondition(seen.lock)]),
    ],
  };
}

/** A failed create or start of a host, the pause that followed one, or newcomers that answer with errors. `reason`: the class of the failure. */
function stuckReason(pool: HostPool, hosts: readonly KamalHost[], now: Instant): { reason: string; message: string } | undefined {
  const hold = pool.status?.joinHold;
  if (hold !== undefined) return { reason: 'JoinsHeld', message: holdText(hold) };
  const backoff = fromTimestamp(pool.status?.startBackoffUntil);
  const failing = hosts.find(({ status }) => status?.failure !== undefined && status.phase !== 'InService' && status.phase !== 'Quarantined');
  if (backoff !== undefined && backoff > now) {
    const cause = failing?.status?.failure;
    return { reason: cause?.class ?? 'StartFailed', message: `${pool.status?.startFailures ?? 1} failed starts, next not before ${pool.status?.startBackoffUntil}${cause === undefined ? '' : `: ${cause.class}: ${cause.message}`}` };
  }
  const failure = failing?.status?.failure;
  return failure === undefined ? undefined : { reason: failure.class, message: `${failing?.metadata.name}: ${failure.class}: ${failure.message}` };
}

const holdText = ({ version, until, reason }: NonNullable<NonNullable<HostPool['status']>['joinHold']>): string =>
  `no host of version ${version} joins until ${until}: ${reason}; it left the load balancers and stays to be looked at`;

function stateOf(pool: HostPool, hosts: readonly KamalHost[], counts: HostCounts, total: number, stuck: string | undefined, { returning, roll }: Pick<Seen, 'returning' | 'roll'>): { state: State; reason: string } {
  const wanted = pool.spec.replicas;
  if (pool.spec.paused) return { state: 'Paused', reason: 'spec.paused: nothing is changed until it is false' };
  if (stuck !== undefined) return { state: 'Stuck', reason: stuck };
  const unhealthy = hosts.filter(({ status }) => status?.unhealthySince !== undefined && (status.phase === 'InService' || status.phase === 'Deploying'));
  const [worst] = unhealthy;
  if (worst !== undefined) return { state: 'Replacing', reason: `${worst.metadata.name}: ${worst.status?.reason ?? 'unhealthy'}` };
  if (roll.verdict.kind === 'Rolls' && (wanted === undefined || total >= wanted)) return { state: 'Rolling', reason: rollText(roll) };
  if (wanted === undefined) return { state: 'Holding', reason: `spec.replicas is not set: the ${total} hosts that are there stay` };
  if (counts.booting > 0 || total < wanted) return { state: 'Growing', reason: `${counts.inService} of ${wanted} serve, ${counts.booting} on the way${returning > 0 ? `, ${returning} servers without a KamalHost are about to be adopted` : ''}` };
  const apart = hosts.filter(isQuarantined).length;
  const beside = apart === 0 ? '' : `, ${apart} in quarantine`;
  if (counts.draining > 0 || total > wanted) return { state: 'Shrinking', reason: `${counts.draining} draining, ${wanted} wanted${beside}` };
  return { state: 'Steady', reason: `${counts.inService} of ${wanted} serve${beside}` };
}

function conditionsOf(pool: HostPool, counts: HostCounts, stuck: { reason: string; message: string } | undefined, state: State, reason: string): ConditionDraft[] {
  const enough = pool.spec.replicas === undefined || counts.inService >= pool.spec.replicas;
  return [
    { type: 'Ready', status: enough ? 'True' : 'False', reason: enough ? 'HostsServe' : 'HostsMissing', message: `${counts.inService} hosts serve, ${pool.spec.replicas ?? 'as many as there are'} wanted` },
    { type: 'Progressing', status: state === 'Steady' || state === 'Holding' || state === 'Paused' ? 'False' : 'True', reason: state, message: reason },
    { type: 'Stuck', status: stuck === undefined ? 'False' : 'True', reason: stuck?.reason ?? 'NothingInTheWay', message: stuck?.message ?? 'no failure is known' },
  ];
}

function joinsCondition({ status }: HostPool): ConditionDraft {
  const hold = status?.joinHold;
  return hold === undefined
    ? { type: 'JoinsAllowed', status: 'True', reason: 'NothingAgainstThem', message: 'no newcomer is known to answer with more errors than its siblings' }
    : { type: 'JoinsAllowed', status: 'False', reason: 'ErrorsExceed', message: holdText(hold) };
}

/** Whether a host that is down is replaced; a cause that all share is a person's to find. */
export function replacementCondition(seen: ReplacementSeen): ConditionDraft {
  const type = 'ReplacementAllowed';
  if (seen.kind === 'Held') return { type, status: 'False', reason: seen.reason, message: `${seen.why}. Nothing is replaced: ${seen.liftedBy}` };
  return seen.placementDown === undefined
    ? { type, status: 'True', reason: 'FailuresAreSingle', message: 'hosts that are down are replaced' }
    : { type, status: 'True', reason: 'PlacementDown', message: `every host in placement ${seen.placementDown} is down, while hosts elsewhere serve: they are replaced in the other placements` };
}

function heldReason(seen: ReplacementSeen): { reason: string; message: string } | undefined {
  return seen.kind === 'Held' ? { reason: seen.reason, message: `${seen.why}. Nothing is replaced: ${seen.liftedBy}` } : undefined;
}

/** What serves goes on serving; but joins wait for it, and drains do for a while. */
function balancersCondition(unreached: readonly string[] | undefined): ConditionDraft[] {
  if (unreached === undefined) return [];
  const type = 'LoadBalancersReached';
  return [unreached.length === 0
    ? { type, status: 'True', reason: 'AllReached', message: 'every load balancer can be asked and has the newest membership' }
    : { type, status: 'False', reason: 'SomeUnreached', message: unreached.join('; ') }];
}

/** A rollback of the whole fleet exits with 0 and changes nothing where one host lacks its container. */
function rollbackCondition(pool: HostPool, hosts: readonly KamalHost[]): ConditionDraft[] {
  const known = hosts.flatMap(({ metadata, status }) => {
    const condition = status?.phase === 'InService' ? status.conditions?.find(({ type }) => type === 'RollbackReady') : undefined;
    return condition === undefined ? [] : [{ name: metadata.name, ready: condition.status === 'True' }];
  });
  const toldBefore = pool.status?.conditions?.some(({ type }) => type === 'RollbackReady') === true;
  if (toldBefore && !hosts.some(({ status }) => status?.phase === 'InService')) return [{ type: 'RollbackReady', status: 'True', reason: 'NoBoughtHosts', message: 'no bought host is in service' }];
  if (known.length === 0) return [];
  const missing = known.filter(({ ready }) => !ready).map(({ name }) => name);
  return [missing.length === 0
    ? { type: 'RollbackReady', status: 'True', reason: 'ContainersThere', message: 'every bought host has the container that kamal rollback starts' }
    : { type: 'RollbackReady', status: 'False', reason: 'ContainersMissing', message: `kamal rollback of the whole fleet would do nothing and exit with 0: ${missing.join(', ')} ${missing.length === 1 ? 'lacks' : 'lack'} its container; it is created as soon as the deploy lock is free` }];
}

/** A fallback that could never be bought from is told while nobody needs it yet. */
function placementsCondition(placements: Seen['placements']): ConditionDraft {
  const words = (kind: 'Unusable' | 'Unknown' | 'Away'): string => placements.flatMap((placement) => (placement.kind === kind && placement.why !== undefined ? [placement.why] : [])).join('; ');
  const type = 'PlacementsUsable';
  if (placements.some(({ kind }) => kind === 'Unusable')) return { type, status: 'False', reason: 'PlacementUnusable', message: words('Unusable') };
  if (placements.some(({ kind }) => kind === 'Away')) return { type, status: 'False', reason: 'ProviderAway', message: words('Away') };
  if (placements.some(({ kind }) => kind === 'Unknown')) return { type, status: 'Unknown', reason: 'NotChecked', message: words('Unknown') };
  return { type, status: 'True', reason: 'PlacementsChecked', message: 'nothing is known against any placement' };
}
