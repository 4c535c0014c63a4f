/** A role: its hosts and what its containers are started with. */
import { argumentize, optionize } from '../words.ts';
import type { ConfigurationBase } from './configuration.ts';
import { type Env, mergedEnv, readEnv } from './env.ts';
import { merged } from './load.ts';
import { type ProxyConfig, readProxy } from './proxy.ts';
import { checkLabels, checkSection, checkServers, checkType, isHash, type Raw, type RawHash, refuse, textOf } from './validate.ts';

export interface Role {
  name: string;
  /** In the order of the configuration, each once. */
  hosts: readonly string[];
  /** Absent for a role that no proxy serves. */
  proxy?: ProxyConfig;
  cmd?: string;
  restartPolicy: string;
  env(host: string): Env;
  loggingArgs: readonly string[];
  labelArgs: readonly string[];
  optionArgs: readonly string[];
  /** Seconds that `docker stop` waits; absent leaves it to Docker. */
  stopTimeout?: number;
  /** `SERVICE-ROLE[-DESTINATION]`: the proxy's name for it and the start of its containers' names. */
  prefix: string;
}

export function readRoles(base: ConfigurationBase): Role[] {
  const servers = base.raw['servers'];
  if (servers === undefined || servers === null) return [];
  checkType(servers, 'servers', 'array', 'hash');
  if (Array.isArray(servers)) {
    checkServers(servers, 'servers');
    return [readRole('web', servers, base)];
  }
  return Object.keys(servers as RawHash).toSorted().map((name) => readRole(name, (servers as RawHash)[name], base));
}

function readRole(name: string, raw: Raw, base: ConfigurationBase): Role {
  const context = `servers/${name}`;
  const special = checkedRole(raw, context);
  const tagged = hostsWithTags(Array.isArray(raw) ? raw : special['hosts']);
  const ownEnv = readEnv((special['env'] ?? {}) as RawHash, base.secrets, `${context}/env`);
  const proxy = ownProxy(name, special['proxy'], base, context);
  const options = isHash(special['options']) ? special['options'] : {};
  const stopTimeout = (special['stop_timeout'] ?? base.raw['stop_timeout'] ?? (proxy === undefined ? base.drainTimeout : undefined)) as number | undefined;
  const labels = { service: base.service, role: name, destination: base.destination ?? null, ...(base.raw['labels'] as object | undefined), ...(special['labels'] as object | undefined) };
  return {
    name,
    hosts: [...tagged.keys()],
    ...(proxy === undefined ? {} : { proxy }),
    ...(typeof special['cmd'] === 'string' ? { cmd: special['cmd'] } : {}),
    restartPolicy: restartPolicy(options, context),
    env: (host) => (tagged.get(host) ?? []).flatMap((tag) => base.envTag(tag) ?? []).reduce(mergedEnv, mergedEnv(base.env, ownEnv)),
    loggingArgs: loggingArgs(merged((base.raw['logging'] ?? {}) as RawHash, (special['logging'] ?? {}) as RawHash)),
    labelArgs: argumentize('--label', Object.entries(labels) as [string, string | null][]),
    optionArgs: optionize(Object.entries(options).filter(([key]) => key !== 'restart') as [string, string][]),
    ...(stopTimeout === undefined ? {} : { stopTimeout }),
    prefix: [base.service, name, base.destination].filter((part) => part !== undefined).join('-'),
  };
}

function checkedRole(raw: Raw, context: string): RawHash {
  checkType(raw, context, 'array', 'hash');
  if (Array.isArray(raw)) {
    checkServers(raw, context);
    return {};
  }
  const special = raw as RawHash;
  checkSection(special, 'role', context);
  checkLabels(special['labels'], context);
  return special;
}

function restartPolicy(options: RawHash, context: string): string {
  const policy = options['restart'];
  if (policy === undefined) return 'unless-stopped';
  if (typeof policy !== 'string') refuse(`${context}/options/restart`, 'should be a string. Use "no" to disable restarts');
  if (!/^(?:no|always|unless-stopped|on-failure(?::\d+)?)$/.test(policy)) refuse(`${context}/options/restart`, 'should be no, always, unless-stopped, on-failure, or on-failure:N');
  return policy;
}

/** The primary role has the proxy unless it says `false`, the others have it only when they say so. */
function ownProxy(name: string, raw: Raw, base: ConfigurationBase, context: string): ProxyConfig | undefined {
  const primary = name === base.primaryRoleName;
  if (raw === false || (!primary && (raw === undefined || raw === null))) return undefined;
  const own = isHash(raw) ? raw : {};
  readProxy(own, base, name, `${context}/proxy`);
  return readProxy(merged(base.proxy, own), base, name, 'proxy');
}

function hostsWithTags(raw: Raw): Map<string, readonly string[]> {
  const tagged = new Map<string, readonly string[]>();
  for (const entry of Array.isArray(raw) ? raw as Raw[] : raw === undefined || raw === null ? [] : [raw]) {
    if (isHash(entry)) {
      const [host = '', tags] = Object.entries(entry)[0] ?? [];
      tagged.set(host, (Array.isArray(tags) ? tags : [tags]) as string[]);
    } else if (typeof entry === 'string') {
      tagged.set(entry, []);
    }
  }
  return tagged;
}

export function loggingArgs(logging: RawHash): string[] {
  checkSection(logging, 'logging', 'logging');
  const { driver, options } = logging;
  const entries = isHash(options) ? Object.entries(options) as [string, string][] : [];
  if ((driver === undefined || driver === '') && entries.length === 0) return argumentize('--log-opt', [['max-size', '10m']]);
  return [...(driver === undefined ? [] : optionize([['log-driver', textOf(driver)]])), ...argumentize('--log-opt', entries)];
}
