import type { ResourceByKind } from './types.gen.ts';

/** A printer column of a CRD. */
export interface ResourceColumn {
  name: string;
  type: 'string' | 'integer' | 'date';
  /** Field names from the object to the value. */
  path: readonly string[];
  /** Columns above 0 are shown on request only. */
  priority: number;
}

/** What a command line needs to know of a kind: its names and how a table shows it. */
export interface ResourceDescription {
  kind: keyof ResourceByKind;
  plural: string;
  singular: string;
  shortNames: readonly string[];
  columns: readonly ResourceColumn[];
}
