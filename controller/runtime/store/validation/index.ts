import { isDeepStrictEqual } from 'node:util';
import { API_VERSION, KINDS } from '../../../api/index.ts';
import type { Kind } from '../../../api/index.ts';
import { ClassifiedError } from '../../../model/index.ts';
import { schemaOf } from './definitions.ts';
import { compileFields, dropNulls } from './field-schema.ts';
import type { FieldCheck } from './field-schema.ts';
import { METADATA_SCHEMA, metadataProblems } from './metadata.ts';
import { sentenceOf, shown, valueAt } from './problem.ts';
import type { Problem } from './problem.ts';
import { compileRules } from './rules.ts';
import type { RuleCheck } from './rules.ts';
import { duplicates, unknownFields } from './strict-fields.ts';
import type { Structural } from './definitions.ts';

/** Namespace of a document that names none. */
export const DEFAULT_NAMESPACE = 'default';

interface Definition {
  /** With the metadata that every object has. */
  schema: Structural;
  fields: FieldCheck;
  rules: RuleCheck;
}

const compiled = new Map<Kind, Definition>();

/**
 * The document as it would be stored: defaults filled in, namespace set, without the status of a new object.
 * A document that an API server with strict field validation refuses throws one `Invalid` that names every field,
 * its value and what to write instead. On an update an old fault in a part that did not change is not held against it.
 */
export function admit(kind: Kind, object: unknown, old?: unknown): unknown {
  const { schema, fields, rules } = definitionOf(kind);
  if (typeof object !== 'object' || object === null || Array.isArray(object)) {
    throw new ClassifiedError('Invalid', `${kind}: Invalid value: ${shown(object)}: must be an object with apiVersion, kind, metadata and spec`);
  }
  const document = structuredClone(object) as Record<string, unknown> & { metadata?: Record<string, unknown> };
  dropNulls(document, schema);
  const strict = unknownFields(document, schema);
  if (old === undefined) delete document.status;
  const shape = [...typeProblems(kind, document), ...metadataProblems(document.metadata), ...fields(document)];
  const structural = [...strict, ...shape, ...duplicates(document, schema)];
  const problems = shape.some(({ blocking }) => blocking) ? structural : [...structural, ...rules(document, old, '')];
  const held = problems.filter(({ scope }) => old === undefined || !isDeepStrictEqual(valueAt(document, scope), valueAt(old, scope)));
  if (held.length > 0) throw new ClassifiedError('Invalid', `${nameOf(kind, document)} is invalid: ${listed(held)}`);
  return { ...document, metadata: { ...document.metadata, namespace: document.metadata?.namespace ?? DEFAULT_NAMESPACE } };
}

function definitionOf(kind: Kind): Definition {
  const known = compiled.get(kind);
  if (known !== undefined) return known;
  if (!KINDS.includes(kind)) throw new ClassifiedError('Invalid', `kind: Unsupported value: ${shown(kind)}: supported values: ${KINDS.map(shown).join(', ')}`);
  const source = schemaOf(kind);
  const definition: Definition = {
    schema: { ...source, properties: { ...source.properties, metadata: METADATA_SCHEMA } },
    fields: compileFields(source),
    rules: compileRules(source),
  };
  compiled.set(kind, definition);
  return definition;
}

function typeProblems(kind: Kind, document: Record<string, unknown>): Problem[] {
  const expected: [string, string][] = [['apiVersion', API_VERSION], ['kind', kind]];
  return expected
    .filter(([field, value]) => document[field] !== undefined && document[field] !== value)
    .map(([field, value]) => ({ path: field, text: `Invalid value: ${shown(document[field])}: write ${shown(value)}`, scope: field }));
}

function nameOf(kind: Kind, { metadata }: { metadata?: Record<string, unknown> }): string {
  const { namespace, name } = metadata ?? {};
  return `${kind} ${typeof namespace === 'string' ? namespace : DEFAULT_NAMESPACE}/${typeof name === 'string' ? name : '(no name)'}`;
}

/** In one message; a person mends one after the other. */
const MOST_PROBLEMS = 50;

/** In the order of their paths, whatever the order of the checks. */
function listed(problems: readonly Problem[]): string {
  const sentences = new Map(problems.map((problem) => [sentenceOf(problem), problem.path]));
  const sorted = [...sentences].sort(([a, pathA], [b, pathB]) => compare(pathA, pathB) || compare(a, b)).map(([sentence]) => sentence);
  const left = sorted.length - MOST_PROBLEMS;
  return [...sorted.slice(0, MOST_PROBLEMS), ...(left > 0 ? [`and ${left} more problems`] : [])].join('; ');
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
