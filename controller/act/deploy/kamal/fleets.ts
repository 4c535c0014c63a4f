import type { FleetReference } from '../../../model/index.ts';
import type { LockRef, RoleRef } from '../../../ports/index.ts';

/** What was last seen of the hosts that people deploy to. A memory for words and shortcuts; every step looks anew. */
export interface Fleets {
  note(role: RoleRef, reference: FleetReference, proxied: boolean | undefined): void;
  of(role: RoleRef): FleetReference | undefined;
  /** Whether proxies route the role; true until the contrary was seen. */
  isProxied(role: RoleRef): boolean;
  /** What some role of the service was last seen to run. */
  versionOf(lock: LockRef): string | undefined;
}

export function createFleets(): Fleets {
  const references = new Map<string, FleetReference>();
  const proxied = new Map<string, boolean>();
  const versions = new Map<string, string>();
  const lockKey = ({ service, destination }: LockRef): string => JSON.stringify([service, destination]);
  const key = (role: RoleRef): string => JSON.stringify([lockKey(role), role.role]);
  return {
    note(role, reference, routes) {
      references.set(key(role), reference);
      if (routes !== undefined) proxied.set(key(role), routes);
      if (reference.kind === 'Agreed') versions.set(lockKey(role), reference.version);
    },
    of: (role) => references.get(key(role)),
    isProxied: (role) => proxied.get(key(role)) ?? true,
    versionOf: (lock) => versions.get(lockKey(lock)),
  };
}
