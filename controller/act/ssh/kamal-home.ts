import { access, chmod, constants, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { ClassifiedError, knownHostsLines } from '../../model/index.ts';
import type { DeployTarget } from '../../ports/index.ts';
import type { ClientKey } from './client-key.ts';
import { quoteArguments } from './quote.ts';
import { type KnownHostsFile, addressOf, jumpKeys, ownKeys } from './trust.ts';

/** As Kamal's own limit for a host that accepts and says nothing; without it such a host hangs the whole run. */
const CONNECT_TIMEOUT_SECONDS = 5;

/** What SSH settings take as it is: `%` and `$` are expanded there, and a shell reads the line of a ProxyCommand. */
const PLAIN_PATH = /^\/[^\s"'\\#%$`;&|<>()*?[\]{}!~]+$/;

export interface KamalHome {
  /** Variables for Kamal's process, over its others. */
  environment: Record<string, string>;
}

export interface KamalHomeSettings {
  clientKey: Pick<ClientKey, 'privateKey' | 'file'>;
  knownHosts?: KnownHostsFile;
  /** PATH of this process: Kamal reaches hosts behind a jump host by the `ssh` program. */
  path: string;
}

/**
 * Writes a home folder in which Kamal, and the ssh program under it, log in with the controller's key alone and take
 * exactly the pinned host keys of these targets. Written anew it pins what is given then and nothing else. Rejects with
 * HostKey for a target without a pinned key, with Invalid for a folder or a machine that cannot serve. One folder is for
 * one run at a time.
 */
export async function writeKamalHome(folder: string, targets: readonly DeployTarget[], settings: KamalHomeSettings): Promise<KamalHome> {
  if (!PLAIN_PATH.test(folder)) throw new ClassifiedError('Invalid', `state folder ${JSON.stringify(folder)}: SSH settings cannot name it`, { mend: 'Write an absolute folder without spaces, quotes and other characters that a shell reads as --state.' });
  const ssh = join(folder, '.ssh');
  await mkdir(ssh, { recursive: true, mode: 0o700 });
  const config = join(ssh, 'config');
  const knownHosts = join(ssh, 'known_hosts');
  await replace(knownHosts, linesOf(await hostLines(targets, settings)));
  const identity = await identityFile(ssh, settings.clientKey);
  await replace(config, linesOf([
    '# Written by kamal-autoscaler before each run of Kamal.',
    ...jumpBlocks(targets, config),
    'Host *', ...Object.entries({
      StrictHostKeyChecking: 'yes', UserKnownHostsFile: knownHosts, GlobalKnownHostsFile: '/dev/null',
      IdentityFile: identity, IdentitiesOnly: 'yes', IdentityAgent: 'none', ForwardAgent: 'no', ConnectTimeout: CONNECT_TIMEOUT_SECONDS,
    }).map(([key, value]) => `  ${key} ${value}`),
  ]));
  if (targets.every(({ ssh: { jumpHost } }) => jumpHost === undefined)) return { environment: { HOME: folder } };
  const bin = await writeProgram(join(folder, 'bin'), config, settings.path);
  return { environment: { HOME: folder, PATH: `${bin}${delimiter}${settings.path}` } };
}

async function hostLines(targets: readonly DeployTarget[], settings: KamalHomeSettings): Promise<string[]> {
  const lines = await Promise.all(targets.map(async (target) => {
    const { address, port } = addressOf(target);
    const { jumpHost } = target.ssh;
    const keys = await ownKeys(target, settings.knownHosts);
    const jump = jumpHost === undefined ? [] : knownHostsLines(jumpHost.address, jumpHost.port, jumpKeys(jumpHost).map(({ key }) => key));
    return [...knownHostsLines(address, port, keys.map(({ key }) => key)), ...jump];
  }));
  return [...new Set(lines.flat())];
}

/** The controller's key file itself, or a copy that only this user can read where that one has a passphrase, for Kamal asks for none. */
async function identityFile(ssh: string, { file, privateKey }: KamalHomeSettings['clientKey']): Promise<string> {
  const copy = join(ssh, 'identity');
  if (file !== undefined && PLAIN_PATH.test(file)) {
    await rm(copy, { force: true });
    return file;
  }
  await replace(copy, privateKey);
  return copy;
}

/** The ssh program reads the settings of the user's real home, whatever HOME says, so each call names ours. */
function jumpBlocks(targets: readonly DeployTarget[], config: string): string[] {
  const blocks = targets.flatMap((target) => {
    const { jumpHost } = target.ssh;
    if (jumpHost === undefined) return [];
    return [`Host ${addressOf(target).address}\n  ProxyCommand ssh -F ${config} -l ${jumpHost.user} -p ${jumpHost.port} -W [%h]:%p ${jumpHost.address}`];
  });
  return [...new Set(blocks)];
}

/** An `ssh` before the real one, for `ssh.proxy` of deploy.yml makes Kamal call it without naming settings. */
async function writeProgram(bin: string, config: string, path: string): Promise<string> {
  await mkdir(bin, { recursive: true, mode: 0o700 });
  const program = join(bin, 'ssh');
  await replace(program, `#!/bin/sh\nexec ${quoteArguments([await realSsh(path, bin), '-F', config])} "$@"\n`);
  await chmod(program, 0o700);
  return bin;
}

async function realSsh(path: string, bin: string): Promise<string> {
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder, 'ssh');
    if (folder === '' || folder === bin) continue;
    try {
      await access(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not in this folder.
    }
  }
  throw new ClassifiedError('Invalid', 'a pool has a jumpHost, and no `ssh` program is on PATH, which Kamal needs for it', { mend: 'Install the OpenSSH client on the machine of the controller.' });
}

/** Whoever reads the file while it is written sees the old or the new one. */
async function replace(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

const linesOf = (lines: readonly string[]): string => `${lines.join('\n')}\n`;
