import { createHmac } from 'node:crypto';
import { knownHostName } from '../../model/index.ts';
import { type PublicKey, readPublicKey } from './public-key.ts';

/**
 * The keys that a known_hosts file pins for a place. Plain and hashed names count. Wildcards do not, for a key that
 * fits many hosts pins none; nor do certificate authorities. A key that is revoked anywhere is left out.
 */
export function pinnedIn(text: string, address: string, port: number): PublicKey[] {
  const name = knownHostName(address, port);
  const entries = text.split('\n').flatMap(readEntry);
  const revoked = new Set(entries.filter(({ marker }) => marker === '@revoked').map(({ key }) => key));
  const keys = entries.filter(({ marker, names }) => marker === undefined && names.some((candidate) => isName(candidate, name))).map(({ key }) => key);
  return [...new Set(keys)].filter((key) => !revoked.has(key));
}

interface Entry {
  marker?: string;
  names: string[];
  key: PublicKey;
}

function readEntry(line: string): Entry[] {
  const [, marker, names, rest] = /^\s*(?:(@[a-z-]+)\s+)?([^\s#@]\S*)\s+(.+)$/.exec(line) ?? [];
  const key = rest === undefined ? undefined : readPublicKey(rest);
  return names === undefined || key === undefined ? [] : [{ ...(marker === undefined ? {} : { marker }), names: names.split(','), key }];
}

function isName(candidate: string, name: string): boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|([^|]+)$/.exec(candidate) ?? [];
  if (salt === undefined) return candidate.toLowerCase() === name.toLowerCase();
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}
