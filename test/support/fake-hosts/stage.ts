/** The stand-in for kamal, run in this process against hosts in this process, under a clock that no sleep holds up. */
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { KamalError } from '../kamal-stand-in/errors.ts';
import { runKamal } from '../kamal-stand-in/run.ts';
import type { LocalResult, World } from '../kamal-stand-in/world.ts';
import { type FakeHost, makeHost } from './host.ts';
import { makeRegistry, type Registry } from './docker/registry.ts';
import type { KeyType } from '../ssh-server.ts';
import { type HostServer, type KeyPair, makeKeyPair, serveHost } from './ssh-server.ts';

export interface KamalResult {
  status: number;
  stdout: string;
  stderr: string;
}

/** The working directory's Git: its commit and who commits; without it every git command says that there is none. */
export interface FakeGit {
  commit?: string;
  userName: string;
  userEmail: string;
  /** There is no `git` program at all. */
  missing: boolean;
}

export interface Stage extends AsyncDisposable {
  folder: string;
  registry: Registry;
  git: FakeGit;
  /** Answers of hooks by name; those that are not named here succeed. */
  hookResults: Map<string, LocalResult>;
  /** Environment of every hook that ran. */
  hookRuns: { hook: string; env: Readonly<Record<string, string>> }[];
  clock: { now: Date };
  keepalive: World['keepalive'];
  /** Of the hosts that there are. */
  addresses(): string[];
  host(address: string): FakeHost;
  server(address: string): HostServer;
  /** Brings a host up at an address; a host that was there before is gone. */
  raise(address: string, keyTypes?: readonly KeyType[]): Promise<FakeHost>;
  /** Nothing listens at the address any more. */
  fell(address: string): Promise<void>;
  /** Called whenever the stand-in waits, once its time has passed. */
  onSleep: (milliseconds: number) => void;
  /** `Black hole` swallows connections, so that only a time limit ends the attempt. */
  routes: Map<string, 'Black hole' | 'No route' | 'Refused'>;
  write(path: string, text: string): Promise<void>;
  /** In its own folder unless told another. */
  kamal(argv: readonly string[], env?: Readonly<Record<string, string>>, cwd?: string): Promise<KamalResult>;
}

let sharedKeys: { host: readonly KeyPair[]; client: KeyPair } | undefined;

export async function makeStage(options: { registry?: string; env?: Readonly<Record<string, string>> } = {}): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'kamal-stage-'));
  const keys = (sharedKeys ??= { host: [makeKeyPair()], client: makeKeyPair() });
  const hosts = new Map<string, { host: FakeHost; server: HostServer }>();
  const registry = makeRegistry(options.registry ?? 'registry.test');
  let random = 0;

  const stage: Stage = {
    folder,
    registry,
    git: { userName: '', userEmail: '', missing: false },
    hookResults: new Map(),
    hookRuns: [],
    clock: { now: new Date('2026-11-23T13:12:03Z') },
    keepalive: { intervalMs: 30_000, unanswered: 7 },
    onSleep: () => undefined,
    routes: new Map(),
    addresses: () => [...hosts.keys()],
    host: (address) => there(hosts.get(address), address).host,
    server: (address) => there(hosts.get(address), address).server,
    raise: async (address, keyTypes) => {
      await hosts.get(address)?.server.stop();
      const host = makeHost(address, registry);
      host.beforeCommand = () => pass(10);
      hosts.set(address, { host, server: await serveHost(host, keyTypes?.map((type) => makeKeyPair(type)) ?? keys.host, keys.client) });
      return host;
    },
    fell: async (address) => {
      await hosts.get(address)?.server.stop();
      hosts.delete(address);
    },
    write: async (path, text) => {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    },
    kamal: async (argv, env = {}, cwd = folder) => {
      const texts = { stdout: '', stderr: '' };
      const world: World = {
        argv,
        env: { HOME: folder, ...options.env, ...env },
        cwd,
        out: (text) => void (texts.stdout += text),
        err: (text) => void (texts.stderr += text),
        terminal: false,
        now: () => new Date(stage.clock.now),
        sleep: async (milliseconds) => {
          pass(milliseconds);
          stage.onSleep(milliseconds);
        },
        hex: (bytes) => (random += 1).toString(16).padStart(bytes * 2, 'a'),
        run: (command) => runLocally(stage.git, command),
        hook: async (path, hookEnv) => {
          pass(5);
          stage.hookRuns.push({ hook: basename(path), env: hookEnv });
          return stage.hookResults.get(basename(path)) ?? { status: 0, stdout: '', stderr: '' };
        },
        dial: (address, port) => dial(stage, hosts.get(address)?.server, address, port),
        keepalive: stage.keepalive,
      };
      return { status: await runKamal(world).ended, ...texts };
    },
    [Symbol.asyncDispose]: async () => {
      for (const { server } of hosts.values()) await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  const pass = (milliseconds: number): void => void (stage.clock.now = new Date(stage.clock.now.getTime() + milliseconds));
  await stage.write('ssh/id_ed25519', keys.client.privateKey);
  await chmod(join(folder, 'ssh/id_ed25519'), 0o600);
  return stage;
}

function there<T>(found: T | undefined, address: string): T {
  if (found === undefined) throw new Error(`no host at ${address} on this stage`);
  return found;
}

async function dial(stage: Stage, server: HostServer | undefined, address: string, port: number): ReturnType<World['dial']> {
  const failed = (code: string): Error => Object.assign(new Error(code), { code });
  const route = stage.routes.get(address);
  if (route === 'Black hole') return new Promise(() => undefined);
  if (route === 'No route') throw failed('EHOSTUNREACH');
  if (server === undefined || route === 'Refused') throw failed('ECONNREFUSED');
  const socket = await server.dial();
  // The host sees itself at its own address, not at the loopback port that stands for it.
  Object.defineProperty(socket, 'remoteAddress', { value: address });
  return Object.assign(socket, { standsFor: `${address}:${port}` });
}

function runLocally(git: FakeGit, [program = '', ...args]: readonly string[]): LocalResult {
  const answer = (stdout: string, status = 0, stderr = ''): LocalResult => ({ status, stdout, stderr });
  if (program === 'whoami') return answer('root\n');
  if (program === 'sh') {
    const { status, stdout, stderr } = spawnSync('sh', args, { encoding: 'utf8' });
    return { status: status ?? 1, stdout, stderr };
  }
  if (program !== 'git' || git.missing) throw new KamalError('Errno::ENOENT', `No such file or directory - ${program}`);
  const asked = args.join(' ');
  if (asked === 'config user.name') return answer(`${git.userName}\n`);
  if (asked === 'config user.email') return answer(`${git.userEmail}\n`);
  if (git.commit === undefined) return answer('', 128, 'fatal: not a git repository (or any of the parent directories): .git\n');
  return answer(asked === 'rev-parse HEAD' ? `${git.commit}\n` : '');
}
