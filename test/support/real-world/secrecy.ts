/** What a controller shows of its secrets: in its log, its folder, its objects, over HTTP, in the arguments of its processes and in what servers are given. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KINDS } from '../../../controller/api/index.ts';
import { tells as tellsSecret } from '../planted.ts';
import { worthOf } from './user-data.ts';
import type { World } from './world.ts';

const LOOK_MILLISECONDS = 100;
const PAGES = ['/metrics', '/traefik/config', '/sd/kamal-proxy', '/healthz', '/readyz'];
/** Lines of a key's middle: the first and last ones are the same for every key. */
const keyLines = (key: string): string[] => key.split('\n').filter((line) => line.length > 40);

export interface Secrecy {
  /** Ends the looking; answers where a secret was seen, none of which is the secret itself. */
  end(): Promise<string[]>;
}

/** Looks at process arguments all the time, and at everything else at the end. `stateFolder` holds the store of a standalone controller. */
export function watchSecrecy(world: Pick<World, 'controller' | 'store' | 'estate' | 'plane' | 'cloud'>, stateFolder: string): Secrecy {
  const tells = (text: string): boolean => tellsSecret(text, keyLines(world.estate.key.privateKey));
  const found = new Set<string>();
  const ending = new AbortController();
  const look = async (): Promise<void> => {
    for (const words of await argumentsUnder(world.controller.process.pid)) if (tells(words.join(' '))) found.add(`arguments of ${words[0]}`);
  };
  const watching = (async () => {
    while (!ending.signal.aborted) {
      await look();
      await delay(LOOK_MILLISECONDS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  })();
  return {
    async end() {
      ending.abort();
      await watching;
      for (const page of PAGES) if (tells(await fetch(`${world.controller.url}${page}`).then((answer) => answer.text(), () => ''))) found.add(`GET ${page}`);
      for (const kind of KINDS) for (const object of await world.store.list(kind, { from: 'Fresh' })) if (tells(JSON.stringify(object))) found.add(`${kind} ${object.metadata.name}`);
      if (world.plane !== undefined && tells(await world.plane.kubectl(['get', 'events', '--all-namespaces', '--output', 'json']))) found.add('events');
      if (tells(await readFile(world.controller.process.logFile, 'utf8'))) found.add('the log');
      for (const file of await filesIn(stateFolder)) if (tells(await readFile(file, 'latin1').catch(() => ''))) found.add(file);
      for (const worth of await userDataOf(world, keyLines(world.estate.key.privateKey))) found.add(worth);
      return [...found];
    },
  };
}

/** What the user data of each host in service is worth, with which the cloud was asked for its server. */
async function userDataOf({ store, cloud }: Pick<World, 'store' | 'cloud'>, secrets: readonly string[]): Promise<string[]> {
  const serving = (await store.list('KamalHost', { from: 'Fresh' })).filter(({ status }) => status?.phase === 'InService');
  const worth = await Promise.all(serving.map(async (host) => {
    const server = [...cloud.project.servers.values()].find(({ name }) => name === host.metadata.name);
    const pool = await store.get('HostPool', { namespace: host.metadata.namespace, name: host.spec.poolRef.name }, 'Fresh');
    return server?.userData === undefined ? [] : await worthOf(server.userData, host, pool?.spec.ssh.port ?? 22, secrets);
  }));
  return worth.flat();
}

/** Every file below a folder, for reading as bytes. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Argument vectors of a process and of all that it started; what ends meanwhile is left out. */
export async function argumentsUnder(process: number | undefined): Promise<string[][]> {
  if (process === undefined) return [];
  const [words, children] = await Promise.all([
    readFile(`/proc/${process}/cmdline`, 'utf8').catch(() => ''),
    readFile(`/proc/${process}/task/${process}/children`, 'utf8').catch(() => ''),
  ]);
  const below = await Promise.all(children.split(' ').filter((child) => child !== '').map((child) => argumentsUnder(Number(child))));
  return [words.split('\0'), ...below.flat()];
}
