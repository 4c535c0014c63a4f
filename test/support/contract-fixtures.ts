/** Clouds and deployers over real host processes, as the contract suites want them. */
import { randomUUID } from 'node:crypto';
import type { HostSettings } from '../../controller/act/cloud/local/host/settings.ts';
import { readPart, recordedIDs } from '../../controller/act/cloud/local/record-files.ts';
import { createLocalProvider } from '../../controller/act/cloud/local/provider.ts';
import { createLocalDeployer } from '../../controller/act/deploy/local.ts';
import { type Endpoint, serverURL } from '../../controller/model/index.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import type { CloudUnderTest } from './cloud-contract.ts';
import type { DeployerUnderTest } from './deployer-contract.ts';
import { type LocalWorld, startLocalWorld } from './local-world.ts';
import { until as untilReal } from './real/until.ts';

const until = <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => untilReal(what, look, { everyMs: 20, deadlineMs: 15_000 });

export async function localCloudUnderTest(): Promise<CloudUnderTest> {
  const world = await startLocalWorld();
  return {
    provider: createLocalProvider({ table: world.table, clock: systemClock, newID: randomUUID, maxServers: 3 }),
    placement: { name: 'here', provider: 'Local', local: { bootMilliseconds: 100 } },
    capacity: 3, whenFull: 'Quota', secondCreate: 'AnotherServer', until, now: () => systemClock.now(),
    async kill({ name, ports }) {
      process.kill(await pidAt(world.folder, name, ports?.control), 'SIGKILL');
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

async function pidAt(folder: string, name: string, control: number | undefined): Promise<number> {
  for (const id of await recordedIDs(folder)) {
    const [ports, process] = await Promise.all([readPart<{ control: number }>(folder, id, 'ports'), readPart<{ pid: number }>(folder, id, 'process')]);
    if (ports?.control === control && process !== undefined) return process.pid;
  }
  throw new Error(`no process of ${name}`);
}

/** One world serves all tests of a contract: each finds hosts on which nothing runs. Close it after the last. */
export function localDeployersUnderTest(settings: Partial<HostSettings>): { make(): Promise<DeployerUnderTest>; close(): Promise<void> } {
  let world: Promise<LocalWorld> | undefined;

  return {
    async make() {
      const { control, fixedHosts } = await (world ??= startLocalWorld({ fixedHosts: 3, settings }));
      const startsBefore = new Map<Endpoint, number>();
      const starts = async (endpoint: Endpoint): Promise<number> => (await control.facts(endpoint)).starts;
      for (const host of fixedHosts) startsBefore.set(host, await starts(host));
      return {
        deployer: createLocalDeployer({ control, clock: systemClock, deployTimeoutSeconds: 5 }),
        hosts: fixedHosts,
        nowhere: { address: '127.0.0.1', ports: { http: 1, control: 1 } },
        request: async (endpoint, path) => (await fetch(serverURL(endpoint) + path)).status,
        starts: async (endpoint) => await starts(endpoint) - (startsBefore.get(endpoint) ?? 0),
        until,
        async [Symbol.asyncDispose]() {
          // Maintenance ends with the app alone.
          await Promise.all(fixedHosts.map((host) => control.stop(host)));
        },
      };
    },
    async close() {
      await (await world)?.[Symbol.asyncDispose]();
    },
  };
}
