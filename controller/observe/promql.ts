/** A PromQL string literal; no name can end it early. */
export function literal(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`;
}

/** A matcher of exactly these label values. They are quoted for RE2 first, so that a name with a dot matches itself alone. */
export function oneOf(label: string, values: readonly string[]): string {
  const distinct = [...new Set(values)].sort();
  return distinct.length === 1 ? `${label}=${literal(distinct[0]!)}` : `${label}=~${literal(distinct.map(quoteForRegex).join('|'))}`;
}

/** RE2 and JavaScript agree on these characters; letters, digits and the rest stand for themselves in both. */
const quoteForRegex = (text: string): string => text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');

/** A PromQL duration. */
export const duration = (seconds: number): string => `${seconds}s`;

/** The label that tells apart the vectors which one query brings home. */
export const PART_LABEL = 'part';

/** One query whose answer carries every part's series, each marked with its part. */
export function joinParts(parts: ReadonlyMap<string, string>): string {
  return [...parts].map(([part, expression]) => `label_replace(${expression}, "${PART_LABEL}", ${literal(part)}, "", "")`).join('\nor\n');
}

/** Puts the rate window into a query of the policy's own. */
export const withWindow = (query: string, windowSeconds: number): string => query.replaceAll('$window', duration(windowSeconds));
