/** What is there, by the word of those who have it: the cloud, Traefik, the hosts themselves. */
import { expect } from 'chai';
import { setTimeout as delay } from 'node:timers/promises';
import type { KamalHost } from '../../../controller/api/index.ts';
import type { Patience } from '../real/until.ts';
import { ask } from '../real-hosts/ask.ts';
import { frontOf } from './documents.ts';
import type { World } from './world.ts';

/** A bring-up on a machine that ten others share. */
export const BRING_UP: Patience = { deadlineMs: 180_000, everyMs: 250 };

/** Addresses to which Traefik sends a pool's requests, and what its probes say of them. */
export async function members(world: World, pool: string): Promise<Map<string, string>> {
  const service = await world.traefik.service(`${frontOf(pool)}@http`);
  return new Map((service?.loadBalancer?.servers ?? []).map(({ url }) => [new URL(url).hostname, service?.serverStatus?.[url] ?? 'UP']));
}

/** Waits until the own hosts of a pool are members and answer. */
export async function untilServed(world: World, pool: string, hostname: string, ownHosts: number): Promise<void> {
  await world.until(`${hostname} is served`, async () => (await members(world, pool)).size >= ownHosts && await answers(world, hostname), BRING_UP);
}

async function answers(world: World, hostname: string): Promise<boolean> {
  const { hostname: host, port } = new URL(world.traefik.url);
  return (await ask(host, '/', { host: hostname, port: Number(port) })).status === 200;
}

/** Waits for so many bought hosts in service and none in any other phase; answers them. */
export async function untilInService(world: World, pool: string, bought: number, patience: Patience = BRING_UP): Promise<KamalHost[]> {
  return await world.until(`${bought} bought hosts of ${pool} in service`, async () => {
    const hosts = await world.hosts(pool);
    return hosts.length === bought && hosts.every(({ status }) => status?.phase === 'InService') && hosts;
  }, patience);
}

/** Waits until nothing that was bought for a pool is left, at the cloud either. */
export async function untilAlone(world: World, pool: string): Promise<void> {
  await untilInService(world, pool, 0);
  await expectCloudMatches(world);
}

/** Each server of the cloud has its KamalHost and each KamalHost of this state its server, and each server its machine. */
export async function expectCloudMatches(world: World): Promise<void> {
  const hosts = await world.hosts();
  const servers = [...world.cloud.project.servers.values()];
  expect(servers.map(({ name }) => name).toSorted()).to.deep.equal(hosts.map(({ metadata }) => metadata.name).toSorted());
  expect(new Set(hosts.map(({ status }) => status?.providerID?.split(':').at(-1)))).to.deep.equal(new Set(servers.map(({ id }) => String(id))));
  await world.cloud.project.settled();
  const own = world.services().flatMap(({ ownHosts, jobHosts }) => [...ownHosts, ...jobHosts].map(({ name }) => name));
  expect(world.estate.rack.hosts().map(({ name }) => name).toSorted()).to.deep.equal([...own, ...servers.map(({ name }) => name)].toSorted());
}

/** Looks all the time for servers that are paid for without a KamalHost; none is allowed at any time. */
export function watchForOrphans(world: World): { stop(): Promise<string[]> } {
  const ending = new AbortController();
  const orphans = new Set<string>();
  const watching = (async () => {
    while (!ending.signal.aborted) {
      const before = await world.hosts().catch(() => undefined);
      const servers = [...world.cloud.project.servers.values()].map(({ name }) => name);
      const after = await world.hosts().catch(() => undefined);
      // A KamalHost is there before its server and goes after it.
      if (before !== undefined && after !== undefined) {
        const owners = new Set([...before, ...after].map(({ metadata }) => metadata.name));
        for (const name of servers) if (!owners.has(name)) orphans.add(name);
      }
      await delay(300, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  })();
  return {
    async stop() {
      ending.abort();
      await watching;
      return [...orphans];
    },
  };
}
