import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_TRAEFIK_SETTINGS, TraefikFiles } from '../../../controller/act/traffic/index.ts';
import type { SSH } from '../../../controller/act/ssh/index.ts';
import type { PoolMembership, TraefikFile } from '../../../controller/model/index.ts';
import type { Clock } from '../../../controller/ports/index.ts';
import { type LoadBalancerWorld, SERVICE } from '../../support/load-balancer-contract.ts';
import { wallClock } from '../demo/wall-clock.ts';
import { routed } from './routed.ts';
import { switchedLeadership, traefikStrangers } from './traefik-world.ts';

let next = 0;

/** The adapter, for files of these machines. */
export function fileAdapter(ssh: Pick<SSH, 'files'> | undefined, clock: Clock = wallClock): { adapter: TraefikFiles; leadership: ReturnType<typeof switchedLeadership> } {
  const leadership = switchedLeadership();
  const adapter = new TraefikFiles({ clock, leadership, installation: 'shop', ssh, newID: () => `test${next += 1}`, settings: DEFAULT_TRAEFIK_SETTINGS });
  return { adapter, leadership };
}

/** One Traefik that reads a file. */
export interface FileInstance {
  file: TraefikFile;
  front: string;
  apiURL: string;
  close(): Promise<void>;
}

/** The adapter over instances that read files; memberships name these files, as the passes would. */
export async function traefikFileWorld(instances: readonly FileInstance[], ssh: Pick<SSH, 'files'> | undefined): Promise<LoadBalancerWorld> {
  const { adapter, leadership } = fileAdapter(ssh);
  const balancer = routed({ files: adapter }, wallClock, leadership);
  const files = instances.map(({ file }) => file);
  const named = (pool: PoolMembership): PoolMembership => ({ ...pool, files });
  const traefik = { service: SERVICE, apiURLs: instances.map(({ apiURL }) => apiURL), strategy: 'p2c', entryPoint: 'web', files } as NonNullable<LoadBalancerWorld['spec']['traefik']>;
  return {
    loadBalancer: { apply: ({ generation, pools }) => balancer.apply({ generation, pools: pools.map(named) }), confirm: (spec) => balancer.confirm(spec) },
    spec: { traefik }, ...traefikStrangers(traefik),
    fronts: instances.map(({ front }) => front),
    setLeader: (leader) => leadership.set(leader),
    close: async () => {
      await Promise.all(instances.map((instance) => instance.close()));
    },
  };
}

/** A file in an empty folder of this machine. */
export async function localFile(name: string): Promise<{ file: TraefikFile; text(): Promise<string>; folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'traefik-file-'));
  const file = { name, path: join(folder, 'pools.yml') };
  return { file, folder, text: () => readFile(file.path, 'utf8'), remove: () => rm(folder, { recursive: true }) };
}
