/** Bring-ups of real hosts, from the number to hosts in service: one and ten at once, on a fresh and on a prepared server image. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Instant, fromTimestamp } from '../../../../controller/model/index.ts';
import { PROXY_IMAGE } from '../../../../test/support/real-hosts/images.ts';
import { findKamal } from '../../../../test/support/real-hosts/kamal.ts';
import { FRESH_IMAGE } from '../../../../test/support/real-hosts/rack.ts';
import { whatIsLacking, rootOnLinux } from '../../../../test/support/real/gate.ts';
import { placement, poolDocument } from '../../../../test/support/real-world/documents.ts';
import { untilAlone, untilInService, untilServed } from '../../../../test/support/real-world/fleet.ts';
import { expectNoneFailed, startRequests } from '../../../../test/support/real-world/load.ts';
import { STANDALONE_PARTS, type World, startRealWorld } from '../../../../test/support/real-world/world.ts';
import { HOSTS_AT_ONCE } from '../cases.ts';
import { type BringUp, type PhaseTimes, bringUpOf } from './spans.ts';
import { type ImageKind, type MeasuredBringUp, bringUpTable } from './table.ts';
import { type TimedKamal, timeKamal } from './timed-kamal.ts';

const SERVICE = 'shop';
const PREPARED = 'with-images';
/** About what a small Ruby application's image has beyond its base. */
const WEIGHT_MEGABYTES = 50;
const IMAGES: Readonly<Record<ImageKind, string>> = { fresh: FRESH_IMAGE, prepared: PREPARED };
/** The requests that show whether anybody noticed. */
const REQUESTS_A_SECOND = 20;
const LOOK_MILLISECONDS = 50;
const BRING_UP = { deadlineMs: 300_000, everyMs: 200 };

/** Measures and answers a report; where real hosts cannot be made, a line that says why not. */
export async function benchHosts(repeats: number, say: (line: string) => void): Promise<string> {
  const lacking = await whatIsLacking(STANDALONE_PARTS, [rootOnLinux]);
  if (lacking.length > 0) return `Bring-ups of real hosts were not measured: ${lacking.join('; ')}`;
  await using ending = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'timed-kamal-'));
  ending.defer(() => rm(folder, { recursive: true, force: true }));
  const timed = await timeKamal(await findKamal(), folder);
  await using world = await startRealWorld({
    kamal: timed.kamal,
    mode: 'Standalone',
    services: [{ service: SERVICE, ownHosts: ['one'], weightMegabytes: WEIGHT_MEGABYTES }],
    images: { [PREPARED]: [`acme/${SERVICE}:v1`, PROXY_IMAGE] },
  });
  const { hostname, ownHosts } = world.service(SERVICE);
  const results = HOSTS_AT_ONCE.flatMap((hosts) => (['fresh', 'prepared'] as const).map((image) => ({ image, hosts, bringUps: [] as BringUp[] })));
  let requests = 0;
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    for (const result of results) {
      await world.apply(poolDocument({ service: SERVICE, hostname, ownHosts, apiURL: world.traefik.apiUrl }, {
        maxReplicas: 1 + Math.max(...HOSTS_AT_ONCE), placements: [placement({ image: IMAGES[result.image] })],
        limits: { maxParallelDeploys: 10, startTimeoutSeconds: 300 } as never,
      }));
      await untilServed(world, SERVICE, hostname, 1);
      const stream = startRequests(world.traefik.url, hostname, REQUESTS_A_SECOND);
      const bringUp = await oneBringUp(world, timed, result.hosts);
      result.bringUps.push(bringUp);
      requests += await expectNoneFailed(stream);
      say(`${repeat + 1}/${repeats} real hosts, ${result.image} image, ${result.hosts} at once: ${Object.entries(bringUp).map(([name, seconds]) => `${name} ${seconds.toFixed(1)}`).join(', ')}`);
    }
  }
  return [`Real hosts, brought up by ${world.kamal.which}; an image of ${WEIGHT_MEGABYTES} MB; medians in seconds, of several hosts the slowest in each part`, '', bringUpTable(results satisfies MeasuredBringUp[]), '', `${requests} requests were sent meanwhile; none failed.`].join('\n');
}

async function oneBringUp(world: World, timed: TimedKamal, hosts: number): Promise<BringUp> {
  const watched = watchPhases(world);
  await world.scale(SERVICE, 1 + hosts);
  await untilInService(world, SERVICE, hosts, BRING_UP);
  const seen = await watched.end();
  const times = await Promise.all(seen.hosts.map(async ({ address, phases }) => ({ address, phases, machineReady: await world.estate.rack.host(address).cloudInitDone() })));
  const bringUp = bringUpOf(seen.askedFor(1 + hosts), times, await timed.runs());
  await world.scale(SERVICE, 1);
  await untilAlone(world, SERVICE);
  return bringUp;
}

interface Watched {
  hosts: { address: string; phases: PhaseTimes }[];
  /** When the pool was seen to want so many; a person's command takes a second beside that. */
  askedFor(replicas: number): Instant;
}

/** Looks often enough to see every phase; the times are the controller's own. */
function watchPhases(world: World): { end(): Promise<Watched> } {
  const ending = new AbortController();
  const seen = new Map<string, { address: string; phases: PhaseTimes }>();
  const wanted = new Map<number | undefined, Instant>();
  const look = async (): Promise<void> => {
    const { spec } = await world.pool(SERVICE);
    if (!wanted.has(spec.replicas)) wanted.set(spec.replicas, Date.now());
    for (const { metadata, status } of await world.hosts(SERVICE)) {
      const since = fromTimestamp(status?.phaseSince);
      if (status?.phase === undefined || since === undefined) continue;
      seen.set(metadata.uid, { address: status.address ?? '', phases: { ...seen.get(metadata.uid)?.phases, [status.phase]: since } });
    }
  };
  const watching = (async () => {
    while (!ending.signal.aborted) {
      await look();
      await delay(LOOK_MILLISECONDS);
    }
  })();
  return {
    async end() {
      ending.abort();
      await watching;
      await look();
      return {
        hosts: [...seen.values()],
        askedFor(replicas) {
          const at = wanted.get(replicas);
          if (at === undefined) throw new Error(`the pool was never seen to want ${replicas} hosts`);
          return at;
        },
      };
    },
  };
}
