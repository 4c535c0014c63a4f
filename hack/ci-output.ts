/** What the output of a test command tells. Pure. */
import { stripVTControlCharacters } from 'node:util';
import { PLANTED_MARK, tells } from '../test/support/planted.ts';

export interface Counts { passed: number; failed: number; skipped: number }

/** Mocha's closing lines, of every mocha run in the output; colours, which some terminals force, are taken out. */
export function countTests(output: string): Counts {
  const plain = stripVTControlCharacters(output);
  const sum = (word: string) => [...plain.matchAll(new RegExp(`^\\s+(\\d+) ${word}\\b`, 'gm'))].reduce((all, [, digits]) => all + Number(digits), 0);
  return { passed: sum('passing'), failed: sum('failing'), skipped: sum('pending') };
}

/** Lines that tell a secret which a suite planted, with the secret taken out; a line that tells it in another form is named by its number. */
export function toldSecrets(output: string): string[] {
  if (!tells(output)) return [];
  const told = output.split('\n').flatMap((line, index) => {
    if (line.includes(PLANTED_MARK)) return [line.replaceAll(new RegExp(`${PLANTED_MARK}[\\w-]*`, 'g'), '***')];
    return tells(line) ? [`line ${index + 1}, escaped or encoded`] : [];
  });
  return told.length > 0 ? told : ['a secret that is broken over lines'];
}
