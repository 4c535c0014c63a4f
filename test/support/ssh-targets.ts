import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClientKey, readClientKey } from '../../controller/act/ssh/index.ts';
import type { DeployTarget, HostIdentity } from '../../controller/ports/index.ts';
import { newKey } from './ssh-server.ts';

/** A machine on this one, at a port of its own. */
export const sshTarget = (port: number, identity: HostIdentity, more: Partial<DeployTarget> = {}): DeployTarget => ({
  host: { namespace: 'default', name: identity.kind === 'Fixed' ? 'web-primary' : 'web-1-c0ffee00' },
  endpoint: { address: '127.0.0.1', ports: { http: 80 } }, role: { service: 'shop', role: 'web' }, ssh: { user: 'root', port }, identity, ...more,
});

export async function clientKeyOf(privateKey: string): Promise<ClientKey> {
  const folder = await mkdtemp(join(tmpdir(), 'client-key-'));
  try {
    const file = join(folder, 'key');
    await writeFile(file, privateKey, { mode: 0o600 });
    const { file: gone, ...key } = await readClientKey({ file, names: { file: 'KEY_FILE', passphrase: 'PASSPHRASE' } });
    if (gone !== file) throw new Error('a key without a passphrase says where it is');
    return key;
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const newClientKey = (): Promise<ClientKey> => clientKeyOf(newKey());
