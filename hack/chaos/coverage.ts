/** What happened in many random worlds: whether a world of them proves anything shows here. */
import { table } from 'table';
import { EVENT_KINDS } from '../../test/support/chaos/generate.ts';
import type { ChaosResult } from '../../test/support/chaos/run.ts';

export interface Coverage {
  worlds: number;
  purchases: number;
  deletions: number;
  longestRestSeconds: number;
  happened: Map<string, { done: number; void: number }>;
  met: Map<string, number>;
  add(result: ChaosResult): void;
}

export function createCoverage(): Coverage {
  return {
    worlds: 0, purchases: 0, deletions: 0, longestRestSeconds: 0, happened: new Map(EVENT_KINDS.map((kind) => [kind, { done: 0, void: 0 }])), met: new Map(),
    add({ happened, met, purchases, deletions, restMilliseconds }) {
      this.worlds += 1;
      this.purchases += purchases;
      this.deletions += deletions;
      this.longestRestSeconds = Math.max(this.longestRestSeconds, restMilliseconds / 1000);
      for (const [kind, count] of happened) {
        const before = this.happened.get(kind) ?? { done: 0, void: 0 };
        this.happened.set(kind, { done: before.done + count.done, void: before.void + count.void });
      }
      for (const [text, count] of met) this.met.set(text, (this.met.get(text) ?? 0) + count);
    },
  };
}

export function coverageTable(coverage: Coverage): string {
  const happened = [...coverage.happened].sort(([a], [b]) => a.localeCompare(b)).map(([kind, { done, void: missed }]) => [kind, done, missed]);
  const byCall = new Map<string, { count: number; classes: Set<string> }>();
  for (const [text, count] of coverage.met) {
    const [call = '', errorClass = '', when = ''] = text.startsWith('Crash') || text.startsWith('Freeze') ? [text.split(' ', 1)[0], '', ''] : text.split(' ');
    const name = `${call} ${when}`.trim();
    const before = byCall.get(name) ?? { count: 0, classes: new Set<string>() };
    before.count += count;
    if (errorClass !== '') before.classes.add(errorClass);
    byCall.set(name, before);
  }
  const met = [...byCall].sort(([a], [b]) => a.localeCompare(b)).map(([name, { count, classes }]) => [name, count, [...classes].sort().join(' ')]);
  return [
    table([['event', 'happened', 'nothing to happen to'], ...happened]),
    table([['met at', 'times', 'classes'], ...met], { columns: { 2: { width: 80, wrapWord: true } } }),
    `${coverage.purchases} orders placed, ${coverage.deletions} servers deleted, longest way to rest ${coverage.longestRestSeconds.toFixed(0)} s`,
  ].join('\n');
}
