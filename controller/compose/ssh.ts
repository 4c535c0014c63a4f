import { type ClientKey, type SSH, createSSH, readClientKey } from '../act/ssh/index.ts';
import type { Clock } from '../ports/index.ts';
import { type SSHSettings, SSH_SETTING_NAMES, type Settings } from '../runtime/settings.ts';

/** Logins with the controller's key. */
export interface OpenSSH {
  clientKey: ClientKey;
  knownHosts?: { file: string; setting: string };
  ssh: SSH;
}

/** The controller's key. Rejects with Invalid for one that cannot be used. */
export const clientKeyOf = ({ keyFile, passphrase }: SSHSettings): Promise<ClientKey> => readClientKey({
  file: keyFile, names: { file: SSH_SETTING_NAMES.keyFile, passphrase: SSH_SETTING_NAMES.passphrase }, ...(passphrase === undefined ? {} : { passphrase }),
});

/** Undefined where no key is named. Rejects with Invalid for a key that cannot be used. */
export async function openSSH({ installation, ssh: settings }: Pick<Settings, 'installation' | 'ssh'>, clock: Clock): Promise<OpenSSH | undefined> {
  if (settings === undefined) return undefined;
  const clientKey = await clientKeyOf(settings);
  const knownHosts = settings.knownHostsFile === undefined ? {} : { knownHosts: { file: settings.knownHostsFile, setting: SSH_SETTING_NAMES.knownHostsFile } };
  return { clientKey, ...knownHosts, ssh: createSSH({ installation, clientKey, clock, ...knownHosts }) };
}
