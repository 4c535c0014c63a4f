/** Kamal's checks of a section's keys and types, with its words. */
import { configurationError } from '../errors.ts';
import { type Example, EXAMPLES } from './examples.ts';

export type Raw = unknown;
export type RawHash = Readonly<Record<string, Raw>>;
type Kind = 'string' | 'integer' | 'boolean' | 'array' | 'hash';

export const isHash = (value: Raw): value is RawHash => typeof value === 'object' && value !== null && !Array.isArray(value);

const fits = (value: Raw, kind: Kind): boolean => {
  switch (kind) {
    case 'string': return ['string', 'number', 'boolean', 'bigint'].includes(typeof value);
    case 'integer': return Number.isInteger(value);
    case 'boolean': return typeof value === 'boolean';
    case 'array': return Array.isArray(value);
    case 'hash': return isHash(value);
    default: return kind satisfies never;
  }
};

const described = (kind: Kind): string => (kind === 'integer' || kind === 'array' ? `an ${kind}` : `a ${kind}`);

const kindOf = (example: Example): Kind => {
  if (Array.isArray(example)) return 'array';
  if (typeof example === 'object') return 'hash';
  if (typeof example === 'number') return 'integer';
  return typeof example === 'boolean' ? 'boolean' : 'string';
};

/** Throws Kamal's ConfigurationError for the field at `context`. */
export function refuse(context: string, message: string): never {
  throw configurationError(context === '' ? message : `${context}: ${message}`);
}

const under = (context: string, key: string | number): string => (context === '' ? String(key) : `${context}/${key}`);

export function checkType(value: Raw, context: string, ...kinds: readonly Kind[]): void {
  if (!kinds.some((kind) => fits(value, kind))) refuse(context, `should be ${[...new Set(kinds.map(described))].join(' or ')}`);
}

export function checkSection(value: Raw, section: keyof typeof EXAMPLES, context: string): void {
  checkAgainst(value, EXAMPLES[section], context, section === 'configuration');
}

function checkAgainst(value: Raw, example: Example, context: string, extensions = false): void {
  checkType(value, context, kindOf(example));
  if (!isHash(value) || typeof example !== 'object') return;
  const examples = example as Readonly<Record<string, Example>>;
  const unknown = Object.keys(value).filter((key) => !Object.hasOwn(examples, key) && !(extensions && key.startsWith('x-')));
  if (unknown.length > 0) refuse(context, `unknown ${unknown.length === 1 ? 'key' : 'keys'}: ${unknown.join(', ')}`);
  for (const [key, entry] of Object.entries(value)) {
    const wanted = examples[key];
    if (wanted !== undefined) checkKey(key, entry, wanted, under(context, key));
  }
}

function checkKey(key: string, value: Raw, example: Example, context: string): void {
  if (example === '...') {
    if (key === 'proxy' && typeof value === 'boolean') return;
    checkType(value, context, ...(key === 'servers' ? ['array' as const] : []), 'hash');
  } else if (key === 'ssl') checkType(value, context, 'boolean', 'hash');
  else if (key === 'hooks_output') checkType(value, context, 'string', 'hash');
  else if (key === 'hosts') checkServers(value, context);
  else if (key === 'config' && Array.isArray(example)) {
    if (Array.isArray(value)) checkEach(value, 'string', context);
    else checkType(value, context, 'boolean', 'string', 'array');
  } else if (Array.isArray(example)) checkEach(value, kindOf(example[0] as Example), context);
  else if (key === 'options' || key === 'args') checkType(value, context, 'hash');
  else if (key === 'labels') {
    checkType(value, context, 'hash');
    for (const [label, entry] of Object.entries(value as RawHash)) checkType(entry, under(context, label), 'string');
  } else checkAgainst(value, example, context);
}

function checkEach(value: Raw, kind: Kind, context: string): void {
  checkType(value, context, 'array');
  for (const [index, entry] of (value as Raw[]).entries()) checkType(entry, under(context, index), kind);
}

/** A list of hosts, each with tags or without. */
export function checkServers(value: Raw, context: string): void {
  checkType(value, context, 'array');
  for (const [index, server] of (value as Raw[]).entries()) {
    const here = under(context, index);
    checkType(server, here, 'string', 'hash');
    if (!isHash(server)) continue;
    const [entry, ...others] = Object.entries(server);
    if (entry === undefined || others.length > 0) refuse(here, 'multiple hosts found');
    const [host, tags] = entry;
    checkType(tags, under(here, host), 'string', 'array');
    if (Array.isArray(tags)) checkEach(tags, 'string', under(here, host));
  }
}

export function checkLabels(labels: Raw, context: string): void {
  for (const key of isHash(labels) ? Object.keys(labels) : []) {
    if (['destination', 'role', 'service'].includes(key)) {
      refuse(`${under(context, 'labels')}/${key}`, 'invalid label. destination, role, and service are reserved labels');
    }
  }
}

export function checkEnv(env: Raw, context: string): void {
  const hash = env as RawHash;
  const special = ['clear', 'secret', 'tags'];
  if (!Object.keys(hash).some((key) => special.includes(key))) {
    for (const [key, entry] of Object.entries(hash)) checkType(entry, under(context, key), 'string');
    return;
  }
  const unknown = Object.keys(hash).filter((key) => !special.includes(key));
  if (unknown.length > 0) refuse(context, `unknown ${unknown.length === 1 ? 'key' : 'keys'}: ${unknown.join(', ')}`);
  if ('clear' in hash) {
    checkType(hash['clear'], under(context, 'clear'), 'hash');
    for (const [key, entry] of Object.entries(hash['clear'] as RawHash)) checkType(entry, `${under(context, 'clear')}/${key}`, 'string');
  }
  if ('secret' in hash) checkEach(hash['secret'], 'string', under(context, 'secret'));
  if (!('tags' in hash)) return;
  if (context !== 'env') refuse(context, 'tags are only allowed in the root env');
  checkType(hash['tags'], 'env/tags', 'hash');
  for (const [tag, entry] of Object.entries(hash['tags'] as RawHash)) {
    checkType(entry, `env/tags/${tag}`, 'hash');
    checkEnv(entry, `env/tags/${tag}`);
  }
}

/** A name in clear or a list with the name of one secret. */
export function checkLogin(registry: RawHash): void {
  for (const key of ['username', 'password']) {
    const value = registry[key];
    if (value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)) refuse(`registry/${key}`, 'is required');
    const fitting = typeof value === 'string' || (Array.isArray(value) && value.length === 1 && typeof value[0] === 'string');
    if (!fitting) refuse(`registry/${key}`, 'should be a string or an array with one string (for secret lookup)');
  }
}

export function checkProxy(proxy: RawHash, context: string): void {
  checkSection(proxy, 'proxy', context);
  const { host, hosts, ssl, run } = proxy;
  const blank = (value: Raw): boolean => value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
  if (blank(host) && blank(hosts) && ssl !== undefined && ssl !== false && ssl !== null) refuse(context, 'Must set a host to enable automatic SSL');
  if ('host' in proxy && 'hosts' in proxy) refuse(context, "Specify one of 'host' or 'hosts', not both");
  if (isHash(ssl)) {
    if (!blank(ssl['certificate_pem']) && blank(ssl['private_key_pem'])) refuse(context, 'Missing private_key_pem setting (required when certificate_pem is present)');
    if (!blank(ssl['private_key_pem']) && blank(ssl['certificate_pem'])) refuse(context, 'Missing certificate_pem setting (required when private_key_pem is present)');
  }
  if (isHash(run) && run['publish'] === false && ['bind_ips', 'http_port', 'https_port'].some((key) => !blank(run[key]))) {
    refuse(context, 'Cannot set http_port, https_port or bind_ips when publish is false');
  }
}

/** A scalar as text; nothing and collections, which the checks refuse, are empty. */
export function textOf(value: Raw): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint' ? String(value) : '';
}
