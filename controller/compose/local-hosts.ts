import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type HostSettings, readHostSettings } from '../act/cloud/local/host/settings.ts';
import type { ProcessTable } from '../act/cloud/local/process-table.ts';
import { createProcessTable, recordsOf } from '../act/cloud/local/processes.ts';
import { createLocalProvider, localServers } from '../act/cloud/local/provider.ts';
import type { Vacated } from '../act/cloud/static.ts';
import { createHttpHostControl } from '../act/deploy/http-host-control.ts';
import { vacateOverControl } from '../act/deploy/vacate.ts';
import { createLocalDeployer } from '../act/deploy/local.ts';
import type { Server } from '../model/index.ts';
import type { Clock, CloudProvider, Deployer } from '../ports/index.ts';
import type { Settings } from '../runtime/settings.ts';

export interface LocalOptions {
  /** The hosts of a world that somebody else brings up and ends; the other options are then its own affair. */
  table?: ProcessTable;
  /** Keeps the records of host processes; in the state folder by default. */
  folder?: string;
  host?: Partial<HostSettings>;
  /** Hosts end when this process is gone; absent: they outlive the controller, as servers do. */
  untilPid?: number;
}

export interface LocalHosts {
  provider: CloudProvider;
  deployer: Deployer;
  /** Stops what runs on a spare machine that is given back. */
  vacate(this: void, server: Server): Promise<Vacated>;
}

/** Hosts as processes of this machine, and who deploys to them. Throws Invalid for settings of hosts that cannot be. */
export async function localHosts(settings: Settings, clock: Clock, options: LocalOptions = {}): Promise<LocalHosts> {
  const host = {
    ...(settings.localHost === undefined ? {} : readHostSettings('KAMAL_AUTOSCALER_LOCAL_HOST', settings.localHost)),
    ...(settings.kamalProxy === undefined ? {} : { kamalProxy: settings.kamalProxy }),
    ...options.host,
  };
  const table = options.table ?? await createProcessTable({
    folder: options.folder ?? recordFolder(settings.stateFolder), clock, settings: host,
    ...(options.untilPid === undefined ? {} : { untilPid: options.untilPid }),
  });
  return {
    provider: createLocalProvider({ table, clock, newID: () => randomBytes(6).toString('hex') }),
    deployer: localDeployer(clock),
    vacate: vacateOverControl(createHttpHostControl()),
  };
}

/** Who deploys to hosts that have a control port. */
export const localDeployer = (clock: Clock): Deployer => createLocalDeployer({ control: createHttpHostControl(), clock, firstVersion: 'local' });

/** The host processes that a controller on this machine has left on record, beside it: nothing is started, ended or made. */
export function readLocalHosts({ stateFolder }: Pick<Settings, 'stateFolder'>, clock: Clock): Pick<CloudProvider, 'name' | 'list'> {
  const records = recordsOf(recordFolder(stateFolder), clock);
  return {
    name: 'Local',
    async list(installation) {
      const asOf = clock.now();
      return { provider: 'Local', asOf, servers: localServers(await records(), installation) };
    },
  };
}

const recordFolder = (stateFolder: string): string => join(stateFolder, 'local');
