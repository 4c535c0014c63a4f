import { Lexer } from 'yaml';
import { nestsTooDeeply } from '../model/index.ts';

/** To parse YAML takes some 20 µs a word, and nothing else happens meanwhile. */
const MOST = 4_000;

/** Whether YAML can be parsed at once: not too deep, and not of too many words, by which its time is counted. */
export function isQuicklyRead(text: string): boolean {
  if (nestsTooDeeply(text)) return false;
  let words = 0;
  for (const _ of new Lexer().lex(text)) {
    words += 1;
    if (words > MOST) return false;
  }
  return true;
}
