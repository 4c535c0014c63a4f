import { Ajv } from 'ajv';
import type { ErrorObject, ValidateFunction } from 'ajv';
import type { Structural } from './definitions.ts';
import { fieldPath, shown } from './problem.ts';
import type { Problem } from './problem.ts';

export type FieldCheck = (object: unknown) => Problem[];

/** Types, ranges, enums, patterns and required fields of one schema; fills defaults into what it checks. */
export function compileFields(schema: Structural): FieldCheck {
  const ajv = new Ajv({ allErrors: true, useDefaults: true, verbose: true, strict: false, formats: { 'date-time': isDateTime, int64: true } });
  const validate: ValidateFunction = ajv.compile(schema);
  return (object) => (validate(object) ? [] : (validate.errors ?? []).map(problemOf));
}

/**
 * Removes nulls as an API server does before it fills in defaults: a null in a field that is not nullable counts as
 * absent, a null in a map of texts as the empty text. Nulls in lists stay, and are type errors.
 */
export function dropNulls(value: unknown, schema: Structural | undefined): void {
  if (schema === undefined || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(item, schema.items);
    return;
  }
  const fields = value as Record<string, unknown>;
  if (schema.additionalProperties?.type === 'string') {
    for (const [name, member] of Object.entries(fields)) if (member === null) fields[name] = '';
  }
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    if (fields[name] === null && member.nullable !== true) delete fields[name];
    else dropNulls(fields[name], member);
  }
}

function problemOf(error: ErrorObject): Problem {
  const path = pathOf(error.instancePath);
  const at = (text: string, extra: Partial<Problem> = {}): Problem => ({ path, text, scope: path, ...extra });
  const value = shown(error.data);
  const parent = error.parentSchema as Structural;
  switch (error.keyword) {
    case 'required': {
      const name = String(error.params.missingProperty);
      const about = parent.properties?.[name]?.description;
      return at(`Required value: write ${name}${about === undefined ? '' : `: ${firstSentence(about)}`}`, { path: fieldPath(path, name), blocking: true });
    }
    case 'type':
      return at(`Invalid value: ${value}: must be of type ${String(error.params.type)}`, { blocking: true });
    case 'enum':
      return at(`Unsupported value: ${value}: supported values: ${(error.params.allowedValues as unknown[]).map(shown).join(', ')}`);
    case 'minimum':
      return at(`Invalid value: ${value}: should be greater than or equal to ${String(error.params.limit)}`);
    case 'maximum':
      return at(`Invalid value: ${value}: should be less than or equal to ${String(error.params.limit)}`);
    case 'minItems':
      return at(`Invalid value: ${value}: should have at least ${String(error.params.limit)} items`);
    case 'maxItems':
      return at(`Too many: ${(error.data as unknown[]).length}: must have at most ${String(error.params.limit)} items`, { blocking: true });
    case 'minLength':
      return at(`Invalid value: ${value}: should be at least ${String(error.params.limit)} characters long`);
    case 'maxLength':
      return at(`Too long: ${value}: may not be more than ${String(error.params.limit)} characters`, { blocking: true });
    case 'pattern':
      return at(`Invalid value: ${value}: should match '${String(error.params.pattern)}'`);
    case 'format':
      return at(`Invalid value: ${value}: must be of type ${String(error.params.format)}, as 2027-01-31T18:00:00Z`, { blocking: true });
    default:
      return at(`Invalid value: ${value}: ${error.message ?? error.keyword}`, { blocking: true });
  }
}

/** JSON pointer to the path that people write: `/spec/metrics/0/name` is `spec.metrics[0].name`. */
function pathOf(pointer: string): string {
  return pointer.split('/').slice(1).reduce((path, step) => {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    return /^\d+$/.test(name) ? `${path}[${name}]` : fieldPath(path, name);
  }, '');
}

/** RFC 3339 with a zone, as the API server has it. */
function isDateTime(text: string): boolean {
  const parts = /^(\d{4}-\d{2}-\d{2})t([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?(z|[+-][0-9]{2}:[0-9]{2})$/i.exec(text);
  if (parts === null) return false;
  const [, day = '', hour = '', minute = '', second = ''] = parts;
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day) && hour <= '23' && minute <= '59' && second <= '59';
}

const firstSentence = (text: string): string => /^.*?[.:;](?=\s|$)/.exec(text)?.[0].slice(0, -1) ?? text;
