/** SSH keys, made by the tool that people make them with. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface KeyPair {
  /** In OpenSSH's own format, without a passphrase. */
  privateKey: string;
  /** One line: type, key, comment. */
  publicKey: string;
}

export async function makeKeyPair(comment: string): Promise<KeyPair> {
  const folder = await mkdtemp(join(tmpdir(), 'key-'));
  try {
    const file = join(folder, 'key');
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file]);
    return { privateKey: await readFile(file, 'utf8'), publicKey: (await readFile(`${file}.pub`, 'utf8')).trim() };
  } finally {
    await rm(folder, { recursive: true });
  }
}
