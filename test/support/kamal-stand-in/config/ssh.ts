/** The `ssh` and `sshkit` sections. */
import type { World } from '../world.ts';
import type { Secrets } from './secrets.ts';
import { checkSection, type RawHash, textOf } from './validate.ts';

export interface SshSettings {
  user: string;
  port: number;
  /** `[user@]host[,…]` of jump hosts, or a command whose standard streams are the connection. */
  via?: { jump: string } | { command: string };
  keysOnly?: boolean;
  keys?: readonly string[];
  keyData?: readonly string[];
  /** Files of OpenSSH settings; true stands for the usual ones, false for none. */
  config: boolean | readonly string[];
  logLevel: string;
}

export function readSsh(raw: RawHash, secrets: Secrets, world: World): SshSettings {
  checkSection(raw, 'ssh', 'ssh');
  const proxy = raw['proxy'] as string | undefined;
  const command = raw['proxy_command'] as string | undefined;
  const via = proxy === undefined ? command && { command } : { jump: proxy.includes('@') ? proxy : `root@${proxy}` };
  const config = raw['config'] as boolean | string | string[] | undefined;
  return {
    user: textOf(raw['user'] ?? 'root'),
    port: Number(raw['port'] ?? 22),
    ...(via ? { via } : {}),
    ...(raw['keys_only'] === undefined ? {} : { keysOnly: Boolean(raw['keys_only']) }),
    ...(raw['keys'] === undefined ? {} : { keys: raw['keys'] as string[] }),
    ...(raw['key_data'] === undefined ? {} : { keyData: (raw['key_data'] as string[]).map((key) => keyMaterial(key, secrets, world)) }),
    config: typeof config === 'string' ? [config] : config ?? true,
    logLevel: textOf(raw['log_level'] ?? 'fatal'),
  };
}

function keyMaterial(key: string, secrets: Secrets, world: World): string {
  if (secrets.has(key)) return secrets.get(key);
  world.err('Inline key_data usage is deprecated and will be removed in Kamal 3. Please store your key_data in a secret.\n');
  return key;
}
