import { ClassifiedError, type Instant, type Ports, type ServerOwner } from '../../model/index.ts';
import type { Documents } from '../../ports/index.ts';

export const LEASES_DOCUMENT = 'static-leases';

/** A machine that a host has. */
export interface Lease {
  /** The host's name. */
  name: string;
  owner: ServerOwner;
  placement: string;
  address: string;
  ports?: Partial<Ports>;
  since: Instant;
}

export interface Leases {
  /** By providerID. */
  leases: Record<string, Lease>;
  /** When a machine was given back that could not be reached, by providerID. */
  unreachable: Record<string, Instant>;
}

/** Refuses to guess: an unreadable document taken for an empty one would give every machine away a second time. */
export async function loadLeases(documents: Documents): Promise<{ value: Leases; version: string | undefined }> {
  const stored = await documents.load(LEASES_DOCUMENT);
  if (stored === undefined) return { value: { leases: {}, unreachable: {} }, version: undefined };
  const value = stored.value as Partial<Leases> | null;
  if (!isRecord(value?.leases) || !isRecord(value?.unreachable)) {
    throw new ClassifiedError('Invalid', `document ${LEASES_DOCUMENT} is unreadable: it must hold leases and unreachable`, { mend: 'restore it from a backup' });
  }
  return { value: value as Leases, version: stored.version };
}

const isRecord = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
