import type { Membership } from '../model/index.ts';
import type { Documents } from '../ports/index.ts';

export const MEMBERSHIP_DOCUMENT = 'membership';

/** The last-known-good membership and the version under which it was read. */
export async function loadMembership(documents: Pick<Documents, 'load'>): Promise<{ membership: Membership; version: string | undefined }> {
  const stored = await documents.load(MEMBERSHIP_DOCUMENT);
  if (stored === undefined) return { membership: { generation: 0, pools: [] }, version: undefined };
  return { membership: readMembership(stored.value), version: stored.version };
}

/** Refuses to guess: serving an empty document in place of an unreadable one would take every route away. */
function readMembership(value: unknown): Membership {
  const membership = value as Partial<Membership> | null;
  if (typeof membership?.generation !== 'number' || !Array.isArray(membership.pools)) {
    throw new Error('the membership document is unreadable: restore it, or delete it to rebuild it from the hosts');
  }
  return membership as Membership;
}
