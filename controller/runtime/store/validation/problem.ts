/** One thing wrong with a document. */
export interface Problem {
  /** Path of the field, as `spec.metrics[0].name`. */
  path: string;
  /** What is wrong with it and what to write instead; follows the path. */
  text: string;
  /** The path alone does not precede the text. */
  standalone?: true;
  /** The subtree whose being unchanged excuses the problem on an update. */
  scope: string;
  /** Rules over several fields cannot be judged while this is there. */
  blocking?: true;
}

export const sentenceOf = (problem: Problem): string => (problem.standalone ? problem.text : `${problem.path}: ${problem.text}`);

/** `parent.field`, or the field alone at the top. */
export const fieldPath = (parent: string, field: string): string => (parent === '' ? field : `${parent}.${field}`);

/** A value as the API server shows it in a message, short enough for a line. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** The value at a path such as `spec.metrics[0].name`; undefined where there is none. */
export function valueAt(root: unknown, path: string): unknown {
  let value = root;
  for (const step of path.match(/[^.[\]]+/g) ?? []) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.hasOwn(value, step) ? (value as Record<string, unknown>)[step] : undefined;
  }
  return value;
}
