export * from './cross-check.ts';
export * from './folder-applier.ts';
export type { AppliedObject } from './apply-objects.ts';
export { LAST_APPLIED_ANNOTATION } from './merge.ts';
export * from './read-documents.ts';
export { readFolder } from './source-folder.ts';
export type { FolderContent } from './source-folder.ts';
export * from './start.ts';
