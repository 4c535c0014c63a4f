import { Ajv } from 'ajv';
import type { Structural } from './definitions.ts';
import { fieldPath, shown } from './problem.ts';
import type { Problem } from './problem.ts';

const strings: Structural = { type: 'array', items: { type: 'string' } };
const texts: Structural = { type: 'object', additionalProperties: { type: 'string' } };

/** Kubernetes' ObjectMeta: what strict field validation knows, and the types of what is kept. */
export const METADATA_SCHEMA: Structural = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    generateName: { type: 'string' },
    namespace: { type: 'string' },
    selfLink: { type: 'string' },
    uid: { type: 'string' },
    resourceVersion: { type: 'string' },
    generation: { type: 'integer' },
    creationTimestamp: { type: 'string' },
    deletionTimestamp: { type: 'string' },
    deletionGracePeriodSeconds: { type: 'integer' },
    labels: texts,
    annotations: texts,
    ownerReferences: { type: 'array' },
    finalizers: strings,
    managedFields: { type: 'array' },
  },
};

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const NAME_PART = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const ANNOTATION_BYTES = 256 * 1024;

const isMetadata = new Ajv({ strict: false }).compile(METADATA_SCHEMA);

/** Names, labels, annotations and finalizers by the rules that Kubernetes has for every object. */
export function metadataProblems(metadata: unknown): Problem[] {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    return [problem('metadata', 'Required value: write metadata with a name', true)];
  }
  if (!isMetadata(metadata)) {
    const [error] = isMetadata.errors ?? [];
    const path = `metadata${(error?.instancePath ?? '').replaceAll('/', '.')}`;
    return [problem(path, `Invalid value: ${error?.message ?? 'wrong type'}`, true)];
  }
  const { name, namespace, labels, annotations, finalizers } = metadata as {
    name?: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string>; finalizers?: string[];
  };
  return [
    ...nameProblems(name),
    ...namespaceProblems(namespace),
    ...Object.entries(labels ?? {}).flatMap(([key, value]) => [...qualifiedProblems('metadata.labels', key), ...labelValueProblems(value)]),
    // Annotation keys may be in upper case, label keys too, but only the former in their prefix.
    ...Object.keys(annotations ?? {}).flatMap((key) => qualifiedProblems('metadata.annotations', key.toLowerCase(), key)),
    ...annotationSize(annotations ?? {}),
    ...(finalizers ?? []).flatMap((finalizer) => qualifiedProblems('metadata.finalizers', finalizer)),
  ];
}

function nameProblems(name: string | undefined): Problem[] {
  const path = fieldPath('metadata', 'name');
  if (name === undefined || name === '') return [problem(path, 'Required value: write a name')];
  if (name.length > 253) return [problem(path, `Invalid value: ${shown(name)}: must be no more than 253 bytes`)];
  if (SUBDOMAIN.test(name)) return [];
  return [problem(path, `Invalid value: ${shown(name)}: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'web-1')`)];
}

function namespaceProblems(namespace: string | undefined): Problem[] {
  if (namespace === undefined || (namespace.length <= 63 && DNS_LABEL.test(namespace))) return [];
  return [problem('metadata.namespace', `Invalid value: ${shown(namespace)}: a lowercase RFC 1123 label must consist of at most 63 lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'shop')`)];
}

function qualifiedProblems(path: string, key: string, written = key): Problem[] {
  const [name = '', prefix, ...more] = key.split('/').reverse();
  const goodPrefix = prefix === undefined || (prefix.length <= 253 && SUBDOMAIN.test(prefix));
  if (more.length === 0 && goodPrefix && name.length <= 63 && NAME_PART.test(name)) return [];
  return [problem(path, `Invalid value: ${shown(written)}: must be a qualified name: at most 63 alphanumeric characters, '-', '_' or '.', starting and ending with an alphanumeric character, with an optional DNS subdomain prefix and '/' (e.g. 'example.com/my-name')`)];
}

function labelValueProblems(value: string): Problem[] {
  if (value === '' || (value.length <= 63 && NAME_PART.test(value))) return [];
  return [problem('metadata.labels', `Invalid value: ${shown(value)}: a valid label is empty or at most 63 alphanumeric characters, '-', '_' or '.', starting and ending with an alphanumeric character`)];
}

function annotationSize(annotations: Record<string, string>): Problem[] {
  const bytes = Object.entries(annotations).reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  return bytes <= ANNOTATION_BYTES ? [] : [problem('metadata.annotations', `Too long: may not be more than ${ANNOTATION_BYTES} bytes together`)];
}

const problem = (path: string, text: string, blocking?: true): Problem => ({ path, text, scope: path, ...(blocking && { blocking }) });
