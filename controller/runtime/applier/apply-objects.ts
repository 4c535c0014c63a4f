import { isDeepStrictEqual } from 'node:util';
import { API_VERSION, keyText } from '../../api/index.ts';
import type { HostPool, ObjectKey, ScalingPolicy } from '../../api/index.ts';
import { isClass } from '../../model/index.ts';
import type { Draft, Store } from '../../ports/index.ts';
import { admit } from '../store/validation/index.ts';
import { firstAnnotations, mergeWritten } from './merge.ts';
import { WRITTEN_KINDS } from './read-documents.ts';
import type { PlacedProblem, WrittenKind, WrittenObject } from './read-documents.ts';

export interface AppliedObject {
  kind: WrittenKind;
  key: ObjectKey;
  outcome: 'Created' | 'Updated' | 'Unchanged';
}

/** Tries after a Conflict: a reconciler or a command wrote the object in between. */
const TRIES = 5;

/**
 * Makes the store hold what the objects of correct files say. All objects of a file are tried out first, so that one
 * that the stored state refuses leaves the whole file unapplied. Errors: `Unavailable`, when the store is away.
 */
export async function applyObjects(store: Store, objects: readonly WrittenObject[]): Promise<{ applied: AppliedObject[]; errors: PlacedProblem[] }> {
  const errors: PlacedProblem[] = [];
  for (const object of objects) {
    const problem = await refusal(store, object);
    if (problem !== undefined) errors.push(problem);
  }
  const broken = new Set(errors.map(({ place }) => place.file));
  const applied: AppliedObject[] = [];
  // Pools before the policies that refer to them.
  for (const kind of WRITTEN_KINDS) {
    for (const object of objects.filter((candidate) => candidate.kind === kind && !broken.has(candidate.place.file))) {
      applied.push({ kind, key: object.key, outcome: await applyObject(store, object) });
    }
  }
  return { applied, errors };
}

/** Why the store would refuse the object as it is now. */
async function refusal(store: Store, object: WrittenObject): Promise<PlacedProblem | undefined> {
  const stored = await find(store, object);
  if (stored === undefined) return undefined;
  try {
    admit(object.kind, mergeWritten(stored, object), stored);
    return undefined;
  } catch (error) {
    if (!isClass(error, 'Invalid')) throw error;
    return { place: object.place, message: `${error.message} (together with what ${object.kind} ${keyText(object.key)} has in the store)` };
  }
}

async function applyObject(store: Store, object: WrittenObject): Promise<AppliedObject['outcome']> {
  for (let tried = 1; ; tried += 1) {
    try {
      const stored = await find(store, object);
      if (stored === undefined) {
        await create(store, object);
        return 'Created';
      }
      const merged = mergeWritten(stored, object);
      if (isDeepStrictEqual(admit(object.kind, merged, stored), stored)) return 'Unchanged';
      await update(store, merged);
      return 'Updated';
    } catch (error) {
      if (!isClass(error, 'Conflict', 'AlreadyExists', 'NotFound') || tried === TRIES) throw error;
    }
  }
}

async function find(store: Store, { kind, key }: WrittenObject): Promise<HostPool | ScalingPolicy | undefined> {
  return store.get(kind, key, 'Fresh');
}

async function create(store: Store, object: WrittenObject): Promise<void> {
  const { kind, key, written, admitted } = object;
  const metadata = { ...key, annotations: firstAnnotations(object), ...(written.metadata.labels && { labels: written.metadata.labels }) };
  const draft = { apiVersion: API_VERSION, kind, metadata, spec: admitted.spec };
  if (kind === 'HostPool') await store.create(kind, draft as Draft<'HostPool'>);
  else await store.create(kind, draft as Draft<'ScalingPolicy'>);
}

async function update(store: Store, object: HostPool | ScalingPolicy): Promise<void> {
  if (object.kind === 'HostPool') await store.update(object.kind, object);
  else await store.update(object.kind, object);
}
