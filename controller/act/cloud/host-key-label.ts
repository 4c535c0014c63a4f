const TYPE = 'ssh-ed25519';
/** Length and name of the type, then the length of what follows: the same before every such key. */
const PREFIX = Buffer.from('0000000b7373682d6564323535313900000020', 'hex');
const KEY_BYTES = 32;

/** A host key as a label can carry it; undefined for a key of another type than Ed25519, which is too long for one. */
export function hostKeyLabel(hostKey: string): string | undefined {
  const [type, base64 = ''] = hostKey.split(' ');
  const blob = Buffer.from(base64, 'base64');
  return type === TYPE && blob.length === PREFIX.length + KEY_BYTES ? `ed25519.${blob.subarray(PREFIX.length).toString('base64url')}` : undefined;
}

/** The host key of a label, as `type base64`; undefined where it holds none. */
export function hostKeyIn(label: unknown): string | undefined {
  const [, text] = typeof label === 'string' ? /^ed25519\.([A-Za-z0-9_-]{43})$/.exec(label) ?? [] : [];
  return text === undefined ? undefined : `${TYPE} ${Buffer.concat([PREFIX, Buffer.from(text, 'base64url')]).toString('base64')}`;
}
