import type { Resource, ResourceColumn, ResourceDescription } from '../api/index.ts';
import { type Instant, fromTimestamp } from '../model/index.ts';
import { shortDuration } from './duration.ts';
import type { TableColumn } from './table.ts';
import { plainText } from './text.ts';

/** What a table of resources shows. */
export interface View {
  columns: readonly ResourceColumn[];
  namespaces: 'One' | 'All';
  /** Title over the names: the kind where tables of several kinds follow each other. */
  nameTitle: string;
}

export const viewOf = (resource: ResourceDescription, output: 'table' | 'wide', namespaces: View['namespaces'], ofSeveral: boolean): View => ({
  columns: resource.columns.filter(({ priority }) => output === 'wide' || priority === 0),
  namespaces,
  nameTitle: ofSeveral ? resource.singular.toUpperCase() : 'NAME',
});

/** Numbers stand right; the last text column, which says why, gives way. */
export function tableColumns({ columns, namespaces, nameTitle }: View): TableColumn[] {
  const last = columns.findLastIndex(({ type }) => type === 'string');
  return [
    ...(namespaces === 'All' ? [{ title: 'NAMESPACE', align: 'Left' as const }] : []),
    { title: nameTitle, align: 'Left' },
    ...columns.map(({ name, type }, index): TableColumn => ({ title: name.toUpperCase(), align: type === 'integer' ? 'Right' : 'Left', elastic: index === last })),
  ];
}

export const cellsOf = (object: Resource, view: View, now: Instant): string[] => [
  ...(view.namespaces === 'All' ? [object.metadata.namespace] : []),
  object.metadata.name,
  ...view.columns.map((column) => cell(object, column, now)),
];

/** What of a row is news when it changes: everything but ages, which change by themselves. */
export const factsOf = (object: Resource, { columns }: View): string =>
  JSON.stringify([object.metadata.deletionTimestamp !== undefined, ...columns.map(({ path }) => valueAt(object, path))]);

function cell(object: Resource, { type, path }: ResourceColumn, now: Instant): string {
  const value = valueAt(object, path);
  if (value === undefined || value === null) return '';
  if (type !== 'date' || typeof value !== 'string') return plainText(value);
  const time = fromTimestamp(value);
  return time === undefined ? '<unknown>' : shortDuration(now - time);
}

const valueAt = (object: Resource, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, name) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined), object);
