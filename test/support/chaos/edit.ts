/** How people edit objects: they read, change, write, and do it again where somebody else wrote in between. */
import type { Kind, ObjectKey, ResourceByKind } from '../../../controller/api/index.ts';
import { isClass } from '../../../controller/model/index.ts';
import type { Store } from '../../../controller/ports/index.ts';

/** `change` gives what is to be written, or undefined for nothing. False where nothing was, or where the store refuses it, as a person sees at once. */
export async function edit<K extends Kind>(store: Store, kind: K, key: ObjectKey, change: (object: ResourceByKind[K]) => ResourceByKind[K] | undefined): Promise<boolean> {
  for (;;) {
    const found = await store.get(kind, key);
    const changed = found === undefined ? undefined : change(found);
    if (changed === undefined) return false;
    try {
      await store.update(kind, changed);
      return true;
    } catch (error) {
      if (isClass(error, 'Invalid', 'NotFound')) return false;
      if (!isClass(error, 'Conflict')) throw error;
    }
  }
}
