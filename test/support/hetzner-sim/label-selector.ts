/** `a==b,c!=d,e,!f,g in (h,i)` over labels; undefined where the selector is none. */
export function selectorOf(text: string): ((labels: Record<string, string>) => boolean) | undefined {
  const terms = splitTerms(text).map(termOf);
  return terms.some((term) => term === undefined) ? undefined : (labels) => terms.every((term) => term?.(labels) === true);
}

/** Commas inside parentheses do not end a term. */
const splitTerms = (text: string): string[] => text.split(/,(?![^(]*\))/).map((term) => term.trim());

const KEY = '[A-Za-z0-9][A-Za-z0-9._/-]*';
const VALUE = '[A-Za-z0-9._-]*';

function termOf(term: string): ((labels: Record<string, string>) => boolean) | undefined {
  const equal = new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*(${VALUE})$`).exec(term);
  if (equal !== null) {
    const [, key = '', operator, value] = equal;
    return (labels) => (labels[key] === value) === (operator !== '!=');
  }
  const oneOf = new RegExp(`^(${KEY})\\s+(in|notin)\\s+\\(([^)]*)\\)$`).exec(term);
  if (oneOf !== null) {
    const [, key = '', operator, list = ''] = oneOf;
    const values = list.split(',').map((value) => value.trim());
    return (labels) => values.includes(labels[key] ?? '') === (operator === 'in') && (operator === 'notin' || labels[key] !== undefined);
  }
  const present = new RegExp(`^(!?)(${KEY})$`).exec(term);
  if (present === null) return undefined;
  const [, not, key = ''] = present;
  return (labels) => (labels[key] !== undefined) === (not === '');
}
