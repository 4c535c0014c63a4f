import type { HostPool, KamalHost } from '../api/index.ts';
import { type Endpoint, type HostFacts, wantedVersion } from '../model/index.ts';
import { isReady } from '../plan/index.ts';
import type { Context } from './context.ts';
import { FACT_NEEDS, wantsMachine } from './fact-needs.ts';
import { hostTarget } from './host-endpoint.ts';
import { observeFleet } from './observe-fleet.ts';

type Inspected = Pick<HostFacts, 'machine' | 'app' | 'fleet'>;

/** Asks the machine itself, and what it is held against, where its phase needs that. */
export async function inspectHost(context: Context, host: KamalHost, pool: HostPool, nothing: Inspected): Promise<Inspected> {
  const phase = host.status?.phase ?? 'Pending';
  const target = hostTarget(host, pool);
  if (target === undefined || !wantsMachine(phase, pool.spec.loadBalancer !== undefined)) return nothing;
  const fleet = FACT_NEEDS[phase].includes('fleet') ? await observeFleet(context, host, pool) : nothing.fleet;
  if (phase === 'InService') context.inspections.note(host.spec.hostID);
  return { ...await context.deployer.inspect(target, fleet), fleet };
}

/**
 * Whether a host in service is asked itself in this pass: at a calm pace, and at once where something speaks against it or
 * it is about to be mended. Facts that are not asked for are Unknown, and move nothing.
 */
export function asksServing(context: Context, host: KamalHost, { membership, probe }: Pick<HostFacts, 'membership' | 'probe'>): boolean {
  if (host.status?.lockClaim !== undefined || membership.kind === 'NoLoadBalancer') return true;
  return membership.kind === 'ListedDown' || probe.kind === 'Fails' || context.inspections.isDue(host.spec.hostID);
}

/** The pool's own questions, once nothing else keeps the host from joining: warm-ups cost the application work. */
export async function askBeforeJoin(context: Context, host: KamalHost, pool: HostPool, endpoint: Endpoint | undefined, facts: HostFacts): Promise<Pick<HostFacts, 'preJoin' | 'warmUp'>> {
  const { preJoin = [], warmUp = [] } = pool.spec.health;
  if (host.status?.phase !== 'Deploying' || pool.spec.roleKind === 'Job' || (preJoin.length === 0 && warmUp.length === 0)) return {};
  const ready = endpoint !== undefined && facts.operation.kind !== 'Running' && isReady(pool.spec.roleKind, facts);
  const answers = preJoin.length === 0 ? undefined : ready ? await context.probe.preJoin(endpoint, pool.spec.health) : { kind: 'Unknown' as const };
  const warms = ready && (answers === undefined || answers.kind === 'Answers');
  return {
    ...(answers === undefined ? {} : { preJoin: answers }),
    ...(warmUp.length === 0 ? {} : { warmUp: warms ? context.probe.warmUp(warmUpID(host, facts), endpoint, pool.spec.health) : 'NotBegun' as const }),
  };
}

/** Each time that a host comes up, and each version, is warmed up anew. */
const warmUpID = ({ spec, status }: KamalHost, facts: HostFacts): string => `${spec.hostID} ${status?.phaseSince} ${wantedVersion(facts)}`;
