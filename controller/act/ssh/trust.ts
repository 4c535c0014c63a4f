import { readFile } from 'node:fs/promises';
import { ClassifiedError } from '../../model/index.ts';
import type { DeployTarget } from '../../ports/index.ts';
import { type ClientKey, deliveredKey } from './client-key.ts';
import { pinnedIn } from './known-hosts.ts';
import { type PublicKey, readPublicKey } from './public-key.ts';

/**
 * A host key under which a machine may answer. `Pinned`: that of a fixed or a jump host. `Own`: the one that a bought
 * host made itself. `Delivered`: the one of its user data, which anybody on the host can read.
 */
export interface TrustedKey {
  kind: 'Pinned' | 'Own' | 'Delivered';
  key: PublicKey;
}

/** `Own`: only keys that nobody but the host holds. `FirstContact`: the delivered key of a bought host too. */
export type Trust = 'Own' | 'FirstContact';

/** What pins fixed hosts that have no hostKey; read anew each time, for people add to it. */
export interface KnownHostsFile {
  file: string;
  /** Name of the setting, for errors. */
  setting: string;
}

export interface TrustSettings {
  installation: string;
  clientKey: ClientKey;
  knownHosts?: KnownHostsFile;
}

type Identified = Pick<DeployTarget, 'host' | 'endpoint' | 'ssh' | 'identity'>;

/** The keys of a target, by its identity and never by its address. Rejects with HostKey where there are none. */
export async function trustedKeys(target: Identified, trust: Trust, { installation, clientKey, knownHosts }: TrustSettings): Promise<TrustedKey[]> {
  const { identity } = target;
  if (trust === 'Own' || identity.kind === 'Fixed') return ownKeys(target, knownHosts);
  const own = identity.ownKey === undefined ? [] : await ownKeys(target, knownHosts);
  return [...own, { kind: 'Delivered', key: deliveredKey(clientKey, installation, identity.hostID).publicKey }];
}

/** Only keys that nobody but the host holds. Rejects with HostKey where there are none. */
export async function ownKeys(target: Identified, knownHosts: KnownHostsFile | undefined): Promise<TrustedKey[]> {
  const { identity, host: { name } } = target;
  switch (identity.kind) {
    case 'Fixed': {
      const keys = identity.hostKey === undefined ? await keysOfFile(target, knownHosts) : [pinned(identity.hostKey, `hostKey of fixed host ${name}`)];
      return keys.map((key) => ({ kind: 'Pinned', key }));
    }
    case 'Bought': {
      if (identity.ownKey === undefined) throw new ClassifiedError('HostKey', `${name} has no host key of its own yet`, { mend: 'Wait until it was reached for the first time.' });
      return [{ kind: 'Own', key: pinned(identity.ownKey, `status.hostKey of ${name}`) }];
    }
  }
}

/** The key of a jump host, which its pool states. */
export const jumpKeys = ({ hostKey, address }: { hostKey: string; address: string }): TrustedKey[] =>
  [{ kind: 'Pinned', key: pinned(hostKey, `hostKey of jump host ${address}`) }];

function pinned(text: string, what: string): PublicKey {
  const key = readPublicKey(text);
  if (key === undefined) throw new ClassifiedError('HostKey', `${what} is no key: ${JSON.stringify(text.slice(0, 60))}`, { mend: 'Write `type base64`, as `ssh-keyscan -t ed25519 HOST` prints it after the name.' });
  return key;
}

async function keysOfFile(target: Identified, knownHosts: KnownHostsFile | undefined): Promise<PublicKey[]> {
  const { address, port } = addressOf(target);
  const keys = knownHosts === undefined ? [] : pinnedIn(await readKnownHosts(knownHosts), address, port);
  if (keys.length > 0) return keys;
  const where = knownHosts === undefined ? '' : ` and ${knownHosts.file} (${knownHosts.setting}) does not name ${address}, port ${port}`;
  throw new ClassifiedError('HostKey', `no host key of fixed host ${target.host.name} is pinned: it has no hostKey${where}`, {
    mend: `See its key with \`ssh-keyscan -t ed25519 -p ${port} ${address}\`, compare it with \`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\` on the host, and write it as hostKey of ${target.host.name} under fixedHosts.`,
  });
}

async function readKnownHosts({ file, setting }: KnownHostsFile): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ClassifiedError('HostKey', `${setting}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`, { mend: 'Make it readable for this user, or write hostKey for every fixed host.' });
  }
}

/** Where SSH and Kamal reach a target; also the name under which inventory and known_hosts list it. */
export const addressOf = ({ endpoint, ssh }: Pick<DeployTarget, 'endpoint' | 'ssh'>): { address: string; port: number } =>
  ({ address: endpoint.sshAddress ?? endpoint.address, port: ssh.port });
