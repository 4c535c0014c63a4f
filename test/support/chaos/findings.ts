/** In which world each planted bug was seen first, and as what: data that `npm run chaos -- --planted --write` makes, and the table of docs/chaos.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUGS, BUG_NAMES, type BugName } from './bugs.ts';

/** `seed`: worlds from 1 to it were run. `fault`: without times, names and numbers of one run. */
export type RecordedFinding = { seed: number; fault: string } | { notFoundIn: number };
export type Findings = Partial<Record<BugName, RecordedFinding>>;

const FILE = join(import.meta.dirname, 'findings.json');
const PAGE = join(import.meta.dirname, '..', '..', '..', 'docs', 'chaos.md');
const HEADER = '| planted bug | kind | what the controller does | worlds | first seen as |\n| --- | --- | --- | --: | --- |\n';

export const readFindings = (): Findings => JSON.parse(readFileSync(FILE, 'utf8')) as Findings;

/** Writes the data, and the table into its page. */
export function writeFindings(findings: Findings): void {
  const ordered = Object.fromEntries(BUG_NAMES.flatMap((name) => (findings[name] === undefined ? [] : [[name, findings[name]]])));
  writeFileSync(FILE, `${JSON.stringify(ordered, undefined, 2)}\n`);
  const page = readFileSync(PAGE, 'utf8');
  writeFileSync(PAGE, page.replace(tableIn(page), () => findingsTable(findings)));
}

/** The table as the page has it. */
export function tableIn(page: string): string {
  const from = page.indexOf(HEADER);
  if (from < 0) throw new Error(`docs/chaos.md has no table that begins with ${HEADER}`);
  const end = page.indexOf('\n\n', from);
  return page.slice(from, end < 0 ? undefined : end + 1);
}

export const readPage = (): string => readFileSync(PAGE, 'utf8');

export const findingsTable = (findings: Findings): string => HEADER + BUG_NAMES.map((name) => findingRow(name, findings[name])).join('');

function findingRow(name: BugName, finding: RecordedFinding | undefined): string {
  const { kind, what } = BUGS[name];
  const seen = finding === undefined ? 'not tried |' : 'seed' in finding ? `${finding.seed} | ${finding.fault}` : `not in ${finding.notFoundIn} |`;
  return `| \`${name}\` | ${kind} | ${what} | ${seen} |\n`;
}

/** A fault's sentence as it is the same in many runs: `12.3 s: web-1-id000000 was stopped` becomes `web-N was stopped`. */
export const faultText = (fault: string): string =>
  fault.replace(/^[\d.]+ s: /, '').replace(/web-\d+-[\w-]+/g, 'web-N').replace(/\bid[0-9a-z]{6,}/g, 'ID').replace(/server-\d+/g, 'server-N').replace(/http:\/\/[\d.:]+/g, 'http://N').replace(/\d+(\.\d+)?/g, 'N').replaceAll('|', '\\|');
