/** The folder of host records as the cloud that it stands for: who was ever bought, seen from outside every controller. */
import { watch } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import type { HostAssignment } from '../../../controller/act/cloud/local/host/settings.ts';
import type { HostRecord } from '../../../controller/act/cloud/local/process-table.ts';
import { createProcessTable } from '../../../controller/act/cloud/local/processes.ts';
import { readPart } from '../../../controller/act/cloud/local/record-files.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';

/** One create that the cloud carried out. */
export interface Purchase {
  providerID: string;
  /** Undefined where the record was gone before it could be read. */
  hostID: string | undefined;
}

export interface Cloud extends AsyncDisposable {
  /** Servers that are paid for now. */
  servers(): Promise<HostRecord[]>;
  /** All creates since the cloud was opened, those of servers that are gone too. */
  purchases(): readonly Purchase[];
}

const ORDER = /^(local-[^.]+)\.order\.json$/;

/** Its hosts end when it is disposed of; where that is missed, with this process's exit. */
export async function openCloud(folder: string): Promise<Cloud> {
  await mkdir(folder, { recursive: true });
  const table = await createProcessTable({ folder, clock: systemClock });
  const bought = new Map<string, Purchase>();
  // The kernel tells of each rename into the folder, so no record is too short-lived to be counted.
  const watching = watch(folder, (_event, file) => {
    const providerID = ORDER.exec(file ?? '')?.[1];
    if (providerID === undefined || bought.has(providerID)) return;
    const purchase: Purchase = { providerID, hostID: undefined };
    bought.set(providerID, purchase);
    void readPart<HostAssignment>(folder, providerID, 'order').then((assignment) => {
      purchase.hostID = assignment?.order.owner?.hostID;
    });
  });
  // A host ends when its record vanishes: the last resort, when nobody got to dispose.
  const lastResort = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', lastResort);
  return {
    servers: () => table.list(),
    purchases: () => [...bought.values()],
    async [Symbol.asyncDispose]() {
      watching.close();
      await Promise.all((await table.list()).map(({ id }) => table.stop(id)));
      await rm(folder, { recursive: true, force: true });
      process.off('exit', lastResort);
    },
  };
}
