import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { type Listening, listen } from './listen.ts';
import { ControlFailure, type Proxy } from './proxy.ts';

const run = promisify(execFile);

/** Outside the range from which kernels take the ports of outgoing connections. */
const firstPort = 20_000;
const portCount = 12_000;
const startAttempts = 5;
const readyMilliseconds = 10_000;
const lookMilliseconds = 50;
/** The longest path of a Unix socket that every system takes. */
const longestSocketPath = 100;
const setpriv = '/usr/bin/setpriv';

interface Running {
  http: number;
  metrics: number;
  command: (...words: string[]) => Promise<string>;
  child: ChildProcess;
}

/** A real kamal-proxy with state and socket of its own in this folder. Rejects when it cannot be started. */
export async function startRealProxy(program: string, folder: string, random: () => number): Promise<Proxy> {
  const { http, metrics, command, child } = await startAtFreePorts(program, folder, random);
  let target: Listening | undefined;

  return {
    http, metrics,
    async route(service, app, timeoutSeconds) {
      const next = await listen((request, response) => app.handle(request, response));
      try {
        await command('deploy', service, `--target=127.0.0.1:${next.port}`, `--deploy-timeout=${timeoutSeconds}s`);
      } catch (error) {
        next.close();
        throw error;
      }
      target?.close();
      target = next;
    },
    async quiesce(service, seconds) {
      await command('stop', service, `--drain-timeout=${seconds}s`);
    },
    async resume(service) {
      await command('resume', service);
    },
    async remove(service) {
      await command('remove', service);
      target?.close();
      target = undefined;
    },
    async state(service) {
      const lines = (await command('list')).split('\n').map((line) => line.trim().split(/\s+/));
      // Columns: Service, Host, Path, Target, State, TLS.
      const state = lines.find(([name]) => name === service)?.[4];
      return { routed: state !== undefined, quiesced: state === 'stopped' };
    },
    async close() {
      target?.close();
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** It knows no bind address and picks no port itself, so another program may be quicker at the port that was free. */
async function startAtFreePorts(program: string, folder: string, random: () => number): Promise<Running> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(program, folder, await freePort(random), await freePort(random));
    } catch (error) {
      if (attempt === startAttempts) throw error;
    }
  }
}

async function start(program: string, folder: string, http: number, metrics: number): Promise<Running> {
  const socket = join(folder, 'socket');
  if (Buffer.byteLength(socket) > longestSocketPath) throw new Error(`${socket} is too long for a socket: keep the hosts' records in a folder with a shorter name`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const env = { HOME: folder, XDG_RUNTIME_DIR: folder, KAMAL_PROXY_SOCKET: socket };
  const words = ['run', `--http-port=${http}`, '--https-port=0', `--metrics-port=${metrics}`];
  // Where the kernel can, it takes the proxy along when this process is killed: a host without power answers nothing.
  const [path, args] = existsSync(setpriv) ? [setpriv, ['--pdeathsig', 'KILL', '--', program, ...words]] : [program, words];
  const child = spawn(path, args, { env, cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  let ended: string | undefined;
  child.once('error', (error) => { ended = error.message; });
  child.once('exit', (code, signal) => { ended = `ended with ${signal ?? code}`; });

  async function command(...commandWords: string[]): Promise<string> {
    try {
      const { stdout } = await run(program, commandWords, { env, cwd: folder });
      return stripVTControlCharacters(stdout);
    } catch (error) {
      const text = stripVTControlCharacters(String((error as { stderr?: string }).stderr ?? '')).trim() || String(error);
      throw new ControlFailure(text.includes('service not found') ? 'NotFound' : 'Transient', text);
    }
  }

  for (let waited = 0; waited < readyMilliseconds && ended === undefined; waited += lookMilliseconds) {
    const answers = await command('list').then(() => true, () => false);
    if (answers) return { http, metrics, command, child };
    await new Promise((resolve) => { setTimeout(resolve, lookMilliseconds); });
  }
  child.kill('SIGKILL');
  throw new Error(`${program} does not start at ports ${http} and ${metrics}: ${ended ?? `no answer in ${readyMilliseconds} ms`}`);
}

async function freePort(random: () => number): Promise<number> {
  for (;;) {
    const port = firstPort + Math.floor(random() * portCount);
    const free = await new Promise<boolean>((resolve) => {
      const server = createServer().once('error', () => resolve(false));
      server.listen({ port, exclusive: true }, () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
