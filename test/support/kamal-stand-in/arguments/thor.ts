/** Options as Thor reads them, which Kamal's command line is built on. */
import { UsageError } from '../errors.ts';

export interface OptionSpec {
  /** With underscores, as Kamal's source has it: `skip_hooks` is `--skip-hooks` and `--skip_hooks`. */
  name: string;
  short?: string;
  type: 'boolean' | 'string' | 'numeric';
  default?: string | number | boolean;
  required?: true;
}

export type OptionValues = Readonly<Record<string, string | number | boolean>>;

export interface Parsed {
  values: OptionValues;
  /** What no option took, unknown options among it, in order. */
  rest: string[];
}

const isSwitch = (word: string | undefined): boolean => word !== undefined && /^-\S/.test(word);
const TRUE = ['true', 'TRUE', 't', 'T'];
const FALSE = ['false', 'FALSE', 'f', 'F'];

/** An unknown option goes to `rest` together with the plain words after it. Throws a UsageError on a value that does not fit. */
export function parseOptions(words: readonly string[], specs: readonly OptionSpec[]): Parsed {
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const byShort = new Map(specs.flatMap((spec) => (spec.short === undefined ? [] : [[spec.short, spec] as const])));
  const queue = [...words];
  const rest: string[] = [];
  const values: Record<string, string | number | boolean> = {};

  /** Thor takes the option's own name for a text that is missing, unless the option is required. */
  const valueOf = (spec: OptionSpec, shown: string): string => {
    const next = queue[0];
    if (next !== undefined && !isSwitch(next)) return queue.shift() ?? '';
    if (spec.type === 'string' && spec.required !== true) return spec.name;
    throw new UsageError(`No value provided for option '${shown}'`);
  };
  const take = (spec: OptionSpec, negated: boolean): void => {
    const shown = `--${spec.name.replaceAll('_', '-')}`;
    switch (spec.type) {
      case 'boolean': {
        const next = queue[0];
        if (next !== undefined && (TRUE.includes(next) || FALSE.includes(next))) {
          queue.shift();
          values[spec.name] = TRUE.includes(next) !== negated;
        } else {
          values[spec.name] = !negated;
        }
        return;
      }
      case 'numeric': {
        const text = valueOf(spec, shown);
        if (!/^-?\d*\.?\d+$/.test(text)) throw new UsageError(`Expected numeric value for '${shown}'; got ${JSON.stringify(text)}`);
        values[spec.name] = Number(text);
        return;
      }
      case 'string':
        values[spec.name] = valueOf(spec, shown);
        return;
      default:
        spec.type satisfies never;
    }
  };

  while (queue.length > 0) {
    const word = queue.shift() ?? '';
    if (word === '--') return { values, rest: [...rest, ...queue] };
    const found = findSpec(word, queue, byName, byShort);
    if (found !== undefined) {
      take(found.spec, found.negated);
    } else {
      rest.push(word);
      while (/^-[a-z]|^--[a-z]/i.test(word) && queue.length > 0 && !isSwitch(queue[0])) rest.push(queue.shift() ?? '');
    }
  }
  return { values, rest };
}

/** The option that a word names; `--name=value` and `-n5` give their value back to the queue, `-qp` the letters after the first. */
function findSpec(word: string, queue: string[], byName: ReadonlyMap<string, OptionSpec>, byShort: ReadonlyMap<string, OptionSpec>): { spec: OptionSpec; negated: boolean } | undefined {
  const long = /^--([a-z][\w-]*)(?:=(.*))?$/is.exec(word);
  if (long !== null) {
    const name = (long[1] ?? '').replaceAll('-', '_');
    const plain = byName.get(name);
    const negative = /^(?:no|skip)_(.+)$/.exec(name);
    const denied = plain === undefined && negative !== null ? byName.get(negative[1] ?? '') : undefined;
    const spec = plain ?? (denied?.type === 'boolean' ? denied : undefined);
    if (spec === undefined) return undefined;
    if (long[2] !== undefined) queue.unshift(long[2]);
    return { spec, negated: plain === undefined };
  }
  const letters = /^-([a-z])([a-z]+)?(?:(=?)([\d.]+|(?<==).*))?$/is.exec(word);
  if (letters === null) return undefined;
  const spec = byShort.get(letters[1] ?? '');
  if (spec === undefined) return undefined;
  if (letters[4] !== undefined) queue.unshift(letters[4]);
  if (letters[2] !== undefined) queue.unshift(...[...letters[2]].map((letter) => `-${letter}`));
  return { spec, negated: false };
}

/** Values with the defaults of those that were not given. Throws a UsageError when a required one is missing. */
export function withDefaults(values: OptionValues, specs: readonly OptionSpec[]): OptionValues {
  const missing = specs.filter((spec) => spec.required === true && values[spec.name] === undefined);
  if (missing.length > 0) throw new UsageError(`No value provided for required options ${missing.map((spec) => `'--${spec.name}'`).join(', ')}`);
  const defaults = specs.flatMap((spec) => (spec.default === undefined ? [] : [[spec.name, spec.default] as const]));
  return { ...Object.fromEntries(defaults), ...values };
}
