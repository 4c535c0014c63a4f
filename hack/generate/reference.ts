import type { CustomResource, JsonSchema } from './crds.ts';

/** One row of a field table. */
interface Field {
  path: string;
  type: string;
  default: string;
  limits: string[];
  description: string;
}

interface Rule {
  path: string;
  rule: string;
  message: string;
}

const HEADER = `<!-- Generated from crds/ by \`npm run generate\`. Edit the CRD, not this file. -->
# Reference of the resources

Group and version are \`kamal-autoscaler.dev/v1alpha1\`. \`[]\` in a path stands for an entry of a list. A field marked
*required* must be written where its parent is. Standalone mode and a Kubernetes API server hold a document to the same
limits and rules.
`;

/** Markdown of all resources: every field with its type, default, limits and meaning, and every rule with its message. */
export function renderReference(resources: readonly CustomResource[]): string {
  const contents = resources.map(({ kind, schema }) => `- [${kind}](#${kind.toLowerCase()}): ${schema.description ?? ''}`);
  return [HEADER, contents.join('\n'), '', ...resources.map(renderResource)].join('\n');
}

function renderResource({ kind, plural, shortNames, columns, schema }: CustomResource): string {
  const { spec, status } = schema.properties ?? {};
  if (spec === undefined || status === undefined) throw new Error(`${kind}: the CRD has no spec or no status schema`);
  const rules = rulesOf(spec, 'spec');
  return [
    `## ${kind}`, '',
    schema.description ?? '', '',
    `Names: \`${[plural, ...shortNames].join('`, `')}\`.`, '',
    '### What is written', '', fieldTable(fieldsOf(spec, 'spec')), '',
    ...(rules.length === 0 ? [] : ['### Rules', '', table(['where', 'rule', 'message'], rules.map(({ path, rule, message }) => [`\`${path}\``, `\`${rule}\``, message])), '']),
    '### What is reported', '', fieldTable(fieldsOf(status, 'status')), '',
    '### Columns of `get`', '',
    table(['column', 'field', 'shown', 'meaning'], columns.map(({ name, jsonPath, priority = 0, description }) =>
      [name, `\`${jsonPath}\``, priority > 0 ? '`-o wide`' : 'always', description ?? describedAt(schema, jsonPath)])), '',
  ].join('\n');
}

/** Fields in the order of the CRD, parents before their members. */
function fieldsOf(schema: JsonSchema, path: string): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const at = `${path}.${name}`;
    const items = member.items;
    const required = schema.required?.includes(name) === true ? ['required'] : [];
    const own = { path: at, type: typeOf(member), default: defaultOf(member), limits: [...required, ...limitsOf(member)], description: member.description ?? '' };
    if (items === undefined) return [own, ...fieldsOf(member, at)];
    return [{ ...own, limits: [...own.limits, ...limitsOf(items).map((limit) => `each: ${limit}`)] }, ...fieldsOf(items, `${at}[]`)];
  });
}

function typeOf(schema: JsonSchema): string {
  const listType = schema['x-kubernetes-list-type'];
  if (schema.items !== undefined) {
    const keys = schema['x-kubernetes-list-map-keys'];
    const identity = Array.isArray(keys) ? ` by ${keys.join(', ')}` : listType === 'set' ? ', each once' : '';
    return `list of ${schema.items.type ?? 'any'}${identity}`;
  }
  if (schema['format'] === 'date-time') return 'time (RFC 3339)';
  return schema.type ?? 'any';
}

const defaultOf = ({ default: value }: JsonSchema): string =>
  value === undefined || (typeof value === 'object' && JSON.stringify(value) === '{}') ? '' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;

function limitsOf(schema: JsonSchema): string[] {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, pattern } = schema as Record<string, number | string | undefined>;
  return [
    schema.enum === undefined ? undefined : schema.enum.map((value) => `\`${String(value)}\``).join(', '),
    span(minimum, maximum, ''), span(minLength, maxLength, ' characters'), span(minItems, maxItems, ' entries'),
    pattern === undefined ? undefined : `matches \`${pattern}\``,
  ].filter((limit) => limit !== undefined);
}

type Bound = number | string | undefined;

function span(least: Bound, most: Bound, unit: string): string | undefined {
  if (least === undefined && most === undefined) return undefined;
  if (least === undefined) return `at most ${most}${unit}`;
  if (most === undefined) return `at least ${least}${unit}`;
  return `${least} to ${most}${unit}`;
}

function rulesOf(schema: JsonSchema, path: string): Rule[] {
  const own = (schema['x-kubernetes-validations'] ?? []) as { rule: string; message: string }[];
  return [
    ...own.map(({ rule, message }) => ({ path, rule, message })),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, member]) => rulesOf(member, `${path}.${name}`)),
    ...(schema.items === undefined ? [] : rulesOf(schema.items, `${path}[]`)),
  ];
}

const describedAt = (schema: JsonSchema, jsonPath: string): string =>
  jsonPath.split('.').filter((name) => name !== '').reduce<JsonSchema | undefined>((at, name) => at?.properties?.[name], schema)?.description ?? '';

const fieldTable = (fields: readonly Field[]): string => table(['field', 'type', 'default', 'limits', 'meaning'],
  fields.map(({ path, type, default: value, limits, description }) => [`\`${path}\``, type, value, limits.join('; '), description]));

const table = (header: readonly string[], rows: readonly string[][]): string =>
  [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.map(escaped).join(' | ')} |`).join('\n');

/** A bar ends a cell, inside code too. */
const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
