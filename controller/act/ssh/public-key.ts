import { createHash } from 'node:crypto';

/** A public key as `type base64`, as in known_hosts and authorized_keys but without a comment. */
export type PublicKey = string;

/** From the bytes that SSH sends. */
export const publicKeyOf = (blob: Buffer): PublicKey => `${typeOfBlob(blob)} ${blob.toString('base64')}`;

export const blobOf = (key: PublicKey): Buffer => Buffer.from(key.split(' ')[1] ?? '', 'base64');

/** Such as `ssh-ed25519`. */
export const typeOf = (key: PublicKey): string => key.split(' ')[0] ?? '';

/** The key of a line that may go on with a comment; undefined where there is none, or where its type and its bytes disagree. */
export function readPublicKey(text: string): PublicKey | undefined {
  const [, type, base64] = /^([a-z0-9@.-]+)[ \t]+([A-Za-z0-9+/]+={0,2})(?:\s|$)/.exec(text.trim()) ?? [];
  if (type === undefined || base64 === undefined || base64.length > LONGEST_KEY) return undefined;
  const blob = Buffer.from(base64, 'base64');
  return typeOfBlob(blob) === type ? publicKeyOf(blob) : undefined;
}

/** As `ssh-keygen -l` and Kamal's errors show it. */
export const fingerprintOf = (key: PublicKey): string => `SHA256:${createHash('sha256').update(blobOf(key)).digest('base64').replace(/=+$/, '')}`;

const LONGEST_TYPE = 64;
/** RSA of 16,384 bits has 2,800. */
const LONGEST_KEY = 4_000;

function typeOfBlob(blob: Buffer): string {
  if (blob.length < 4) return '';
  const length = blob.readUInt32BE(0);
  return length > LONGEST_TYPE || blob.length < 4 + length ? '' : blob.toString('latin1', 4, 4 + length);
}
