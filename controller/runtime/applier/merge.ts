import { isDeepStrictEqual } from 'node:util';
import { GROUP } from '../../api/index.ts';
import type { HostPool, ScalingPolicy } from '../../api/index.ts';
import type { WrittenKind, WrittenObject } from './read-documents.ts';

/** What the file held when it was last applied; tells a field that was removed from one that the file never had. */
export const LAST_APPLIED_ANNOTATION = `${GROUP}/last-applied`;

interface Owned {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  spec: Record<string, unknown>;
}

/**
 * Fields that commands and policies write too. A file sets them when it changes them: an edit of another line, or a
 * restart, must not undo a scale or lift a pause.
 */
const SHARED_FIELDS: Record<WrittenKind, readonly string[]> = {
  HostPool: ['replicas', 'paused'],
  ScalingPolicy: ['hold'],
};

/**
 * The stored object with what the file owns: what it writes is set, what it wrote the last time and no longer does is
 * dropped, everything else stays. Lists are owned as a whole.
 */
export function mergeWritten<T extends HostPool | ScalingPolicy>(stored: T, { kind, written }: WrittenObject): T {
  const next = ownedBy(written);
  const last = lastApplied(stored);
  const spec = mergeFields(stored.spec as unknown as Record<string, unknown>, last.spec, next.spec);
  for (const field of SHARED_FIELDS[kind]) keepWhatOthersWrote(spec, field, { stored: stored.spec as unknown as Record<string, unknown>, last: last.spec, next: next.spec });
  const { labels: before, ...metadata } = stored.metadata;
  const labels = mergeFields(before ?? {}, last.labels, next.labels);
  return {
    ...stored,
    metadata: {
      ...metadata,
      // As it is stored: an empty map is left out, and would count as a difference.
      ...(Object.keys(labels).length > 0 && { labels }),
      annotations: { ...mergeFields(stored.metadata.annotations ?? {}, last.annotations, next.annotations), [LAST_APPLIED_ANNOTATION]: JSON.stringify(next) },
    },
    spec,
  };
}

/** Annotations of an object that a file makes. */
export function firstAnnotations({ written }: WrittenObject): Record<string, string> {
  return { ...written.metadata.annotations, [LAST_APPLIED_ANNOTATION]: JSON.stringify(ownedBy(written)) };
}

function ownedBy({ metadata, spec }: WrittenObject['written']): Owned {
  const { [LAST_APPLIED_ANNOTATION]: _, ...annotations } = metadata.annotations ?? {};
  return { labels: metadata.labels ?? {}, annotations, spec };
}

/** An object that no file made, or whose note was damaged by hand: nothing of it is known to be the file's. */
function lastApplied(stored: HostPool | ScalingPolicy): Owned {
  const none: Owned = { labels: {}, annotations: {}, spec: {} };
  const text = stored.metadata.annotations?.[LAST_APPLIED_ANNOTATION];
  if (text === undefined) return none;
  try {
    return { ...none, ...(JSON.parse(text) as Partial<Owned>) };
  } catch {
    return none;
  }
}

function mergeFields<V>(stored: Record<string, V>, last: Record<string, unknown>, next: Record<string, V>): Record<string, V> {
  const merged: Record<string, unknown> = { ...stored };
  for (const name of Object.keys(last)) if (!Object.hasOwn(next, name)) delete merged[name];
  for (const [name, value] of Object.entries(next)) {
    const existing = merged[name];
    const before = last[name];
    merged[name] = isFields(value) && isFields(existing) ? mergeFields(existing, isFields(before) ? before : {}, value) : value;
  }
  return merged as Record<string, V>;
}

type Fields = Record<string, unknown>;

function keepWhatOthersWrote(spec: Fields, field: string, { stored, last, next }: { stored: Fields; last: Fields; next: Fields }): void {
  const unchangedInFile = isDeepStrictEqual(last[field], next[field]);
  const takenOver = next[field] === undefined && !isDeepStrictEqual(stored[field], last[field]);
  if (!unchangedInFile && !takenOver) return;
  if (stored[field] === undefined) delete spec[field];
  else spec[field] = stored[field];
}

const isFields = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
