/** Local hosts as real processes of this machine: fixed ones, and a table in which a provider buys more. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostSettings } from '../../controller/act/cloud/local/host/settings.ts';
import type { HostRecord, ProcessTable } from '../../controller/act/cloud/local/process-table.ts';
import { createProcessTable } from '../../controller/act/cloud/local/processes.ts';
import type { HostControl } from '../../controller/act/deploy/host-control.ts';
import { createHttpHostControl } from '../../controller/act/deploy/http-host-control.ts';
import type { Endpoint } from '../../controller/model/index.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { until } from './real/until.ts';

export interface LocalWorld extends AsyncDisposable {
  folder: string;
  table: ProcessTable;
  control: HostControl;
  /** Hosts that nobody bought, named `fixed-1` and so on, booted and ready. */
  fixedHosts: readonly Endpoint[];
  /** Boots one more host that nobody bought, under this name and id. */
  addHost(name: string): Promise<Endpoint>;
}

export interface LocalWorldOptions {
  fixedHosts?: number;
  /** What the fixed hosts serve; absent: nothing yet. */
  serving?: { service: string; version: string };
  settings?: Partial<HostSettings>;
}

/** Its hosts end when it is disposed of and, at the latest, with this process. */
export async function startLocalWorld(options: LocalWorldOptions = {}): Promise<LocalWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'hosts-'));
  const table = await createProcessTable({ folder, clock: systemClock, untilPid: process.pid, ...(options.settings === undefined ? {} : { settings: options.settings }) });
  const control = createHttpHostControl();

  async function dispose(): Promise<void> {
    await Promise.all((await table.list()).map(({ id }) => table.stop(id)));
    await rm(folder, { recursive: true, force: true });
  }
  async function addHost(name: string): Promise<Endpoint> {
    await table.start({ id: name, name, placement: 'fixed', createdAt: systemClock.now(), bootMilliseconds: 0 });
    return until(`host ${name}`, async () => endpointOf((await table.list()).find(({ id }) => id === name)), { everyMs: 20 });
  }

  try {
    const names = Array.from({ length: options.fixedHosts ?? 0 }, (_, index) => `fixed-${index + 1}`);
    const fixedHosts = await Promise.all(names.map(addHost));
    const { serving } = options;
    if (serving !== undefined) await Promise.all(fixedHosts.map((endpoint) => control.deploy(endpoint, { ...serving, deployTimeoutSeconds: 10, health: 'Answering' })));
    return { folder, table, control, fixedHosts, addHost, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Where a booted host answers. */
export const endpointOf = (record: HostRecord | undefined): Endpoint | undefined =>
  record?.state === 'Running' && record.ports !== undefined ? { address: '127.0.0.1', ports: record.ports } : undefined;
