/**
 * Which host key is expected, as SSHKit looks it up: plain lines and hashed ones, no wildcards, no authorities. An
 * address with another port than 22 stands as `[address]:port`.
 */
import { createHash, createHmac } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { KamalError } from '../errors.ts';
import type { World } from '../world.ts';
import { type ClientConfig, expandPath } from './client-config.ts';

const TYPES = ['ssh-rsa', 'ssh-dss', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'ssh-ed25519'];

export interface KnownKey {
  type: string;
  blob: string;
}

export interface HostKeys {
  /** As it is looked up and named in errors: `10.0.0.4`, `[10.0.0.4]:2222`, or name and address with a comma. */
  name: string;
  keys: readonly KnownKey[];
  /** Throws HostKeyMismatch or HostKeyUnknown, or writes a new key down, by how strict the settings are. */
  verify(key: Buffer): void;
}

export function hostKeys(world: World, config: ClientConfig, connection: { host: string; port: number; peerAddress: string | undefined }): HostKeys {
  const { host, port, peerAddress } = connection;
  const shown = (address: string): string => (port === 22 ? address : `[${address}]:${port}`);
  const names = config.hostKeyAlias === undefined ? [shown(host), ...(peerAddress === undefined || peerAddress === host ? [] : [shown(peerAddress)])] : [config.hostKeyAlias];
  const name = names.join(',');
  const users = config.userKnownHostsFiles ?? ['~/.ssh/known_hosts', '~/.ssh/known_hosts2'];
  const globals = config.globalKnownHostsFiles ?? ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];
  const keys = [...users, ...globals].flatMap((file) => keysIn(expandPath(world, file), names));
  const checking = config.strictHostKeyChecking;
  const tunnelled = checking === undefined && port !== 22 && (peerAddress === '127.0.0.1' || peerAddress === '::1');

  return {
    name,
    keys,
    verify: (key) => {
      if (checking === 'no' || tunnelled) return;
      const blob = key.toString('base64');
      if (keys.some((known) => known.blob === blob)) return;
      const fingerprint = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
      if (keys.length > 0) throw new KamalError('Net::SSH::HostKeyMismatch', `fingerprint ${fingerprint} does not match for "${name}"`);
      if (checking === 'yes') throw new KamalError('Net::SSH::HostKeyUnknown', `fingerprint ${fingerprint} is unknown for "${name}"`);
      remember(users.map((file) => expandPath(world, file)), `${name} ${typeOf(key)} ${blob}\n`);
    },
  };
}

/** An SSH key starts with the length and the name of its type. */
const typeOf = (key: Buffer): string => key.subarray(4, 4 + key.readUInt32BE(0)).toString();

function keysIn(file: string, names: readonly string[]): KnownKey[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  const lines = text.split('\n').flatMap((line) => {
    const [hosts = '', type = '', blob = ''] = line.trim().split(/\s+/);
    return hosts === '' || hosts.startsWith('#') || !TYPES.includes(type) ? [] : [{ hosts, type, blob }];
  });
  const plain = lines.filter(({ hosts }) => hosts.split(',').some((host) => names.includes(host)));
  return plain.length > 0 ? plain : lines.filter(({ hosts }) => names.some((name) => isHashOf(hosts, name)));
}

function isHashOf(entry: string, name: string): boolean {
  const [, scheme, salt, digest] = entry.split('|');
  return scheme === '1' && salt !== undefined && digest !== undefined
    && createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === digest;
}

function remember(files: readonly string[], line: string): void {
  for (const file of files) {
    try {
      appendFileSync(file, line);
      return;
    } catch {
      // The next file of the list may take it; where none does, net-ssh goes on without a word too.
    }
  }
}
