import type { Resource } from '../api/index.ts';
import type { Section } from './sections.ts';

/** What `describe` prints of one object before its Events. */
export interface Description {
  head: readonly string[];
  sections: readonly Section[];
}

/** The lines with which every description begins. */
export const identity = ({ metadata }: Resource): (readonly [string, string | undefined])[] => [
  ['Name', metadata.name],
  ['Namespace', metadata.namespace],
  ['Deleting', metadata.deletionTimestamp === undefined ? undefined : `since ${metadata.deletionTimestamp}, until its finalizers are done`],
];
