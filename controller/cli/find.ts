import { keyOf } from '../api/index.ts';
import type { HostPool, Kind, ObjectKey, ResourceByKind, ScalingPolicy } from '../api/index.ts';
import { isClass } from '../model/index.ts';
import type { Store } from '../ports/index.ts';
import { closest } from './closest.ts';
import { EXIT, CommandFailure } from './failure.ts';
import { description } from './kinds.ts';

/** The object of that name; throws not-found with the name that was probably meant. */
export async function need<K extends Kind>(store: Store, kind: K, key: ObjectKey): Promise<ResourceByKind[K]> {
  const found = await store.get(kind, key, 'Fresh');
  if (found !== undefined) return found;
  const all = await store.list(kind);
  const { singular, plural } = description(kind);
  const names = all.filter(({ metadata }) => metadata.namespace === key.namespace).map(({ metadata }) => metadata.name);
  const elsewhere = all.find(({ metadata }) => metadata.name === key.name);
  const meant = closest(key.name, names);
  const mend = meant !== undefined ? `did you mean ${meant}?`
    : elsewhere !== undefined ? `there is one in namespace ${elsewhere.metadata.namespace}: write -n ${elsewhere.metadata.namespace}`
    : names.length > 0 ? `the ${plural} there are ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`
    : `there are no ${plural} in that namespace; see \`kamal-autoscaler get ${plural} -A\``;
  throw new CommandFailure(EXIT.notFound, `${singular} "${key.name}" not found in namespace ${key.namespace}`, mend);
}

/** The policy that scales a pool: of several the oldest, as the controller has it. */
export async function policyOf(store: Store, pool: HostPool): Promise<ScalingPolicy | undefined> {
  const [oldest] = (await store.list('ScalingPolicy', { namespace: pool.metadata.namespace, from: 'Fresh' }))
    .filter(({ metadata, spec }) => spec.targetRef.name === pool.metadata.name && metadata.deletionTimestamp === undefined)
    .sort((a, b) => order(a).localeCompare(order(b)));
  return oldest;
}

const order = ({ metadata }: ScalingPolicy): string => `${metadata.creationTimestamp} ${metadata.name}`;

/** Reads, changes and writes an object anew while others write it too. `change` returns undefined when nothing is to be written. */
export async function edit<K extends Kind>(
  store: Store, kind: K, key: ObjectKey, change: (object: ResourceByKind[K]) => ResourceByKind[K] | undefined, tries = 5,
): Promise<'Changed' | 'Unchanged'> {
  const changed = change(await need(store, kind, key));
  if (changed === undefined) return 'Unchanged';
  try {
    await store.update(kind, changed);
    return 'Changed';
  } catch (error) {
    if (tries > 1 && isClass(error, 'Conflict')) return edit(store, kind, key, change, tries - 1);
    throw error;
  }
}

/** All pools of a namespace, or of all. */
export const poolKeys = async (store: Store, namespace: string | undefined): Promise<ObjectKey[]> =>
  (await store.list('HostPool', { ...(namespace !== undefined && { namespace }), from: 'Fresh' })).map(keyOf);
