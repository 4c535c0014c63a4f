import { createHmac } from 'node:crypto';
import type { Fingerprint, Instant } from '../../../model/index.ts';
import type { RoleRef } from '../../../ports/index.ts';
import { versionInName } from './app-names.ts';

/** One container of a role. */
export interface Container {
  id: string;
  name: string;
  /** As its name says; may be `latest` or end in `_replaced_…`. */
  version: string;
  running: boolean;
  createdAt: Instant;
  /** Registry and name of its image, without the tag. */
  repository: string;
  fingerprint: Fingerprint;
}

/** What of `docker inspect` is read. */
interface Inspected {
  Id?: string;
  Name?: string;
  Created?: string;
  Image?: string;
  State?: { Status?: string };
  Config?: Record<string, unknown> & { Image?: string; Env?: string[] | null; Cmd?: unknown; Entrypoint?: unknown };
  HostConfig?: Record<string, unknown>;
}

/** Kamal gives each host its own values here; they say nothing about what runs. */
const OWN_VARIABLES = new Set(['KAMAL_HOST', 'KAMAL_CONTAINER_NAME', 'KAMAL_VERSION']);

/** Of `HostConfig`, what `docker run` was told. The rest is the engine's own and differs with its version. */
const OPTIONS = [
  'Binds', 'Mounts', 'NetworkMode', 'PortBindings', 'RestartPolicy', 'LogConfig', 'Memory', 'MemoryReservation', 'MemorySwap', 'NanoCpus', 'CpuShares', 'CpusetCpus',
  'CapAdd', 'CapDrop', 'Privileged', 'ReadonlyRootfs', 'SecurityOpt', 'ShmSize', 'Tmpfs', 'Ulimits', 'Sysctls', 'ExtraHosts', 'Dns', 'GroupAdd', 'Devices',
  'DeviceRequests', 'Init', 'IpcMode', 'PidMode', 'OomScoreAdj', 'PidsLimit',
];
const SETTINGS = ['User', 'WorkingDir', 'StopSignal', 'StopTimeout', 'Healthcheck', 'ExposedPorts', 'Volumes'];

/** Kamal keeps five. Hosts are held against one another, container by container. */
const MOST = 200;

/**
 * Reads lines of `docker inspect --format '{{json .}}'`; containers of other roles are passed over. `digests` are
 * the names with digest under which registries know an image, by image id. `key` hashes the environment: its values are
 * secrets, and with a key of this process nobody can guess them from a digest. Throws for what Docker would not print.
 */
export function readContainers(lines: readonly string[], role: RoleRef, digests: ReadonlyMap<string, readonly string[]>, key: Buffer): Container[] {
  if (lines.length > MOST) throw new RangeError(`more than ${MOST} containers of a role`);
  return lines.flatMap((line) => {
    const one = JSON.parse(line) as Inspected;
    const name = one.Name?.replace(/^\//, '') ?? '';
    const version = versionInName(role, name);
    if (version === undefined || one.Id === undefined) return [];
    if (typeof one.Id !== 'string' || !['string', 'undefined'].includes(typeof one.Image)) throw new TypeError('an id that is no text');
    return [{
      id: one.Id, name, version, running: one.State?.Status === 'running', createdAt: Date.parse(one.Created ?? '') || 0,
      repository: repositoryOf(one.Config?.Image ?? ''), fingerprint: fingerprintOf(one, digests, key),
    }];
  });
}

/** An image without its tag or digest; a port of the registry is no tag. */
function repositoryOf(image: string): string {
  const named = image.split('@')[0] ?? '';
  const tag = /:[^/:]*$/.exec(named);
  return tag === null ? named : named.slice(0, tag.index);
}

function fingerprintOf({ Image = '', Config = {}, HostConfig = {} }: Inspected, digests: ReadonlyMap<string, readonly string[]>, key: Buffer): Fingerprint {
  const repository = repositoryOf(Config.Image ?? '');
  const digest = digests.get(Image)?.find((named) => repositoryOf(named) === repository)?.split('@')[1];
  const environment = (Config.Env ?? []).flatMap((entry) => {
    const [name = '', ...value] = entry.split('=');
    return OWN_VARIABLES.has(name) ? [] : [`${name}=${createHmac('sha256', key).update(value.join('=')).digest('hex').slice(0, 16)}`];
  });
  return {
    // An engine may number the same image in its own way; the registry's digest is the same everywhere.
    image: digest ?? Image,
    environment: environment.sort().join(' '),
    command: JSON.stringify([Config.Entrypoint ?? null, Config.Cmd ?? null]),
    options: JSON.stringify(Object.fromEntries([...chosen(HostConfig, OPTIONS), ...chosen(Config, SETTINGS)])),
  };
}

/** What is set; an engine writes nothing, null, 0 or an empty list for the same. */
const chosen = (from: Record<string, unknown>, names: readonly string[]): [string, unknown][] =>
  names.flatMap((name): [string, unknown][] => (isSet(from[name]) ? [[name, sorted(from[name])]] : []));

function isSet(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === 0 || value === false) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, part]) => [name, sorted(part)]));
}

/** What of a container is not as the reference's, by name; undefined when all is. No value is told. */
export function difference(own: Fingerprint, reference: Fingerprint): string | undefined {
  const parts = [
    ...(own.image === reference.image ? [] : ['its image is another']),
    ...namesOf('environment variable', differing(variables(own), variables(reference))),
    ...(own.command === reference.command ? [] : ['its command differs']),
    ...namesOf('option', differing(JSON.parse(own.options) as object, JSON.parse(reference.options) as object)),
  ];
  return parts.length === 0 ? undefined : parts.join('; ');
}

const variables = ({ environment }: Fingerprint): object =>
  Object.fromEntries(environment.split(' ').filter((entry) => entry !== '').map((entry) => [entry.slice(0, entry.lastIndexOf('=')), entry]));

function differing(one: object, other: object): string[] {
  const [left, right] = [new Map(Object.entries(one)), new Map(Object.entries(other))];
  return [...new Set([...left.keys(), ...right.keys()])].filter((name) => JSON.stringify(left.get(name)) !== JSON.stringify(right.get(name))).sort();
}

const namesOf = (what: string, names: string[]): string[] => (names.length === 0 ? [] : [`${what}${names.length === 1 ? '' : 's'} ${names.join(', ')} differ${names.length === 1 ? 's' : ''}`]);
