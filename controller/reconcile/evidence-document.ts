import type { ObjectKey } from '../api/index.ts';
import { type Evidence, type Instant, seconds } from '../model/index.ts';
import type { Documents } from '../ports/index.ts';

/** Of one pool: the newest records, for so long, in so much space; a ConfigMap holds it too. */
const KEPT_RECORDS = 10;
const KEPT_SECONDS = 14 * 24 * 3600;
const KEPT_BYTES = 600 * 1024;

export const evidenceDocument = ({ namespace, name }: ObjectKey): string => `evidence.${namespace}.${name}`;

/** What is kept of a pool's failed hosts, the newest first. What is too old is not told, even before it is removed. */
export async function loadEvidence(documents: Pick<Documents, 'load'>, pool: ObjectKey, now: Instant): Promise<{ records: Evidence[]; version: string | undefined }> {
  const stored = await documents.load(evidenceDocument(pool));
  return { records: youngEnough(stored === undefined ? [] : stored.value as Evidence[], now), version: stored?.version };
}

/** With another record: one a host, and the oldest go first. */
export function withEvidence(records: readonly Evidence[], added: Evidence): Evidence[] {
  const kept = [added, ...records.filter(({ hostID }) => hostID !== added.hostID)].slice(0, KEPT_RECORDS);
  while (kept.length > 1 && Buffer.byteLength(JSON.stringify(kept)) > KEPT_BYTES) kept.pop();
  return kept;
}

export const isTooOld = (at: Instant, now: Instant): boolean => now - at > seconds(KEPT_SECONDS);

const youngEnough = (records: readonly Evidence[], now: Instant): Evidence[] => records.filter(({ gatheredAt }) => !isTooOld(gatheredAt, now));
