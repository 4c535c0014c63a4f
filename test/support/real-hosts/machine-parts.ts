/** The programs of which hosts are made. */
import { existsSync } from 'node:fs';
import { partFolder } from '../../../hack/real-parts/cache.ts';
import { locate } from '../../../hack/real-parts/locate.ts';
import { type PartName, partNamed } from '../../../hack/real-parts/parts.ts';

/** In `/usr/local/bin` of each host, whatever else it has. */
const PROGRAMS = ['sshd', 'dockerd', 'docker', 'containerd', 'runc', 'iptables'] as const satisfies readonly PartName[];

/** Parts without which no site stands, for `realSuite`. */
export const HOST_PARTS: readonly PartName[] = [...PROGRAMS, 'docker-registry', 'kamal-proxy', 'sample-app'];

export interface MachineParts {
  /** Path on this machine, by the name under which hosts call it. */
  programs: Readonly<Record<string, string>>;
  /** A tree of unpacked packages, with the libraries and helpers of these programs; absent where this machine has all of them. */
  tree?: string;
}

/** Throws `RealPartMissing`. */
export async function locateMachineParts(): Promise<MachineParts> {
  const programs = Object.fromEntries(await Promise.all(PROGRAMS.map(async (name) => [name, await locate(name)] as const)));
  const tree = await partFolder(partNamed('dockerd'));
  return { programs, ...(existsSync(tree) && { tree }) };
}
