/** The hosts that really run, by the kernel's word: whatever the records and the API say of them. */
import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

export interface HostProcess {
  /** As in `status.providerID`, after the colon. */
  id: string;
  pid: number;
}

const ORDER = '.order.json';

/** Processes of hosts bought under this state folder; Linux only. */
export async function hostProcesses(stateFolder: string): Promise<HostProcess[]> {
  const local = join(stateFolder, 'local');
  const found = await Promise.all((await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(async (name): Promise<HostProcess[]> => {
    // Empty for a process that ended and waits to be collected; an error for one that is gone by now.
    const words = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).split('\0');
    const order = words.find((word) => word.startsWith(`${local}/`) && word.endsWith(ORDER));
    if (order === undefined || !(await leadsGroup(name))) return [];
    return [{ id: basename(order, ORDER), pid: Number(name) }];
  }));
  return found.flat().toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** A host does; what it starts shows the host's own words until it becomes another program. */
async function leadsGroup(pid: string): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // After the name in brackets: state, parent, group.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2] === pid;
}

/** As when the power fails: the host and its proxy are gone at once, without a word. */
export function killHost({ pid }: HostProcess): void {
  process.kill(-pid, 'SIGKILL');
}
