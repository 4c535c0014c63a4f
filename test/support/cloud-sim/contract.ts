/** The vendor's OpenAPI document as a judge of requests and answers. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

const SPECS = join(process.env['KAMAL_AUTOSCALER_SHARED'] ?? resolve(import.meta.dirname, '../../../../shared'), 'specs');

/** What a vendor's document leaves to its text. */
export interface Conventions {
  /** File under `specs` of the shared folder. */
  document: string;
  /** Parameters of every list, whether or not an operation names them. */
  ofLists: readonly string[];
  mostPerPage: number;
  /** A request body's schema, where clients write it in ways that the text allows and the schema does not. */
  asClientsWriteIt(schema: JSONObject): JSONObject;
}

export type JSONObject = Record<string, unknown>;

interface Operation {
  parameters?: { name: string; in: string; required?: boolean; schema: JSONObject }[];
  requestBody?: { required?: boolean; content: { 'application/json': { schema: JSONObject } } };
  responses: Record<string, { content?: { 'application/json'?: { schema: JSONObject } } }>;
}

export interface Contract {
  /** Path templates with their methods, as the document has them. */
  paths: Record<string, string[]>;
  /** What is wrong with a request; empty when nothing is. */
  request(method: string, template: string, query: URLSearchParams, body: unknown): string[];
  /** What is wrong with an answer. */
  answer(method: string, template: string, status: number, body: unknown): string[];
}

/** Why there is no contract here, as one sentence; undefined when there is one. */
export function contractAbsence({ document }: Pick<Conventions, 'document'>): string | undefined {
  const path = join(SPECS, document);
  try {
    readFileSync(path);
    return undefined;
  } catch {
    return `${path} is not there: set KAMAL_AUTOSCALER_SHARED to the folder with specs/${document}`;
  }
}

const loaded = new Map<string, Contract>();

/** Reads the document once; validators are compiled when first used. */
export function loadContract(conventions: Conventions): Contract {
  const known = loaded.get(conventions.document);
  if (known !== undefined) return known;
  const document = JSON.parse(readFileSync(join(SPECS, conventions.document), 'utf8')) as JSONObject;
  const contract = contractOf(resolved(document) as { paths: Record<string, Record<string, Operation>> }, conventions);
  loaded.set(conventions.document, contract);
  return contract;
}

/** The document with what its references name in their place; each is resolved once, so that none is copied. */
function resolved(document: JSONObject): unknown {
  const known = new Map<string, unknown>();
  const at = (pointer: string): unknown => pointer.slice(2).split('/').reduce<unknown>((node, part) => (node as JSONObject)[part.replaceAll('~1', '/').replaceAll('~0', '~')], document);
  function resolve(node: unknown): unknown {
    if (Array.isArray(node)) return node.map(resolve);
    if (typeof node !== 'object' || node === null) return node;
    const { $ref: reference } = node as JSONObject;
    if (typeof reference !== 'string') return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolve(value)]));
    if (!known.has(reference)) known.set(reference, resolve(at(reference)));
    return known.get(reference);
  }
  return resolve(document);
}

function contractOf({ paths }: { paths: Record<string, Record<string, Operation>> }, { ofLists, mostPerPage, asClientsWriteIt }: Conventions): Contract {
  const ajv = new Ajv2020({ strict: false, unicodeRegExp: false, allErrors: true, formats: FORMATS });
  const validators = new Map<string, ValidateFunction>();
  const faults = (key: string, schema: JSONObject, value: unknown, place: string): string[] => {
    const validate = validators.get(key) ?? ajv.compile(schema);
    validators.set(key, validate);
    if (validate(value) === true) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) => `${place}${instancePath}: ${message} ${JSON.stringify(params)}`);
  };
  const operation = (method: string, template: string): Operation => {
    const found = paths[template]?.[method.toLowerCase()];
    if (found === undefined) throw new Error(`the document has no ${method} ${template}`);
    return found;
  };

  return {
    paths: Object.fromEntries(Object.entries(paths).map(([template, methods]) => [template, Object.keys(methods).map((method) => method.toUpperCase())])),
    request(method, template, query, body) {
      const { parameters = [], requestBody } = operation(method, template);
      const key = `${method} ${template}`;
      const declared = parameters.filter((parameter) => parameter.in === 'query');
      const missing = declared.filter(({ name, required }) => required === true && !query.has(name)).map(({ name }) => `query: ${name} is missing`);
      // Paging and sorting are described for all lists in the document's text; the trimmed operations name them for some.
      const known = new Set([...declared.map(({ name }) => name), ...(method === 'GET' ? ofLists : [])]);
      const unknown = [...query.keys()].filter((name) => !known.has(name)).map((name) => `query: ${name} is unknown`);
      const values = declared.filter(({ name }) => query.has(name)).flatMap(({ name, schema }) =>
        faults(`${key} ? ${name}`, schema, typed(schema, query.getAll(name)), `query ${name}`));
      const pageSize = Number(query.get('per_page') ?? 1);
      const size = Number.isInteger(pageSize) && pageSize >= 1 && pageSize <= mostPerPage ? [] : [`query: per_page is not from 1 to ${mostPerPage}`];
      return [...missing, ...unknown, ...values, ...size, ...bodyFaults(key, requestBody, body)];
    },
    answer(method, template, status, body) {
      const { responses } = operation(method, template);
      const response = responses[String(status)] ?? responses[`${Math.floor(status / 100)}xx`] ?? (status >= 400 ? responses['default'] : undefined);
      if (response === undefined) return [`answer: status ${status} is not in the document`];
      const schema = response.content?.['application/json']?.schema;
      return schema === undefined ? [] : faults(`${method} ${template} ${status}`, schema, body, 'answer');
    },
  };

  function bodyFaults(key: string, requestBody: Operation['requestBody'], body: unknown): string[] {
    if (requestBody === undefined) return body === undefined || isEmpty(body) ? [] : ['body: none is expected'];
    if (body === undefined) return requestBody.required === true ? ['body is missing'] : [];
    const schema = asClientsWriteIt(requestBody.content['application/json'].schema);
    // The schemas allow fields that nobody knows; a field that has gone, or is misspelt, would pass unseen.
    const fields = fieldsOf(schema);
    const strangers = typeof body === 'object' && body !== null ? Object.keys(body).filter((field) => !fields.includes(field)) : [];
    return [...faults(`${key} body`, schema, body, 'body'), ...strangers.map((field) => `body: ${field} is unknown`)];
  }
}

function fieldsOf(schema: JSONObject): string[] {
  const parts = ['allOf', 'anyOf', 'oneOf'].flatMap((key) => (schema[key] ?? []) as JSONObject[]);
  return [...Object.keys((schema['properties'] ?? {}) as JSONObject), ...parts.flatMap(fieldsOf)];
}

function typed(schema: JSONObject, values: string[]): unknown {
  const one = (type: unknown, value: string): unknown => {
    if (type === 'integer' || type === 'number') return value.trim() === '' || Number.isNaN(Number(value)) ? value : Number(value);
    if (type === 'boolean') return value === 'true' ? true : value === 'false' ? false : value;
    return value;
  };
  if (schema['type'] === 'array') return values.map((value) => one((schema['items'] as JSONObject)['type'], value));
  return values.length === 1 ? one(schema['type'], values[0] ?? '') : values;
}

const isEmpty = (body: unknown): boolean => typeof body === 'object' && body !== null && Object.keys(body).length === 0;

const FORMATS = {
  int64: { type: 'number' as const, validate: Number.isSafeInteger },
  int32: { type: 'number' as const, validate: (value: number) => Number.isInteger(value) && Math.abs(value) < 2 ** 31 },
  double: { type: 'number' as const, validate: Number.isFinite },
  decimal: /^\d+(\.\d+)?$/,
  float: { type: 'number' as const, validate: Number.isFinite },
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  uri: /^[a-z][a-z0-9+.-]*:\S+$/i,
  ipv4: /^(\d{1,3}\.){3}\d{1,3}$/,
  ipv6: /^[0-9a-f:]+$/i,
  email: /^\S+@\S+$/,
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
};
