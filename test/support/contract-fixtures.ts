/** Clouds and deployers over real host processes, as the contract suites want them. */
import { randomUUID } from 'node:crypto';
import type { HostSettings } from '../../controller/act/cloud/local/host/settings.ts';
import { createLocalProvider } from '../../controller/act/cloud/local/provider.ts';
import { createLocalDeployer } from '../../controller/act/deploy/local.ts';
import { serverURL } from '../../controller/model/index.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import type { CloudUnderTest } from './cloud-contract.ts';
import type { DeployerUnderTest } from './deployer-contract.ts';
import { startLocalWorld } from './local-world.ts';
import { until as untilReal } from './real/until.ts';

const until = <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => untilReal(what, look, { everyMs: 20, deadlineMs: 15_000 });

export async function localCloudUnderTest(): Promise<CloudUnderTest> {
  const world = await startLocalWorld();
  return {
    provider: createLocalProvider({ table: world.table, clock: systemClock, newID: randomUUID, maxServers: 3 }),
    placement: { name: 'here', provider: 'Local', local: { bootMilliseconds: 100 } },
    capacity: 3, whenFull: 'Quota', secondCreate: 'AnotherServer', until,
    async kill({ name, ports }) {
      process.kill(await pidAt(world.folder, name, ports?.control), 'SIGKILL');
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

async function pidAt(folder: string, name: string, control: number | undefined): Promise<number> {
  const { readPart, recordedIDs } = await import('../../controller/act/cloud/local/record-files.ts');
  for (const id of await recordedIDs(folder)) {
    const [ports, process] = await Promise.all([readPart<{ control: number }>(folder, id, 'ports'), readPart<{ pid: number }>(folder, id, 'process')]);
    if (ports?.control === control && process !== undefined) return process.pid;
  }
  throw new Error(`no process of ${name}`);
}

export async function localDeployerUnderTest(settings: Partial<HostSettings>): Promise<DeployerUnderTest> {
  const world = await startLocalWorld({ fixedHosts: 3, settings });
  return {
    deployer: createLocalDeployer({ control: world.control, clock: systemClock, deployTimeoutSeconds: 5 }),
    hosts: world.fixedHosts,
    nowhere: { address: '127.0.0.1', ports: { http: 1, control: 1 } },
    request: async (endpoint, path) => (await fetch(serverURL(endpoint) + path)).status,
    starts: async (endpoint) => (await world.control.facts(endpoint)).app?.starts ?? 1,
    until,
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}
