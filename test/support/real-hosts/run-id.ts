/** Names that say which process made a thing, so that a later run can tell what a dead one left from what a live one uses. */
import { existsSync, readFileSync } from 'node:fs';
import { readFile, readdir, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../real/until.ts';

const PREFIX = 'real-hosts-';
const CGROUPS = '/sys/fs/cgroup';

/** Process id and the time at which the process began, in the kernel's ticks: ids are given again, the pair is not. */
export const RUN_ID = `${PREFIX}${process.pid}-${startOf(readFileSync('/proc/self/stat', 'utf8'))}`;

/** Removes folders and control groups of runs whose process is gone. Namespaces and interfaces go with their processes. */
export async function sweepDeadRuns(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (await isDead(name)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
  for (const path of await controlGroups()) {
    if (await isDead(path.slice(path.lastIndexOf('/') + 1))) await removeControlGroup(path);
  }
}

/** Removes the control groups under a name, in which Docker put the containers of hosts that are off now; waits for the last of their processes. */
export async function removeControlGroups(name: string): Promise<void> {
  for (const root of await hierarchies()) {
    const path = join(root, name);
    await until(`the end of ${path}`, async () => {
      if (existsSync(path)) await removeControlGroup(path);
      return true;
    });
  }
}

/** Those that any run made and that are still there. */
export async function controlGroups(): Promise<string[]> {
  const found = await Promise.all((await hierarchies()).map(async (root) => (await readdir(root)).filter((name) => name.startsWith(PREFIX)).map((name) => join(root, name))));
  return found.flat();
}

/** One tree, or under the older layout one for each controller. */
async function hierarchies(): Promise<string[]> {
  if (existsSync(join(CGROUPS, 'cgroup.controllers'))) return [CGROUPS];
  const entries = await readdir(CGROUPS, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(CGROUPS, name));
}

/** From the leaves up; a group is removed as a folder, its files are the kernel's. */
async function removeControlGroup(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true })) if (entry.isDirectory()) await removeControlGroup(join(path, entry.name));
  await rmdir(path);
}

async function isDead(name: string): Promise<boolean> {
  const [, pid, start] = /^real-hosts-(\d+)-(\d+)/.exec(name) ?? [];
  if (pid === undefined) return false;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return startOf(stat) !== start;
}

/** The 22nd field; the name before it, in brackets, may hold blanks. */
function startOf(stat: string): string | undefined {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
