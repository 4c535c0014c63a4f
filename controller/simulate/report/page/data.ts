import type { BacktestReport } from '../report.ts';

/** What the page's script draws. Host counts change seldom, so they are runs: value, length, value, length, … */
export interface PageData {
  /** Seconds since the epoch of the first slot; undefined where the load has no dates. */
  begin: number | undefined;
  slotSeconds: number;
  rate: number[];
  needed: number[];
  contenders: {
    title: string;
    ready: number[];
    /** Slot and seconds short in it, by turns. */
    short: number[];
    /** Slot at which the worst ten minutes begin. */
    worst: number | undefined;
  }[];
}

export function pageData({ load, contenders }: BacktestReport): PageData {
  const [first] = contenders;
  if (first === undefined) throw new RangeError('a report without contenders cannot be drawn');
  const { course } = first;
  return {
    begin: load.from === undefined ? undefined : Date.parse(load.from) / 1000,
    slotSeconds: course.slotSeconds,
    rate: course.rate.map((value) => Number(value.toPrecision(4))),
    needed: runsOf(course.needed),
    contenders: contenders.map(({ title, course: { ready, shortSeconds, from, slotSeconds }, worst }) => ({
      title,
      ready: runsOf(ready),
      short: shortSeconds.flatMap((seconds, slot) => (seconds > 0 ? [slot, seconds] : [])),
      worst: worst === undefined ? undefined : Math.floor((worst.from - from) / slotSeconds),
    })),
  };
}

function runsOf(values: readonly number[]): number[] {
  const runs: number[] = [];
  for (const value of values) {
    if (runs.at(-2) === value) runs[runs.length - 1]! += 1;
    else runs.push(value, 1);
  }
  return runs;
}
