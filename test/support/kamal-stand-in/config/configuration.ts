/** A checked configuration: what deploy.yml says, and the version that commands act on. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { argumentError, BeyondStandIn, configurationError, runtimeError } from '../errors.ts';
import { argumentize } from '../words.ts';
import type { World } from '../world.ts';
import { type Env, readEnv } from './env.ts';
import { loadRaw } from './load.ts';
import type { ProxyRun } from './proxy.ts';
import { readRoles, type Role } from './role.ts';
import { readSecrets, type Secrets } from './secrets.ts';
import { readSsh, type SshSettings } from './ssh.ts';
import { checkLogin, checkSection, isHash, type RawHash, refuse, textOf } from './validate.ts';

export const KAMAL_VERSION = '2.12.0';
export const RUN_DIRECTORY = '.kamal';

/** What the parts of a configuration need of the whole. */
export interface ConfigurationBase {
  raw: RawHash;
  service: string;
  destination?: string;
  secrets: Secrets;
  primaryRoleName: string;
  deployTimeout: number;
  drainTimeout: number;
  proxy: RawHash;
  env: Env;
  /** An empty list for a tag that nothing is said of. */
  envTag(tag: string): Env[];
}

export interface Configuration extends ConfigurationBase {
  roles: readonly Role[];
  allHosts: readonly string[];
  proxyHosts: readonly string[];
  primaryRole: Role;
  primaryHost: string;
  registry: { server?: string; username(): string; password(): string };
  repository: string;
  latestTag: string;
  volumeArgs: readonly string[];
  ssh: SshSettings;
  sshkit: RawHash;
  hooksPath: string;
  retainContainers: number;
  readinessDelay: number;
  boot: { limit?: number; waitSeconds?: number; parallelRoles: boolean };
  /** How the proxy's container is run on a host; absent for the defaults. */
  proxyRun(host: string): ProxyRun | undefined;
  /** `--version`, else VERSION, else the commit; throws where none is to be had. */
  version(): string;
  /** Acts on another version from now on. */
  declare(version: string | undefined): void;
}

/** Sections whose effects the stand-in does not have. */
const UNSUPPORTED = ['accessories', 'asset_path', 'error_pages_path', 'output'];

export function readConfiguration(world: World, options: { configFile: string; destination?: string; version?: string }): Configuration {
  const raw = loadRaw(world, options.configFile, options.destination);
  checkSection(raw, 'configuration', '');
  for (const key of UNSUPPORTED) if (raw[key] !== undefined && raw[key] !== null) throw new BeyondStandIn(`the stand-in for kamal has no ${key}`);
  const secrets = readSecrets(world, options.destination, raw['secrets_path'] as string | undefined);
  const base = readBase(raw, secrets, options.destination);
  const roles = readRoles(base);
  const registry = (raw['registry'] ?? {}) as RawHash;
  checkRegistry(registry);
  for (const section of ['boot', 'sshkit'] as const) checkSection(raw[section] ?? {}, section, section);
  checkBuilder(raw);
  const ssh = readSsh((raw['ssh'] ?? {}) as RawHash, secrets, world);
  const primaryRole = checkWhole(raw, roles, base);
  const repository = [registry['server'], raw['image']].flatMap((part) => textOf(part) || []).join('/');
  const allHosts = [...new Set(roles.flatMap((role) => role.hosts))];
  let declared = options.version;
  const boot = (raw['boot'] ?? {}) as RawHash;
  const secretOr = (value: unknown): string => (Array.isArray(value) ? secrets.get(textOf(value[0])) : textOf(value));
  return {
    ...base,
    roles,
    allHosts,
    proxyHosts: [...new Set(roles.filter((role) => role.proxy !== undefined).flatMap((role) => role.hosts))],
    primaryRole,
    primaryHost: primaryRole.hosts[0] ?? '',
    registry: {
      ...(registry['server'] === undefined ? {} : { server: textOf(registry['server']) }),
      username: () => secretOr(registry['username']),
      password: () => secretOr(registry['password']),
    },
    repository,
    latestTag: ['latest', options.destination].filter((part) => part !== undefined).join('-'),
    volumeArgs: argumentize('--volume', ((raw['volumes'] ?? []) as string[]).map((volume) => [volume, undefined] as const)),
    ssh,
    sshkit: (raw['sshkit'] ?? {}) as RawHash,
    hooksPath: textOf(raw['hooks_path'] ?? '.kamal/hooks'),
    retainContainers: Number(raw['retain_containers'] ?? 5),
    readinessDelay: Number(raw['readiness_delay'] ?? 7),
    boot: bootOf(boot, allHosts.length),
    proxyRun: (host) => roles.filter((role) => role.hosts.includes(host)).flatMap((role) => role.proxy?.run ?? [])[0],
    version: () => declared || world.env['VERSION'] || gitVersion(world, raw),
    declare: (version) => void (declared = version),
  };
}

function readBase(raw: RawHash, secrets: Secrets, destination: string | undefined): ConfigurationBase {
  const envRaw = (raw['env'] ?? {}) as RawHash;
  const tags = isHash(envRaw['tags']) ? envRaw['tags'] : {};
  return {
    raw,
    service: textOf(raw['service'] ?? ''),
    ...(destination === undefined ? {} : { destination }),
    secrets,
    primaryRoleName: textOf(raw['primary_role'] ?? 'web'),
    deployTimeout: Number(raw['deploy_timeout'] ?? 30),
    drainTimeout: Number(raw['drain_timeout'] ?? 30),
    proxy: isHash(raw['proxy']) ? raw['proxy'] : {},
    env: readEnv(envRaw, secrets),
    envTag: (tag) => (isHash(tags[tag]) ? [readEnv(tags[tag], secrets)] : []),
  };
}

function checkRegistry(registry: RawHash): void {
  const { username: _username, password: _password, ...rest } = registry;
  checkSection(rest, 'registry', 'registry');
  if (/^localhost[:$]/.test(textOf(registry['server'] ?? ''))) throw new BeyondStandIn('the stand-in for kamal runs no local registry');
  checkLogin(registry);
}

function checkBuilder(raw: RawHash): void {
  const builder = (raw['builder'] ?? {}) as RawHash;
  const arch = builder['arch'];
  if (arch === undefined || arch === null || arch === '' || (Array.isArray(arch) && arch.length === 0)) refuse('builder', 'Builder arch not set');
  if (builder['local'] === false && !builder['remote']) refuse('builder', 'Cannot disable local builds, no remote is set');
}

function checkWhole(raw: RawHash, roles: readonly Role[], base: ConfigurationBase): Role {
  if (raw['require_destination'] === true && base.destination === undefined) throw argumentError('You must specify a destination');
  for (const key of ['service', 'registry']) if (!raw[key]) throw configurationError(`Missing required configuration for ${key}`);
  if (!raw['image']) throw configurationError('Missing required configuration for image');
  if (raw['servers'] === undefined || raw['servers'] === null) throw configurationError('No servers or accessories specified');
  const primary = roles.find((role) => role.name === base.primaryRoleName);
  if (primary === undefined) throw configurationError(`The primary_role ${base.primaryRoleName} isn't defined`);
  if (primary.hosts.length === 0) throw configurationError(`No servers specified for the ${primary.name} primary_role`);
  const empty = roles.find((role) => role.hosts.length === 0);
  if (empty !== undefined && raw['allow_empty_roles'] !== true) {
    throw configurationError(`No servers specified for the ${empty.name} role. You can ignore this with allow_empty_roles: true`);
  }
  checkMinimumVersion(raw['minimum_version']);
  if (Number(raw['retain_containers'] ?? 5) < 1) throw configurationError('Must retain at least 1 container');
  if (!/^[a-z0-9_-]+$/i.test(base.service)) throw configurationError('Service name can only include alphanumeric characters, hyphens, and underscores');
  const crowded = roles.find((role) => role.proxy?.ssl === true && role.hosts.length > 1 && !role.proxy.ownCertificates);
  if (crowded !== undefined) {
    throw configurationError(`SSL is only supported on a single server unless you provide custom certificates, found ${crowded.hosts.length} servers for role ${crowded.name}`);
  }
  checkSharedHosts(roles);
  return primary;
}

function checkMinimumVersion(minimum: unknown): void {
  if (minimum === undefined || minimum === null) return;
  const parts = (version: string): number[] => version.split('.').map(Number);
  const [wanted, ours] = [parts(textOf(minimum)), parts(KAMAL_VERSION)];
  const at = wanted.findIndex((part, index) => part !== (ours[index] ?? 0));
  if (at >= 0 && (wanted[at] ?? 0) > (ours[at] ?? 0)) throw configurationError(`Current version is ${KAMAL_VERSION}, minimum required is ${textOf(minimum)}`);
}

function checkSharedHosts(roles: readonly Role[]): void {
  const names = roles.flatMap((role) => (role.proxy?.ssl === true ? role.proxy.hosts : []));
  const twice = [...new Set(names.filter((name, at) => names.indexOf(name) !== at))];
  if (twice.length > 0) throw configurationError(`Different roles can't share the same host for SSL: ${twice.join(', ')}`);
  for (const host of new Set(roles.flatMap((role) => role.hosts))) {
    const runs = roles.filter((role) => role.hosts.includes(host)).flatMap((role) => (role.proxy?.run === undefined ? [] : [JSON.stringify(role.proxy.run.raw)]));
    if (new Set(runs).size > 1) throw configurationError(`Conflicting proxy run configurations for host ${host}`);
  }
}

function bootOf(boot: RawHash, hosts: number): Configuration['boot'] {
  const limit = boot['limit'];
  const share = typeof limit === 'string' && limit.endsWith('%') ? Math.max(Math.floor((hosts * Number.parseInt(limit, 10)) / 100), 1) : limit;
  return {
    ...(share === undefined ? {} : { limit: Number(share) }),
    ...(boot['wait'] === undefined ? {} : { waitSeconds: Number(boot['wait']) }),
    parallelRoles: boot['parallel_roles'] === true,
  };
}

/** The commit that is checked out; with `builder.context` set, uncommitted changes are named too. */
function gitVersion(world: World, raw: RawHash): string {
  const git = (...args: string[]): { status: number; text: string } => {
    const { status, stdout, stderr } = world.run(['git', ...args]);
    world.err(stderr);
    return { status, text: stdout.trim() };
  };
  if (!isWorkTree(git)) throw runtimeError(`Can't use commit hash as version, no git repository found in ${world.cwd}`);
  const builtInPlace = ((raw['builder'] ?? {}) as RawHash)['context'] !== undefined;
  const suffix = builtInPlace && git('status', '--porcelain').text !== '' ? `_uncommitted_${world.hex(8)}` : '';
  return `${git('rev-parse', 'HEAD').text}${suffix}`;
}

function isWorkTree(git: (...args: string[]) => { status: number }): boolean {
  try {
    return git('rev-parse').status === 0;
  } catch {
    return false;
  }
}

/** A hook of this name exists. */
export const hasHook = (world: World, config: Configuration, hook: string): boolean => existsSync(resolve(world.cwd, config.hooksPath, hook));

