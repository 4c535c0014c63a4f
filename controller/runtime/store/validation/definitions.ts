import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { PLURAL } from '../../../api/index.ts';
import type { Kind } from '../../../api/index.ts';
import { ClassifiedError } from '../../../model/index.ts';

/** The part of a structural schema that validation reads. */
export interface Structural {
  type?: string;
  format?: string;
  description?: string;
  default?: unknown;
  nullable?: boolean;
  enum?: unknown[];
  required?: string[];
  properties?: Record<string, Structural>;
  additionalProperties?: Structural;
  items?: Structural;
  'x-kubernetes-list-type'?: 'atomic' | 'map' | 'set';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-validations'?: { rule: string; message: string }[];
  [keyword: string]: unknown;
}

/** Schema of a kind as its definition in crds/ has it. */
export function schemaOf(kind: Kind): Structural {
  const file = join(definitionsFolder(), `${PLURAL[kind]}.yaml`);
  const definition = parse(readFileSync(file, 'utf8')) as { spec: { versions: { schema: { openAPIV3Schema: Structural } }[] } };
  const schema = definition.spec.versions[0]?.schema.openAPIV3Schema;
  if (schema === undefined) throw new ClassifiedError('Defect', `${file} has no schema`, { mend: 'Install the package again.' });
  return schema;
}

/** crds/ of the package that this module belongs to: of the repository, or of the installed package beside dist/. */
function definitionsFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, 'crds');
    if (existsSync(join(candidate, `${PLURAL.HostPool}.yaml`))) return candidate;
    if (folder === dirname(folder)) {
      throw new ClassifiedError('Defect', `no folder crds/ above ${import.meta.dirname}`, { mend: 'Install the package again: its crds/ folder is missing.' });
    }
  }
}
