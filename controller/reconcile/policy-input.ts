import { type HostPool, type KamalHost, type ScalingPolicy, keyOf } from '../api/index.ts';
import { type EvaluateInput, seasonLoad, seasonRule } from '../decide/index.ts';
import { type Billing, ClassifiedError, type Constraint, type HostCounts, type Instant, type LoadHistory, type Observation, type ProviderName, fromTimestamp, leadSeconds } from '../model/index.ts';
import type { MetricQuery } from '../ports/index.ts';
import { type Floors, scheduleFloors } from '../schedules/floors.ts';
import type { Context } from './context.ts';

/** What was read of the world for one evaluation. */
export interface Seen {
  policy: ScalingPolicy;
  pool: HostPool;
  hosts: readonly KamalHost[];
  counts: HostCounts;
  queries: readonly MetricQuery[];
  observations: readonly Observation[];
  floors: Floors;
  /** Of the pool, of budgets and of providers. */
  limits: readonly Constraint[];
}

/** All that the engine is given but its own state. */
export async function policyInput(context: Context, seen: Seen): Promise<Omit<EvaluateInput, 'engineState'>> {
  const { policy, pool, hosts, counts, observations, floors, limits } = seen;
  const now = context.clock.now();
  const bootSeconds = pool.status?.bootSeconds ?? [];
  return {
    policy: policy.spec,
    observations,
    hosts: counts,
    replicas: pool.spec.replicas,
    constraints: [...limits, ...floors(now, leadSeconds(bootSeconds, policy.spec.intervalSeconds))],
    ...tariff(context, hosts),
    bootSeconds,
    drainSeconds: pool.spec.drain.timeoutSeconds,
    history: await historyOf(context, seen),
    now,
  };
}

/** A source that keeps a past of totals is asked for it once; from then on, and without such a source, each evaluation is remembered. */
async function historyOf({ loadHistories, metrics }: Context, { policy, counts, queries, observations }: Seen): Promise<LoadHistory | undefined> {
  const rule = seasonRule(policy.spec);
  const query = queries.find(({ metric }) => metric === rule?.name);
  if (rule === undefined || query === undefined || policy.spec.prediction.mode === 'Off') return undefined;
  return await loadHistories.record(keyOf(policy), seasonLoad(rule, observations, counts), async () => (rule.aggregation === 'Sum' ? await metrics.readPast?.(query) : undefined));
}

const read = new WeakMap<ScalingPolicy['spec'], Floors | string>();

/**
 * The floors of a policy's schedules, or what is wrong with them. Reading a cron expression takes longer than a decision,
 * so it is done once for each version of a policy.
 */
export function floorsOf({ spec }: ScalingPolicy): Floors | string {
  const known = read.get(spec);
  if (known !== undefined) return known;
  const floors = readFloors(spec);
  read.set(spec, floors);
  return floors;
}

function readFloors(spec: ScalingPolicy['spec']): Floors | string {
  try {
    return scheduleFloors(spec.schedules);
  } catch (error) {
    if (error instanceof ClassifiedError && error.class === 'Invalid') return `${error.message}: ${error.mend ?? ''}`;
    throw error;
  }
}

/** How bought hosts are charged, and when the paid hours of those in service began; one that is charged by the hour decides. */
function tariff({ providers }: Context, hosts: readonly KamalHost[]): { billing: Billing; launchedAt: Instant[] } {
  const bought = hosts.map(({ metadata, status }) => ({
    phase: status?.phase,
    billing: status?.provider === undefined ? 'None' : providers[status.provider as ProviderName]?.billing ?? 'None',
    at: fromTimestamp(status?.launchedAt) ?? fromTimestamp(metadata.creationTimestamp),
  }));
  const billing = (['Hour', 'Second'] as const).find((granularity) => bought.some((host) => host.billing === granularity)) ?? 'None';
  const charged = bought.filter((host) => host.billing === billing && host.phase === 'InService');
  return { billing, launchedAt: charged.flatMap(({ at }) => at ?? []) };
}
