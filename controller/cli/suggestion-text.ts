import type { Suggestion, SuggestionPoint } from './simulator.ts';
import { tableLines } from './table.ts';
import { shortNumber, wrapped } from './text.ts';

/** A suggestion as a YAML file: the policy, and above it as comments what it was chosen from. */
export function suggestionText(suggestion: Suggestion, columns: number): string[] {
  const { limitSecondsPerDay, within, metric, learnedDays, restDays, points, policy } = suggestion;
  const intro = within
    ? `The cheapest settings found that are short of hosts for at most ${shortNumber(limitSecondsPerDay)} s a day.`
    : `No settings found are short of hosts for at most ${shortNumber(limitSecondsPerDay)} s a day; these are short the least.`;
  const comment = [
    ...wrapped(`${intro} Chosen on the first ${shortNumber(learnedDays)} days; the other ${shortNumber(restDays)} days, which had no part in the choice, say what to expect.`, columns - 2),
    '',
    ...tableLines(
      ['', metric.toUpperCase(), 'MINHOSTS', 'CAUTION', 'COST', 'SHORT/D', 'THEN COST', 'SHORT/D', 'BAD %', 'CHANGES/D'].map((title, index) => ({ title, align: index === 0 ? 'Left' as const : 'Right' as const })),
      points.map(rowOf), undefined,
    ),
  ];
  return [...comment.map((line) => (line === '' ? '#' : `# ${line}`)), policy.trimEnd()];
}

const MARKS = { Chosen: '→', Now: 'now', Curve: '' } as const;

const rowOf = ({ learned, rest, is }: SuggestionPoint): string[] => [
  MARKS[is],
  String(learned.settings.target), String(learned.settings.minHosts), String(learned.settings.caution),
  learned.cost.toFixed(3), learned.shortSecondsPerDay.toFixed(0),
  rest.cost.toFixed(3), rest.shortSecondsPerDay.toFixed(0), rest.badPercent.toFixed(2), rest.actionsPerDay.toFixed(0),
];
