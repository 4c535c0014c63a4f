/** The result as a Markdown table, and what misses the goal. Pure. */
import { type Case, setupText } from './cases.ts';
import { type Spans, median } from './marks.ts';

export interface Measured {
  case: Case;
  /** One entry a repeat. */
  spans: readonly Spans[];
}

const COLUMNS: readonly [title: string, field: keyof Spans][] = [
  ['step → scrape', 'stepToScrape'],
  ['scrape → decision', 'scrapeToDecision'],
  ['→ create call', 'decisionToCreate'],
  ['(boot)', 'boot'],
  ['→ seen', 'noticed'],
  ['→ deployed', 'deploy'],
  ['→ in service', 'join'],
];

const shown = (seconds: number): string => seconds.toFixed(1);

/** Medians in seconds; the last column is the sum that the goal is about, with its least and greatest value. */
export function resultTable(results: readonly Measured[]): string {
  const head = ['metrics', 'hosts', 'repeats', ...COLUMNS.map(([title]) => title), '**added**', 'least … most'];
  const rows = results.map(({ case: one, spans }) => {
    const added = spans.map((span) => span.added);
    return [
      setupText(one), String(one.hosts), String(spans.length),
      ...COLUMNS.map(([, field]) => shown(median(spans.map((span) => span[field])))),
      `**${shown(median(added))}**`, `${shown(Math.min(...added))} … ${shown(Math.max(...added))}`,
    ];
  });
  return [head, head.map((_, index) => (index === 0 ? '---' : '--:')), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Greatest median of what is added, in seconds. */
const goalSeconds = (hosts: number): number => (hosts === 1 ? 10 : 15);

/** One line for each case above the goal. */
export function missesOf(results: readonly Measured[]): string[] {
  return results.flatMap(({ case: one, spans }) => {
    const added = median(spans.map((span) => span.added));
    const goal = goalSeconds(one.hosts);
    return added < goal ? [] : [`${setupText(one)}, ${one.hosts} hosts: ${shown(added)} s, the goal is under ${goal} s`];
  });
}
