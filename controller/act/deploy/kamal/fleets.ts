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
  /**
   * Under which version Kamal is run for a host that calls its own one this: the same where hosts that people deploy to
   * ran it, else theirs, else the project as it stands. A bought host must not choose the revision whose code runs here.
   */
  trusted(lock: LockRef, said: string): string;
}

/** Of one service, for hosts that are some deploys behind. */
const VERSIONS_KEPT = 50;
/** Of a Git checkout; a plain folder has one state alone. */
const AS_IT_STANDS = 'HEAD';

export function createFleets(): Fleets {
  const references = new Map<string, FleetReference>();
  const proxied = new Map<string, boolean>();
  const versions = new Map<string, string>();
  const seen = new Map<string, Set<string>>();
  const lockKey = ({ service, destination }: LockRef): string => JSON.stringify([service, destination]);
  const key = (role: RoleRef): string => JSON.stringify([lockKey(role), role.role]);
  return {
    note(role, reference, routes) {
      references.set(key(role), reference);
      if (routes !== undefined) proxied.set(key(role), routes);
      if (reference.kind !== 'Agreed') return;
      const { version, previousVersion = version } = reference;
      versions.set(lockKey(role), version);
      seen.set(lockKey(role), new Set([...seen.get(lockKey(role)) ?? [], previousVersion, version].slice(-VERSIONS_KEPT)));
    },
    of: (role) => references.get(key(role)),
    isProxied: (role) => proxied.get(key(role)) ?? true,
    versionOf: (lock) => versions.get(lockKey(lock)),
    trusted: (lock, said) => (seen.get(lockKey(lock))?.has(said) === true ? said : versions.get(lockKey(lock)) ?? AS_IT_STANDS),
  };
}
