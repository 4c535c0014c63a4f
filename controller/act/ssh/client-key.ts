import { createPrivateKey, hkdfSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import ssh2 from 'ssh2';
import { ClassifiedError } from '../../model/index.ts';
import { type KeyPair, keyPairOfSeed } from './ed25519.ts';
import { type PublicKey, publicKeyOf } from './public-key.ts';

/** The one key with which the controller logs in everywhere. */
export interface ClientKey {
  publicKey: PublicKey;
  /** Unencrypted, in a format that every SSH client reads. Secret. */
  privateKey: string;
  /** Where it came from, if that file holds it unencrypted. */
  file?: string;
  /** The private numbers alone, the same whatever format and passphrase the file has. Secret. */
  material: Buffer;
}

export interface ClientKeySource {
  file: string;
  passphrase?: string;
  /** Names of the settings, for errors. */
  names: { file: string; passphrase: string };
}

const SMALLEST_RSA_BITS = 2_048;

/** Reads an Ed25519, RSA or ECDSA key. Rejects with Invalid, which names the setting, the file and the mend. */
export async function readClientKey({ file, passphrase, names }: ClientKeySource): Promise<ClientKey> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw invalid(`${names.file}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`, 'Make it with `ssh-keygen -t ed25519 -f FILE`, readable for this user.');
  }
  const key = ssh2.utils.parseKey(text, passphrase);
  if (key instanceof Error) throw unreadable(file, text, passphrase, names);
  if (!key.isPrivateKey()) throw invalid(`${names.file}: ${file} holds a public key`, 'Write the file of the private key: the same name without .pub.');
  const pem = createPrivateKey(key.getPrivatePEM());
  const bits = pem.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < SMALLEST_RSA_BITS) throw invalid(`${names.file}: ${file} is an RSA key of ${bits} bits, which servers refuse`, 'Make another: `ssh-keygen -t ed25519 -f FILE`.');
  const { d } = pem.export({ format: 'jwk' });
  if (d === undefined) throw invalid(`${names.file}: ${file} is a key of type ${key.type}, which nobody takes any more`, 'Make another: `ssh-keygen -t ed25519 -f FILE`.');
  const material = Buffer.from(d, 'base64url');
  const ed25519 = pem.asymmetricKeyType === 'ed25519';
  return {
    publicKey: publicKeyOf(key.getPublicSSH()), material,
    privateKey: ed25519 ? keyPairOfSeed(material).privateKey : key.getPrivatePEM(),
    ...(isEncrypted(text) ? {} : { file }),
  };
}

/**
 * The host key that user data gives a new server. It is derived, so that nothing need be stored, every attempt to
 * create the same host delivers the same key, and an adopted server still answers to it.
 */
export function deliveredKey({ material }: Pick<ClientKey, 'material'>, installation: string, hostID: string): KeyPair {
  return keyPairOfSeed(Buffer.from(hkdfSync('sha256', material, 'kamal-autoscaler', `host-key:${installation}:${hostID}`, 32)));
}

function unreadable(file: string, text: string, passphrase: string | undefined, names: ClientKeySource['names']): ClassifiedError {
  if (!isEncrypted(text)) return invalid(`${names.file}: ${file} is no private key in OpenSSH's or PEM format`, 'Make one with `ssh-keygen -t ed25519 -f FILE`.');
  return passphrase === undefined
    ? invalid(`${names.file}: ${file} has a passphrase`, `Set ${names.passphrase} or ${names.passphrase}_FILE.`)
    : invalid(`${names.passphrase}: it does not open ${file}`, `Correct it, or name another key with ${names.file}.`);
}

/** Nothing else than a key that is encrypted can be opened with a passphrase. */
function isEncrypted(text: string): boolean {
  const key = ssh2.utils.parseKey(text);
  return key instanceof Error && /passphrase/.test(key.message);
}

const invalid = (message: string, mend: string): ClassifiedError => new ClassifiedError('Invalid', message, { mend });
