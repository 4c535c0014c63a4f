import { compile, type JSONSchema } from 'json-schema-to-typescript';
import type { CustomResource } from './crds.ts';

const HEADER = `// Generated from crds/ by \`npm run generate\`. Edit the CRD, not this file.
/* eslint-disable */
import type { ObjectMeta } from './meta.ts';

`;

/** TypeScript source of all resources: `<Kind>Spec`, `<Kind>Status`, `<Kind>` and the union of kinds. */
export async function renderTypes(resources: readonly CustomResource[]): Promise<string> {
  const parts = [HEADER];
  for (const { kind, schema } of resources) {
    for (const part of ['spec', 'status'] as const) {
      const source = schema.properties?.[part];
      if (source === undefined) throw new Error(`${kind}: the CRD has no ${part} schema`);
      parts.push(await compile(closed(source) as JSONSchema, `${kind}${part === 'spec' ? 'Spec' : 'Status'}`, {
        bannerComment: '',
        additionalProperties: false,
        ignoreMinAndMaxItems: true,
        style: { singleQuote: true },
        format: false,
      }));
    }
    parts.push(`export interface ${kind} {
  apiVersion: 'kamal-autoscaler.dev/v1alpha1';
  kind: '${kind}';
  metadata: ObjectMeta;
  spec: ${kind}Spec;
  status?: ${kind}Status;
}
`);
  }
  parts.push(`export interface ResourceByKind {\n${resources.map(({ kind }) => `  ${kind}: ${kind};`).join('\n')}\n}\n`);
  return parts.join('\n');
}

/** A defaulted property is always present after admission, so readers must not have to doubt it. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema)
    .filter(([key]) => !key.startsWith('x-kubernetes-'))
    .map(([key, value]) => [key, closed(value)])) as { properties?: Record<string, { default?: unknown }>; required?: string[] };
  if (copy.properties !== undefined && typeof copy.properties === 'object') {
    const defaulted = Object.entries(copy.properties).filter(([, value]) => value?.default !== undefined).map(([key]) => key);
    copy.required = [...new Set([...(copy.required ?? []), ...defaulted])];
    if (copy.required.length === 0) delete copy.required;
  }
  return copy;
}
