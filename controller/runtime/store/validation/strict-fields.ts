import type { Structural } from './definitions.ts';
import { fieldPath, shown } from './problem.ts';
import type { Problem } from './problem.ts';

const LONGEST_NAME = 200;

/** Fields that a schema does not know, as strict field validation refuses them. */
export function unknownFields(value: unknown, schema: Structural | undefined, path = ''): Problem[] {
  if (schema === undefined || typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => unknownFields(item, schema.items, `${path}[${index}]`));
  const known = schema.properties;
  if (known === undefined) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const at = fieldPath(path, name);
    if (Object.hasOwn(known, name)) return unknownFields(member, known[name], at);
    const text = `unknown field "${at.slice(0, LONGEST_NAME)}": the fields here are ${Object.keys(known).join(', ')}`;
    // A name that looks like a path leads elsewhere, and what is not there does not differ.
    return [{ path: at, text, standalone: true as const, scope: /^[^.[\]]+$/.test(name) ? at : path }];
  });
}

/** Entries that name the same key twice in a list-map, or the same value in a set. */
export function duplicates(value: unknown, schema: Structural | undefined, path = ''): Problem[] {
  if (schema === undefined || typeof value !== 'object' || value === null) return [];
  if (!Array.isArray(value)) {
    return Object.entries(value).flatMap(([name, member]) => duplicates(member, schema.properties?.[name], fieldPath(path, name)));
  }
  const seen = new Set<string>();
  const repeated = value.flatMap((item, index): Problem[] => {
    const identity = identityOf(item, schema);
    if (identity === undefined) return [];
    const text = JSON.stringify(identity);
    if (!seen.has(text)) {
      seen.add(text);
      return [];
    }
    return [{ path: `${path}[${index}]`, text: `Duplicate value: ${shown(identity)}: write it once`, scope: path }];
  });
  return [...repeated, ...value.flatMap((item, index) => duplicates(item, schema.items, `${path}[${index}]`))];
}

/** What makes an item of a list unique; undefined where items may repeat or the keys are missing. */
export function identityOf(item: unknown, list: Structural): unknown {
  switch (list['x-kubernetes-list-type']) {
    case 'set':
      return item;
    case 'map': {
      if (typeof item !== 'object' || item === null) return undefined;
      const keys = list['x-kubernetes-list-map-keys'] ?? [];
      return Object.fromEntries(keys.map((key) => [key, (item as Record<string, unknown>)[key]]));
    }
    case 'atomic':
    case undefined:
      return undefined;
  }
}
