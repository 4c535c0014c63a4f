/**
 * The series selectors in a PromQL query, as written: `rate(x{a="b"}[5m]) / y` has `x{a="b"}` and `y`. Needed to ask how
 * old a query's samples are, because the value itself carries the time of the evaluation. Selectors with `offset` or `@`
 * are left out: they ask for old samples on purpose. A query that does not parse may give anything; Prometheus refuses it.
 */
export function selectorsOf(query: string): string[] {
  const tokens = tokensOf(query);
  const selectors: string[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index]!;
    if (token.kind === 'Word' && LABEL_LISTS.has(token.text.toLowerCase()) && tokens[index + 1]?.text === '(') {
      index = endOf(tokens, index + 1, ')');
      continue;
    }
    if (token.text === '[') {
      index = endOf(tokens, index, ']');
      continue;
    }
    const matchers = matchersAt(tokens, token, index);
    if (matchers === undefined) continue;
    index = matchers.end;
    if (!movesTime(tokens, index + 1)) selectors.push(matchers.text);
  }
  return [...new Set(selectors)];
}

/** Newest sample behind any of these selectors, in seconds since the epoch, as one number. */
export function newestSampleQuery(selectors: readonly string[]): string {
  // Two metrics may carry the same labels; a number keeps `or` from dropping one of them.
  return `max(${selectors.map((selector, index) => `label_replace(timestamp(${selector}), "selector", "${index}", "", "")`).join(' or ')})`;
}

interface Token {
  kind: 'Word' | 'String' | 'Other';
  text: string;
}

const TOKEN = /#[^\n]*|\s+|(?<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)|(?<number>\d[\w.]*)|(?<word>[a-zA-Z_:][\w:]*)|(?<other>.)/gs;

/** Words before a list of label names. */
const LABEL_LISTS = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
const KEYWORDS = new Set([...LABEL_LISTS, 'and', 'or', 'unless', 'atan2', 'bool', 'offset', 'inf', 'nan', 'start', 'end']);
const AGGREGATIONS = new Set([
  'sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar', 'topk', 'bottomk', 'quantile', 'count_values', 'limitk', 'limit_ratio',
]);

function tokensOf(query: string): Token[] {
  return [...query.matchAll(TOKEN)].flatMap(({ groups = {} }): Token[] => {
    if (groups['string'] !== undefined) return [{ kind: 'String', text: groups['string'] }];
    if (groups['word'] !== undefined) return [{ kind: 'Word', text: groups['word'] }];
    const other = groups['number'] ?? groups['other'];
    return other === undefined ? [] : [{ kind: 'Other', text: other }];
  });
}

function matchersAt(tokens: readonly Token[], token: Token, index: number): { text: string; end: number } | undefined {
  const next = tokens[index + 1]?.text;
  const isName = token.kind === 'Word' && next !== '(' && !KEYWORDS.has(token.text.toLowerCase()) && !AGGREGATIONS.has(token.text.toLowerCase());
  const start = isName ? index + 1 : index;
  if (tokens[start]?.text !== '{' || (!isName && token.text !== '{')) return isName ? { text: token.text, end: index } : undefined;
  let end = start + 1;
  while (end < tokens.length && (tokens[end]!.kind !== 'Other' || MATCHER_SIGNS.includes(tokens[end]!.text))) end += 1;
  // No selector: it could end early what it is put into.
  if (tokens[end]?.text !== '}') return undefined;
  return { text: tokens.slice(index, end + 1).map(({ text }) => text).join(''), end };
}

/** What stands between names and values of matchers. */
const MATCHER_SIGNS = ['=', '!', '~', ','];

function endOf(tokens: readonly Token[], from: number, close: string): number {
  for (let index = from + 1; index < tokens.length; index += 1) if (tokens[index]!.kind === 'Other' && tokens[index]!.text === close) return index;
  return tokens.length - 1;
}

/** Whether `offset` or `@` follows, after a range if there is one. */
function movesTime(tokens: readonly Token[], index: number): boolean {
  const after = tokens[index]?.text === '[' ? endOf(tokens, index, ']') + 1 : index;
  const next = tokens[after]?.text.toLowerCase();
  return next === 'offset' || next === '@';
}
