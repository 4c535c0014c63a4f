/** `kamal config`: the configuration as Ruby's YAML writes it, symbols and all. Keys of `ssh.key_data` stand there in clear. */
import { parse, stringify } from 'yaml';
import type { Configuration } from './configuration.ts';
import { loggingArgs } from './role.ts';
import { type RawHash, textOf } from './validate.ts';

/** A Ruby symbol, which is written with a colon before it. */
class RubySymbol {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

class RubyObject {
  readonly className: string;
  readonly fields: Readonly<Record<string, unknown>>;
  constructor(className: string, fields: Readonly<Record<string, unknown>>) {
    this.className = className;
    this.fields = fields;
  }
}

export function dumpConfiguration(config: Configuration): string {
  const version = config.version();
  const { ssh } = config;
  const sshOptions: [string, unknown][] = [
    ['user', ssh.user],
    ['port', config.raw['ssh'] !== undefined && typeof (config.raw['ssh'] as RawHash)['port'] === 'string' ? String(ssh.port) : ssh.port],
    ['proxy', viaObject(config)],
    ['keepalive', true],
    ['keepalive_interval', 30],
    ['keys_only', ssh.keysOnly],
    ['keys', ssh.keys],
    ['key_data', ssh.keyData],
    ['config', (config.raw['ssh'] as RawHash | undefined)?.['config']],
    ['forward_agent', (config.raw['ssh'] as RawHash | undefined)?.['forward_agent']],
    ['log_level', ssh.logLevel === 'fatal' && (config.raw['ssh'] as RawHash | undefined)?.['log_level'] === undefined ? new RubySymbol('fatal') : ssh.logLevel],
  ];
  const servers = config.raw['servers'];
  const pairs: [string, unknown][] = [
    ['roles', Array.isArray(servers) ? ['web'] : Object.keys(servers as RawHash).toSorted()],
    ['hosts', config.allHosts],
    ['primary_host', config.primaryHost],
    ['version', version],
    ['repository', config.repository],
    ['absolute_image', `${config.repository}:${version}`],
    ['service_with_version', `${config.service}-${version}`],
    ['volume_args', config.volumeArgs],
    ['ssh_options', symbolKeys(sshOptions)],
    ['sshkit', config.sshkit],
    ['builder', config.raw['builder'] ?? {}],
    ['logging', loggingArgs((config.raw['logging'] ?? {}) as RawHash)],
  ];
  return `---\n${lines(symbolKeys(pairs), '').join('\n')}\n`;
}

const symbolKeys = (pairs: readonly [string, unknown][]): Map<string, unknown> => new Map(pairs.filter(([, value]) => value !== undefined).map(([key, value]) => [`:${key}`, value]));

function viaObject({ ssh }: Configuration): RubyObject | undefined {
  if (ssh.via === undefined) return undefined;
  return 'jump' in ssh.via
    ? new RubyObject('Net::SSH::Proxy::Jump', { jump_proxies: ssh.via.jump })
    : new RubyObject('Net::SSH::Proxy::Command', { command_line_template: ssh.via.command, command_line: null, timeout: 60 });
}

/** A list stands at the column of its key, a mapping two further in. */
function lines(value: unknown, indent: string): string[] {
  if (Array.isArray(value)) return value.flatMap((entry: unknown) => nested(entry, `${indent}- `, `${indent}  `));
  const entries = value instanceof Map ? [...value as Map<string, unknown>] : Object.entries(value as RawHash);
  return entries.flatMap(([key, entry]) => {
    const head = `${indent}${key.startsWith(':') ? key : scalar(key)}:`;
    if (entry instanceof RubyObject) return [`${head} !ruby/object:${entry.className}`, ...lines(entry.fields, `${indent}  `)];
    if (isCollection(entry) && !isEmpty(entry)) return [head, ...lines(entry, Array.isArray(entry) ? indent : `${indent}  `)];
    const text = scalar(entry);
    return [text === '' ? head : `${head} ${text}`];
  });
}

function nested(entry: unknown, head: string, indent: string): string[] {
  if (!isCollection(entry) || isEmpty(entry)) return [`${head}${scalar(entry)}`];
  const [first = '', ...rest] = lines(entry, indent);
  return [`${head}${first.slice(indent.length)}`, ...rest];
}

const isCollection = (value: unknown): boolean => typeof value === 'object' && value !== null && !(value instanceof RubySymbol);
const isEmpty = (value: unknown): boolean => (value instanceof Map ? value.size === 0 : Object.keys(value as object).length === 0);

/** Psych's choice of quotes. */
function scalar(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof RubySymbol) return `:${value.name}`;
  if (Array.isArray(value)) return '[]';
  if (typeof value === 'object') return '{}';
  if (typeof value !== 'string') return textOf(value);
  if (['y', 'Y', 'n', 'N'].includes(value) || /^[^\p{L}\p{N}_][^"]*$/u.test(value)) return JSON.stringify(value);
  if (value === '' || !readsAsItself(value)) return `'${value.replaceAll("'", "''")}'`;
  return stringify(value, { version: '1.1', lineWidth: 0 }).trimEnd();
}

function readsAsItself(text: string): boolean {
  try {
    return parse(text, { version: '1.1' }) === text;
  } catch {
    return false;
  }
}
