/** More levels than any configuration has. A reader of YAML recurses, and runs out of stack slowly. */
const DEEPEST = 100;

/**
 * Whether YAML may nest too deeply to be read: by open brackets, or by dashes in one line, wherever they stand. What
 * nests by indentation is long before it is deep.
 */
export function nestsTooDeeply(text: string): boolean {
  let brackets = 0;
  let dashes = 0;
  for (let index = 0; index < text.length; index += 1) {
    switch (text[index]) {
      case '[': case '{': brackets += 1; dashes = 0; break;
      case ']': case '}': brackets = Math.max(0, brackets - 1); dashes = 0; break;
      case '-': case '?': dashes += 1; break;
      case ' ': case '\t': break;
      default: dashes = 0;
    }
    if (brackets > DEEPEST || dashes > DEEPEST) return true;
  }
  return false;
}

/** A key of a mapping in a tree of YAML nodes. */
export interface YamlKey {
  value: unknown;
  /** Where it begins in the text, and ends. */
  range?: readonly number[] | null;
}

/**
 * The first key that its mapping has already. A parser that looks for it itself takes as many steps as the number of
 * keys squared: 20,000 keys are a minute.
 */
export function repeatedKey(node: unknown): YamlKey | undefined {
  if (!isRecord(node)) return undefined;
  if ('key' in node) return repeatedKey(node['key']) ?? repeatedKey(node['value']);
  if (!Array.isArray(node['items'])) return undefined;
  const seen = new Set<unknown>();
  for (const item of node['items'] as unknown[]) {
    const key = isRecord(item) ? item['key'] : undefined;
    if (isKey(key)) {
      if (seen.has(key.value)) return key;
      seen.add(key.value);
    }
    const below = repeatedKey(item);
    if (below !== undefined) return below;
  }
  return undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isKey = (value: unknown): value is YamlKey => isRecord(value) && 'value' in value;
