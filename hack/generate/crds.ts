import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export interface JsonSchema {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  required?: string[];
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  [key: string]: unknown;
}

export interface PrinterColumn { name: string; type: string; jsonPath: string; description?: string; priority?: number }

/** What the generators need of one CustomResourceDefinition. */
export interface CustomResource {
  file: string;
  kind: string;
  plural: string;
  singular: string;
  shortNames: string[];
  columns: PrinterColumn[];
  schema: JsonSchema;
}

/** Reads every CRD of a folder, in the order of their file names. */
export function readCrds(folder: string): CustomResource[] {
  return readdirSync(folder).filter((name) => name.endsWith('.yaml')).sort().map((file) => {
    const crd = parse(readFileSync(join(folder, file), 'utf8'));
    const [version] = crd.spec.versions;
    return {
      file,
      kind: crd.spec.names.kind,
      plural: crd.spec.names.plural,
      singular: crd.spec.names.singular,
      shortNames: crd.spec.names.shortNames ?? [],
      columns: version.additionalPrinterColumns ?? [],
      schema: version.schema.openAPIV3Schema,
    };
  });
}
