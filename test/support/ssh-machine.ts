import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type CommandEnd, type SshServer, publicHalf, startSshServer } from './ssh-server.ts';

const run = promisify(execFile);

/** What the programs of the machine say; a number alone is an exit status without a word. Absent: there is no such program. */
export interface MachineSays {
  docker?: { code: number; stdout?: string; stderr?: string } | 'Hangs';
  /** `json`: `status --format json` is known; else only lines. */
  cloudInit?: { code: number; json?: string; lines: string };
  bootID?: string;
}

/**
 * A machine whose commands really run, in a shell of this one, with its files under a folder of its own. sshd is in this
 * process and reads its host key anew when it is told to, like a real one.
 */
export interface SshMachine {
  readonly server: SshServer;
  says: MachineSays;
  /** Folder that stands for `/`. */
  readonly root: string;
  /** Cuts the connection once the script has carried out a line that holds these words. */
  breakAt: string | undefined;
  read(path: string): Promise<string | undefined>;
  write(path: string, text: string): Promise<void>;
  makeKey(path: string): Promise<string>;
  close(): Promise<void>;
}

export async function startSshMachine(options: { hostKey: string; authorizedKeys: readonly string[]; user?: string }): Promise<SshMachine> {
  const root = await mkdtemp(join(tmpdir(), 'machine-'));
  const bin = join(root, 'bin');
  await mkdir(bin, { recursive: true });
  // The script looks among its ancestors for sshd, and must find none of this computer's.
  await copyFile(await shell(), join(bin, 'sshd'));
  await run('chmod', ['755', join(bin, 'sshd')]);
  await writeFile(join(bin, 'sudo'), '#!/bin/sh\n[ "$1" = -n ] || exit 1\nshift\nDONE_BY=sudo exec "$@"\n', { mode: 0o755 });
  const path = (name: string): string => join(root, name);

  async function program(name: string, text: string | undefined): Promise<void> {
    if (text === undefined) return rm(join(bin, name), { force: true });
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  async function speak({ docker, cloudInit, bootID }: MachineSays): Promise<void> {
    if (docker !== 'Hangs') await program('docker', docker && `printf '%s' ${word(docker.stdout ?? '')}; printf '%s' ${word(docker.stderr ?? '')} >&2; exit ${docker.code}`);
    await program('cloud-init', cloudInit && `case "$*" in
*json*) ${cloudInit.json === undefined ? 'echo "unrecognized arguments: --format json" >&2; exit 2' : `printf '%s' ${word(cloudInit.json)}`} ;;
*) printf '%s' ${word(cloudInit.lines)} ;; esac; exit ${cloudInit.code}`);
    await writeAt('proc/sys/kernel/random/boot_id', `${bootID ?? ''}\n`);
  }
  async function writeAt(name: string, text: string): Promise<void> {
    await mkdir(join(path(name), '..'), { recursive: true });
    await writeFile(path(name), text, { mode: 0o600 });
  }

  async function carryOut(command: string): Promise<CommandEnd> {
    if (machine.says.docker === 'Hangs' && command.includes('docker version')) return { kind: 'Hangs' };
    await speak(machine.says);
    const [told, halted] = [path('hup'), path('halted')];
    await Promise.all([told, halted].map((file) => rm(file, { force: true })));
    const here = insert(command, machine.breakAt, `touch ${halted}; exit 1`)
      .replaceAll(/\/(?:var|etc|proc\/sys)\//g, (folder) => root + folder).replaceAll('kill -HUP', `echo > ${told}`);
    const end = await execute(join(bin, 'sshd'), here, `${bin}:/usr/bin:/bin`);
    if (await exists(told)) server.setHostKeys([await readFile(path('etc/ssh/ssh_host_ed25519_key'), 'utf8')]);
    return await exists(halted) ? { kind: 'Drops' } : end;
  }

  const server = await startSshServer({ hostKeys: [options.hostKey], authorizedKeys: options.authorizedKeys, ...(options.user === undefined ? {} : { user: options.user }), run: carryOut });
  await writeAt('etc/ssh/ssh_host_ed25519_key', options.hostKey);
  await writeAt('etc/ssh/ssh_host_ed25519_key.pub', `${publicHalf(options.hostKey)}\n`);
  const machine: SshMachine = {
    server, root, says: {}, breakAt: undefined,
    read: (name) => readFile(path(name), 'utf8').catch(() => undefined),
    write: writeAt,
    async makeKey(name) {
      await mkdir(join(path(name), '..'), { recursive: true });
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', path(name)]);
      return publicHalf(await readFile(path(name), 'utf8'));
    },
    async close() {
      await server.close();
      await rm(root, { recursive: true });
    },
  };
  return machine;
}

/** Whether this computer can play such a machine: it looks at /proc and makes keys with ssh-keygen. */
export async function canPlayMachine(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'only Linux has /proc';
  return run('sh', ['-c', 'command -v ssh-keygen']).then(() => undefined, () => 'ssh-keygen is not on PATH');
}

/** sshd runs the command in the login shell; here sshd is that shell under another name. */
function execute(sshd: string, command: string, searchPath: string): Promise<CommandEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(sshd, ['-c', `sh -c ${word(command)}; exit $?`], { env: { PATH: searchPath }, stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.once('error', reject).once('close', (code) => resolve({ kind: 'Exits', code: code ?? 255, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString('utf8') }));
  });
}

/** Puts a line behind the first one that holds these words. */
function insert(script: string, after: string | undefined, line: string): string {
  if (after === undefined) return script;
  const lines = script.split('\n');
  const at = lines.findIndex((text) => text.includes(after));
  if (at === -1) throw new Error(`no line holds ${JSON.stringify(after)}`);
  return [...lines.slice(0, at + 1), line, ...lines.slice(at + 1)].join('\n');
}

const shell = async (): Promise<string> => (await run('sh', ['-c', 'readlink -f "$(command -v sh)"'])).stdout.trim();
const exists = (file: string): Promise<boolean> => readFile(file).then(() => true, () => false);
const word = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
