import { createPrivateKey, createPublicKey } from 'node:crypto';
import { type PublicKey, publicKeyOf } from './public-key.ts';

const TYPE = 'ssh-ed25519';
/** What PKCS#8 puts before the 32 bytes of such a key. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const BLOCK = 8;

export interface KeyPair {
  publicKey: PublicKey;
  /** In OpenSSH's format, which every sshd and every ssh reads; unencrypted. */
  privateKey: string;
}

/** The Ed25519 key pair of a seed of 32 bytes. The same seed gives the same text, byte for byte. */
export function keyPairOfSeed(seed: Buffer): KeyPair {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const point = Buffer.from((createPublicKey(key).export({ format: 'jwk' }) as { x: string }).x, 'base64url');
  const publicBlob = Buffer.concat([field(TYPE), field(point)]);
  // Two equal numbers, by which a reader of an encrypted key sees that its passphrase was right; here nothing is encrypted.
  const check = Buffer.alloc(8);
  const secrets = Buffer.concat([check, publicBlob, field(Buffer.concat([seed, point])), field('')]);
  const padding = Buffer.from(Array.from({ length: (BLOCK - (secrets.length % BLOCK)) % BLOCK }, (_, index) => index + 1));
  const one = Buffer.alloc(4);
  one.writeUInt32BE(1);
  const body = Buffer.concat([Buffer.from('openssh-key-v1\0'), field('none'), field('none'), field(''), one, field(publicBlob), field(Buffer.concat([secrets, padding]))]);
  const lines = body.toString('base64').match(/.{1,70}/g) ?? [];
  return { publicKey: publicKeyOf(publicBlob), privateKey: ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n') };
}

function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
