import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { promisify } from 'node:util';

/** What a Kamal process carries in its environment, so that a controller that was started again finds it. */
export interface RunMark {
  /** The same for every controller of one installation, and for no other. */
  scope: string;
  service: string;
  destination?: string;
  /** Host operation, or deploy session, that it works for. */
  operationID: string;
  /** Which process began it. */
  begunBy: string;
}

const VARIABLE = 'KAMAL_AUTOSCALER_RUN';

/** No part holds a slash: names of resources, and identities of our own. */
export const markVariable = ({ scope, service, destination = '', operationID, begunBy }: RunMark): Record<string, string> =>
  ({ [VARIABLE]: [scope, service, destination, operationID, begunBy].join('/') });

const MARK = new RegExp(`(?:^|[\\0 ])${VARIABLE}=([^\\0 /]+)/([^\\0 /]+)/([^\\0 /]*)/([^\\0 /]+)/([^\\0 /\\n]+)`);

export interface MarkedProcess {
  pid: number;
  mark: RunMark;
}

/** Every process of this machine that carries a mark; hooks below Kamal carry that of their run. Rejects where the system does not tell. */
export async function markedProcesses(): Promise<MarkedProcess[]> {
  const environments = process.platform === 'linux' ? await environmentsOnLinux() : await environmentsByPs();
  return environments.flatMap(({ pid, text }) => {
    const [, scope, service, destination, operationID, begunBy] = MARK.exec(text) ?? [];
    if (pid === process.pid || scope === undefined || service === undefined || operationID === undefined || begunBy === undefined) return [];
    return [{ pid, mark: { scope, service, operationID, begunBy, ...(destination ? { destination } : {}) } }];
  });
}

interface ProcessEnvironment {
  pid: number;
  text: string;
}

async function environmentsOnLinux(): Promise<ProcessEnvironment[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const texts = await Promise.all(names.map(async (name) => ({ pid: Number(name), text: await environmentOf(name) })));
  return texts.filter(({ text }) => text !== '');
}

/** Empty for processes that ended and for those of other users, which are not ours. */
async function environmentOf(pid: string): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}

async function environmentsByPs(): Promise<ProcessEnvironment[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axEww', '-o', 'pid=,command='], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.split('\n').map((line) => ({ pid: Number.parseInt(line, 10), text: line }));
}
