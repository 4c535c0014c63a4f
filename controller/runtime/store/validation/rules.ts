import { Environment } from '@marcbachmann/cel-js';
import type { ASTNode } from '@marcbachmann/cel-js';
import { messageOf } from '../../../model/index.ts';
import type { Structural } from './definitions.ts';
import { fieldPath, shown, valueAt } from './problem.ts';
import type { Problem } from './problem.ts';
import { identityOf } from './strict-fields.ts';

export type RuleCheck = (value: unknown, old: unknown, path: string) => Problem[];

interface Rule {
  message: string;
  /** Judges a change: there is nothing to judge without an old value. */
  transition: boolean;
  /** Fields of self that the rule reads, in its order. */
  reads: string[];
  holds(context: { self: unknown; oldSelf?: unknown }): unknown;
}

/** The CEL rules of a schema and of all that is in it. */
export function compileRules(schema: Structural): RuleCheck {
  const rules = (schema['x-kubernetes-validations'] ?? []).map(compileRule);
  const members = Object.entries(schema.properties ?? {}).map(([name, member]) => [name, compileRules(member)] as const);
  const items = schema.items === undefined ? undefined : compileRules(schema.items);

  return (value, old, path) => {
    if (value === undefined || value === null) return [];
    const self = rules.length === 0 ? undefined : celValue(value, schema);
    const oldSelf = rules.length === 0 || old === undefined ? undefined : celValue(old, schema);
    const own = rules.flatMap((rule) => broken(rule, value, { self, oldSelf }, path));
    if (Array.isArray(value)) {
      return items === undefined ? own : [...own, ...value.flatMap((item, index) => items(item, counterpart(item, old, schema), `${path}[${index}]`))];
    }
    if (typeof value !== 'object') return own;
    const olds = (typeof old === 'object' && old !== null ? old : {}) as Record<string, unknown>;
    return [...own, ...members.flatMap(([name, check]) => check((value as Record<string, unknown>)[name], olds[name], fieldPath(path, name)))];
  };
}

function compileRule({ rule, message }: { rule: string; message: string }): Rule {
  const parsed = new Environment().registerVariable('self', 'dyn').registerVariable('oldSelf', 'dyn').parse(rule);
  const names = [...identifiers(parsed.ast)];
  return { message, transition: names.some((path) => path.startsWith('oldSelf')), reads: names.filter((path) => path.startsWith('self.')).map((path) => path.slice('self.'.length)), holds: parsed };
}

function broken(rule: Rule, value: unknown, context: { self: unknown; oldSelf: unknown }, path: string): Problem[] {
  if (rule.transition && context.oldSelf === undefined) return [];
  const verdict = judge(rule, context);
  if (verdict === 'Holds') return [];
  // The API server names the object that has the rule; the first field that the rule reads says more.
  const field = typeof value === 'object' && !Array.isArray(value) ? rule.reads.find((name) => valueAt(value, name) !== undefined) : undefined;
  const culprit = field === undefined ? { path, value } : { path: fieldPath(path, field), value: valueAt(value, field) };
  return [{ path: culprit.path, text: `Invalid value: ${shown(culprit.value)}: ${rule.message}${verdict.detail}`, scope: path }];
}

function judge(rule: Rule, context: { self: unknown; oldSelf: unknown }): 'Holds' | { detail: string } {
  try {
    return rule.holds(context) === true ? 'Holds' : { detail: '' };
  } catch (error) {
    // As in the API server a rule that cannot be evaluated refuses the document.
    return { detail: ` (the rule could not be evaluated: ${messageOf(error).split('\n')[0]})` };
  }
}

/** Paths such as `self.poolRef.name` and plain identifiers, in the order of the rule. */
function* identifiers(node: unknown): Generator<string> {
  if (Array.isArray(node)) {
    for (const item of node) yield* identifiers(item);
    return;
  }
  if (typeof node !== 'object' || node === null || !('op' in node)) return;
  const ast = node as ASTNode;
  if (ast.op === 'id') yield String(ast.args);
  else if (ast.op === '.') yield `${[...identifiers(ast.args[0])].join(' ')}.${ast.args[1]}`;
  else yield* identifiers(ast.args);
}

/** The item of the old list that an item succeeds; only lists with keys have one. */
function counterpart(item: unknown, old: unknown, list: Structural): unknown {
  if (!Array.isArray(old) || list['x-kubernetes-list-type'] !== 'map') return undefined;
  const identity = JSON.stringify(identityOf(item, list));
  return old.find((candidate) => JSON.stringify(identityOf(candidate, list)) === identity);
}

/** A value with the types that CEL gives it by its schema: integers are BigInt, times are dates. */
function celValue(value: unknown, schema: Structural | undefined): unknown {
  if (schema === undefined || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => celValue(item, schema.items));
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, celValue(member, schema.properties?.[name] ?? schema.additionalProperties)]));
  }
  if (schema.type === 'integer' && Number.isInteger(value)) return BigInt(value as number);
  if (schema.format === 'date-time' && typeof value === 'string') return new Date(value);
  return value;
}
