import { type HostPool, type HostPoolStatus, type KamalHost, keyOf, keyText } from '../api/index.ts';
import { type Endpoint, type Instant, type RequestsFact, fromTimestamp, proxyServiceOf, seconds, toTimestamp } from '../model/index.ts';
import { type Answered, judgeErrors } from '../plan/index.ts';
import type { Context } from './context.ts';
import { fixedEndpoints, hostEndpoint } from './host-endpoint.ts';

type JoinHold = NonNullable<HostPoolStatus['joinHold']>;

/** So long after it came into service a host is a newcomer. */
const WATCHED_SECONDS = 600;
/** As long as people need to look, and short enough to try again by itself. */
const HOLD_SECONDS = 1800;
/** So many of those that serve for longer stand for them all. */
const MOST_SIBLINGS = 20;

/**
 * What hosts had answered when the watch over a newcomer began, by newcomer. In memory only: after a restart the watch
 * begins anew, which costs a verdict some seconds.
 */
export interface RequestBaselines {
  of(newcomer: string): Map<string, Answered>;
  /** Forgets all of a pool but these newcomers. */
  keep(pool: string, newcomers: readonly string[]): void;
}

export function createRequestBaselines(): RequestBaselines {
  const pools = new Map<string, Set<string>>();
  const baselines = new Map<string, Map<string, Answered>>();
  return {
    of(newcomer) {
      const known = baselines.get(newcomer) ?? new Map<string, Answered>();
      baselines.set(newcomer, known);
      return known;
    },
    keep(pool, newcomers) {
      for (const name of pools.get(pool) ?? []) if (!newcomers.includes(name)) baselines.delete(name);
      if (newcomers.length === 0) pools.delete(pool);
      else pools.set(pool, new Set(newcomers));
    },
  };
}

interface Watched { name: string; version: string; stay: string; endpoint: Endpoint }

/**
 * Whether joins of a version are held back, for a newcomer of it that answers with clearly more errors than its siblings.
 * A hold ends by its time, and when the hosts that serve run another version.
 */
export async function holdJoins(context: Context, pool: HostPool, hosts: readonly KamalHost[]): Promise<JoinHold | undefined> {
  const now = context.clock.now();
  const serving = hosts.filter(({ status }) => status?.phase === 'InService');
  const held = pool.status?.joinHold;
  if (held !== undefined && stillHolds(held, serving, now)) return held;
  if (pool.spec.loadBalancer === undefined || pool.spec.paused) return undefined;

  const since = (host: KamalHost): Instant => fromTimestamp(host.status?.inServiceAt) ?? 0;
  const newcomers = serving.filter((host) => now - since(host) < seconds(WATCHED_SECONDS)).flatMap((host) => watchedOf(host, pool));
  context.baselines.keep(keyText(keyOf(pool)), newcomers.map(({ stay }) => stay));
  const veterans = [
    ...fixedEndpoints(pool),
    ...serving.filter((host) => now - since(host) >= seconds(WATCHED_SECONDS)).flatMap((host) => watchedOf(host, pool)),
  ].slice(0, MOST_SIBLINGS);
  if (newcomers.length === 0 || veterans.length === 0) return undefined;

  const counts = await countAll(context, pool, [...veterans, ...newcomers]);
  for (const newcomer of newcomers) {
    const why = verdictOn(context.baselines.of(newcomer.stay), newcomer.name, veterans.map(({ name }) => name), counts);
    if (why !== undefined) return { host: newcomer.name, version: newcomer.version, since: toTimestamp(now), until: toTimestamp(now + seconds(HOLD_SECONDS)), reason: why };
  }
  return undefined;
}

function stillHolds({ until, version }: JoinHold, serving: readonly KamalHost[], now: Instant): boolean {
  if (now >= (fromTimestamp(until) ?? 0)) return false;
  const versions = serving.flatMap(({ status }) => status?.version ?? []);
  return versions.length === 0 || versions.includes(version);
}

function watchedOf(host: KamalHost, pool: HostPool): Watched[] {
  const endpoint = hostEndpoint(host, pool);
  const { version, inServiceAt } = host.status ?? {};
  return endpoint === undefined || version === undefined ? [] : [{ name: host.metadata.name, version, stay: `${host.spec.hostID} ${inServiceAt} ${version}`, endpoint }];
}

async function countAll(context: Context, pool: HostPool, hosts: readonly { name: string; endpoint: Endpoint }[]): Promise<Map<string, RequestsFact>> {
  const service = proxyServiceOf(pool.spec.kamal);
  return new Map(await Promise.all(hosts.map(async ({ name, endpoint }) => [name, await context.probe.requests(endpoint, service)] as const)));
}

/** Each host is counted from when the watch began; one whose count fell was started anew and is counted from then. */
function verdictOn(baseline: Map<string, Answered>, name: string, veterans: readonly string[], counts: ReadonlyMap<string, RequestsFact>): string | undefined {
  const own = sinceBaseline(baseline, name, counts.get(name));
  const others = veterans.map((veteran) => sinceBaseline(baseline, veteran, counts.get(veteran)));
  const siblings = others.reduce((sum, { requests, errors }) => ({ requests: sum.requests + requests, errors: sum.errors + errors }), { requests: 0, errors: 0 });
  const verdict = judgeErrors(name, own, siblings);
  return verdict.kind === 'Exceeds' ? verdict.why : undefined;
}

function sinceBaseline(baseline: Map<string, Answered>, name: string, fact: RequestsFact | undefined): Answered {
  if (fact?.kind !== 'Count') return { requests: 0, errors: 0 };
  const before = baseline.get(name);
  if (before === undefined || fact.requests < before.requests || fact.errors < before.errors) {
    baseline.set(name, { requests: fact.requests, errors: fact.errors });
    return { requests: 0, errors: 0 };
  }
  return { requests: fact.requests - before.requests, errors: fact.errors - before.errors };
}
