/** Bring-ups on real hosts as a Markdown table. Pure. */
import { median } from '../marks.ts';
import type { BringUp } from './spans.ts';

export type ImageKind = 'fresh' | 'prepared';

export interface MeasuredBringUp {
  image: ImageKind;
  hosts: number;
  /** One entry a repeat. */
  bringUps: readonly BringUp[];
}

const COLUMNS: readonly [title: string, field: keyof BringUp][] = [
  ['boot', 'boot'], ['bootstrap', 'bootstrap'], ['Kamal', 'kamal'], ['join', 'join'], ['**all**', 'total'], ['controller', 'own'],
];

const shown = (seconds: number): string => seconds.toFixed(1);

/** Medians in seconds, with the least and greatest value of the whole. */
export function bringUpTable(results: readonly MeasuredBringUp[]): string {
  const head = ['server image', 'hosts', 'repeats', ...COLUMNS.map(([title]) => title), 'least … most'];
  const rows = results.map(({ image, hosts, bringUps }) => {
    const totals = bringUps.map(({ total }) => total);
    return [image, String(hosts), String(bringUps.length), ...COLUMNS.map(([, field]) => shown(median(bringUps.map((one) => one[field])))), `${shown(Math.min(...totals))} … ${shown(Math.max(...totals))}`];
  });
  return [head, head.map((_, index) => (index === 0 ? '---' : '--:')), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
