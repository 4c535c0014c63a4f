import { keyText } from '../../api/index.ts';
import type { ObjectMeta } from '../../api/index.ts';

export interface ApiObject {
  metadata: ObjectMeta;
}

export interface CacheChange<T extends ApiObject> {
  type: 'Added' | 'Modified' | 'Deleted';
  object: T;
}

/** What the reflector knows to exist. Each method says what changed, so that a lost event shows up with the next list. */
export class WatchCache<T extends ApiObject> {
  readonly #objects = new Map<string, T>();

  /** Everything known, each as `Added`. */
  asAdded(): CacheChange<T>[] {
    return this.values().map((object) => ({ type: 'Added', object }));
  }

  values(): T[] {
    return [...this.#objects.values()];
  }

  get(key: { namespace: string; name: string }): T | undefined {
    return this.#objects.get(keyText(key));
  }

  /** The whole truth from a list: what is missing in it was deleted. */
  replace(objects: readonly T[]): CacheChange<T>[] {
    const present = new Set(objects.map((object) => keyText(object.metadata)));
    const gone = [...this.#objects].filter(([key]) => !present.has(key)).map(([, object]) => this.remove(object));
    return [...gone.flat(), ...objects.flatMap((object) => this.put(object))];
  }

  /** One object as it is now. Another uid under the same name is another object: the old one was deleted. */
  put(object: T): CacheChange<T>[] {
    const key = keyText(object.metadata);
    const known = this.#objects.get(key);
    this.#objects.set(key, object);
    if (known === undefined) return [{ type: 'Added', object }];
    if (known.metadata.uid !== object.metadata.uid) return [{ type: 'Deleted', object: known }, { type: 'Added', object }];
    return known.metadata.resourceVersion === object.metadata.resourceVersion ? [] : [{ type: 'Modified', object }];
  }

  /** One object in its last state. */
  remove(object: T): CacheChange<T>[] {
    return this.#objects.delete(keyText(object.metadata)) ? [{ type: 'Deleted', object }] : [];
  }
}
