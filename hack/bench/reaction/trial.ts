/** One step of the load, watched until its hosts are in service. */
import { setTimeout as delay } from 'node:timers/promises';
import type { HostPool, KamalHost } from '../../../controller/api/index.ts';
import { type Instant, type Phase, fromTimestamp } from '../../../controller/model/index.ts';
import type { Store } from '../../../controller/ports/index.ts';
import { until } from '../../../test/support/real/until.ts';
import { POOL } from './documents.ts';
import type { HostMarks, StepMarks } from './marks.ts';
import type { World } from './world.ts';

const DEADLINE_MILLISECONDS = 180_000;

/**
 * Waits until the world is calm and watched, steps at this part (0 to below 1) of the scrape interval, and waits for
 * the hosts; then the load is calm again, while the hosts may still leave. Throws when something does not come.
 */
export async function runTrial(world: World, hosts: number, phase: number): Promise<StepMarks> {
  const applied = Date.now();
  await world.apply(hosts);
  await until('no bought host and a calm decision', () => isCalm(world, hosts, applied), { deadlineMs: DEADLINE_MILLISECONDS, everyMs: 500 });
  await world.tap.readAfter(Date.now());
  await delay(phase * world.setup.source.intervalSeconds * 1_000);

  const watched = watchPool(world.store);
  try {
    const stepped = Date.now();
    world.step(hosts);
    const scraped = await world.tap.readAfter(stepped);
    await until(`${hosts} hosts in service`, () => watched.inService() === hosts, { deadlineMs: DEADLINE_MILLISECONDS, everyMs: 50 });
    const marks = await Promise.all(watched.hosts().map((host) => marksOf(host, world)));
    return { stepped, scraped, decided: watched.decidedAt(1 + hosts), hosts: marks };
  } finally {
    watched.close();
    world.calm();
  }
}

/** The policy of now was evaluated over a value, wants the fixed host alone, and that is all there is. */
async function isCalm({ store, decisionLog }: World, hosts: number, since: Instant): Promise<boolean> {
  const policy = await store.get('ScalingPolicy', POOL);
  if (policy?.spec.maxHosts !== 1 + hosts || (await store.list('KamalHost')).length > 0) return false;
  const [last] = await decisionLog.recent(POOL, 1);
  return last !== undefined && last.decision.time > since && last.decision.desired === 1 && last.observations.every(({ kind }) => kind === 'Value');
}

/** A host with the times at which its phases began. */
interface Seen {
  host: KamalHost;
  since: Partial<Record<Phase, Instant>>;
}

function watchPool(store: Store) {
  const seen = new Map<string, Seen>();
  const raised: { replicas: number; at: Instant }[] = [];
  const pools = store.watch('HostPool', ({ object }: { object: HostPool }) => {
    const replicas = object.spec.replicas ?? 0;
    if (raised.at(-1)?.replicas !== replicas) raised.push({ replicas, at: Date.now() });
  });
  const hosts = store.watch('KamalHost', ({ object: host }: { object: KamalHost }) => {
    const known = seen.get(host.metadata.uid) ?? { host, since: {} };
    seen.set(host.metadata.uid, known);
    known.host = host;
    const at = fromTimestamp(host.status?.phaseSince);
    if (host.status?.phase !== undefined && at !== undefined) known.since[host.status.phase] = at;
  });
  return {
    hosts: () => [...seen.values()],
    inService: () => [...seen.values()].filter(({ host }) => host.status?.phase === 'InService').length,
    decidedAt(replicas: number): Instant {
      const found = raised.find((change) => change.replicas >= replicas);
      if (found === undefined) throw new Error(`replicas never reached ${replicas}`);
      return found.at;
    },
    close() {
      pools.close();
      hosts.close();
    },
  };
}

async function marksOf({ host, since }: Seen, world: World): Promise<HostMarks> {
  const { providerID, launchedAt } = host.status ?? {};
  const created = fromTimestamp(launchedAt);
  const { Deploying: deploying, Joining: joining, InService: inService } = since;
  if (providerID === undefined || created === undefined || deploying === undefined || joining === undefined || inService === undefined) {
    throw new Error(`${host.metadata.name} came into service without its times: ${JSON.stringify(since)}`);
  }
  return { created, booted: await world.bootedAt(providerID), deploying, joining, inService };
}
