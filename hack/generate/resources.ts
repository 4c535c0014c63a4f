import type { CustomResource } from './crds.ts';

/** TypeScript source of what the command line shows of each kind: its names and printer columns. */
export function renderResources(resources: readonly CustomResource[]): string {
  const descriptions = resources.map(({ kind, plural, singular, shortNames, columns }) => ({
    kind, plural, singular, shortNames,
    columns: columns.map(({ name, type, jsonPath, priority = 0 }) => ({ name, type, path: jsonPath.replace(/^\./, '').split('.'), priority })),
  }));
  return `// Generated from crds/ by \`npm run generate\`. Edit the CRD, not this file.
/* eslint-disable */
import type { ResourceDescription } from './resource-description.ts';

export const RESOURCES: readonly ResourceDescription[] = ${JSON.stringify(descriptions, undefined, 2)};
`;
}
