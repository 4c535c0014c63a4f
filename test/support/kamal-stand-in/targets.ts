/** Which hosts and roles a command acts on: all of the configuration, or those that `--hosts` and `--roles` leave. */
import type { Configuration } from './config/configuration.ts';
import type { Role } from './config/role.ts';
import { argumentError } from './errors.ts';

export interface Targets {
  hosts: readonly string[];
  roles: readonly Role[];
  /** Hosts with a role, those of the primary role first. */
  appHosts: readonly string[];
  proxyHosts: readonly string[];
  /** The lock is taken here. */
  primaryHost: string;
  primaryRole: Role | undefined;
  specificRoles: readonly Role[] | undefined;
  rolesOn(host: string): Role[];
}

export interface Filters {
  hosts?: readonly string[];
  roles?: readonly Role[];
}

/** Filters that match nothing are an error when none matches; beside one that matches they are dropped without a word. */
export function hostFilter(config: Configuration, wanted: readonly string[]): string[] {
  const found = matching(wanted, config.allHosts, (host) => host);
  if (found.length === 0) throw argumentError(`No --hosts match for ${wanted.join(',')}`);
  return found;
}

export function roleFilter(config: Configuration, wanted: readonly string[]): Role[] {
  const found = matching(wanted, config.roles, (role) => role.name);
  if (found.length === 0) throw argumentError(`No --roles match for ${wanted.join(',')}`);
  return found;
}

function matching<T>(patterns: readonly string[], items: readonly T[], nameOf: (item: T) => string): T[] {
  return [...new Set(patterns.flatMap((pattern) => items.filter((item) => fileNameMatch(pattern, nameOf(item)))))];
}

/** Ruby's `File.fnmatch` with braces: `*` and `?` fit no leading period. */
export function fileNameMatch(pattern: string, name: string): boolean {
  const alternatives = /^(.*?)\{([^{}]*)\}(.*)$/s.exec(pattern);
  if (alternatives !== null) {
    return (alternatives[2] ?? '').split(',').some((choice) => fileNameMatch(`${alternatives[1] ?? ''}${choice}${alternatives[3] ?? ''}`, name));
  }
  if (/^[*?]/.test(pattern) && name.startsWith('.')) return false;
  const expression = pattern.replaceAll(/\[[^\]]+\]|[.+^${}()|[\]\\*?]/g, (part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    return part.length > 1 ? part.replace(/^\[!/, '[^') : `\\${part}`;
  });
  return new RegExp(`^${expression}$`, 's').test(name);
}

export function targetsOf(config: Configuration, filters: Filters): Targets {
  const chosen = filters.hosts ?? config.allHosts;
  const roleHosts = filters.roles?.flatMap((role) => role.hosts) ?? [];
  const hosts = roleHosts.length > 0 ? chosen.filter((host) => roleHosts.includes(host)) : [...chosen];
  const roles = (filters.roles ?? config.roles).filter((role) => role.hosts.some((host) => chosen.includes(host)));
  const rolesOn = (host: string): Role[] => roles.filter((role) => role.hosts.includes(host));
  const primaryOf = (some: readonly Role[]): Role | undefined => some.find((role) => role.name === config.primaryRoleName) ?? some[0];
  const primaryHost = filters.hosts?.[0] ?? primaryOf(filters.roles ?? [])?.hosts[0] ?? config.primaryHost;
  const primaryRole = primaryOf(rolesOn(primaryHost));
  const primaryFirst = (some: readonly string[]): string[] => [...some.filter((host) => rolesOn(host).includes(primaryRole as Role)), ...some.filter((host) => !rolesOn(host).includes(primaryRole as Role))];
  const sortedRoles = [...roles.filter((role) => role === primaryRole), ...roles.filter((role) => role !== primaryRole)];
  return {
    hosts: primaryFirst(hosts),
    roles: sortedRoles,
    appHosts: primaryFirst([...new Set(config.roles.flatMap((role) => role.hosts))].filter((host) => hosts.includes(host))),
    proxyHosts: config.proxyHosts.filter((host) => hosts.includes(host)),
    primaryHost,
    primaryRole,
    specificRoles: filters.roles,
    rolesOn: (host) => sortedRoles.filter((role) => role.hosts.includes(host)),
  };
}
