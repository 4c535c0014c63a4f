import { type Score, atEqualCost, cellOf } from './score.ts';

export type Row = readonly string[];

export function markdown(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** How ours stands against a baseline that is tuned to cost the same. */
export interface Comparison {
  ours: Score;
  theirs: Score | undefined;
}

export const compared = (ours: Score, curve: readonly Score[], by: 'cost' | 'hourlyCost'): Comparison => ({ ours, theirs: atEqualCost(curve, ours[by], by) });

/** What a baseline reaches where it costs the same, and who is ahead in both seconds short and bad requests. */
export function comparisonCell({ ours, theirs }: Comparison): string {
  if (theirs === undefined) return 'never costs the same';
  return `${theirs.shortSecondsPerDay.toFixed(0)} / ${theirs.badPercent.toFixed(1)} ${isAhead({ ours, theirs }) ? '' : '**ahead of ours**'}`.trim();
}

/** Half of a second and of a tenth are noise. */
export const isAhead = ({ ours, theirs }: Comparison): boolean =>
  theirs === undefined || (ours.shortSecondsPerDay <= theirs.shortSecondsPerDay + 0.5 && ours.badPercent <= theirs.badPercent + 0.05);

export const scoreRow = (name: string, scores: readonly Score[]): Row => [name, ...scores.map(cellOf)];
