import { proxyServiceOf } from '../../../model/index.ts';
import type { RoleRef } from '../../../ports/index.ts';

/** What Kamal puts before the version in the names of a role's containers. */
export const containerPrefix = (role: RoleRef): string => `${proxyServiceOf(role)}-`;

export const containerName = (role: RoleRef, version: string): string => containerPrefix(role) + version;

/** The version in a container's name, as written; undefined for a container of another role, and for what is no name of a container. */
export function versionInName(role: RoleRef, name: string): string | undefined {
  const prefix = containerPrefix(role);
  const version = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  return NAME_END.test(version) ? version : undefined;
}

/** Whether a version can be brought up elsewhere: `latest` names no image for long, and a replaced container is on its way out. */
export const isDeployable = (version: string): boolean => VERSION.test(version) && !/^latest(-|$)/.test(version) && !version.includes('_replaced_');

/** What Docker takes as a tag; nothing else may reach an argument or a path. */
const VERSION = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** What Docker takes in a name, with what Kamal appends to that of a container on its way out. A host may say anything. */
const NAME_END = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,159}$/;

/** The variable by which the line in deploy.yml learns of further hosts of a role. */
export const extraVariable = (role: string): string => `KAMAL_AUTOSCALE_EXTRA_${role.toUpperCase().replaceAll('-', '_')}`;
