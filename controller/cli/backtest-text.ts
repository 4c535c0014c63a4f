import { type BacktestReport, type ContenderReport, billedCost } from '../simulate/index.ts';
import { fieldLines } from './sections.ts';
import { type TableColumn, tableLines } from './table.ts';
import { counted, shortNumber, wrapped } from './text.ts';

type Column = readonly [title: string, cell: (contender: ContenderReport) => string];

/** A report for a terminal: what was simulated, the table, and the worst ten minutes of the policy. */
export function backtestText(report: BacktestReport, columns: number): string[] {
  const { contenders } = report;
  return [
    ...fieldLines(headOf(report), columns),
    '',
    ...table(contenders, mainColumns(report)),
    '',
    ...wrapped('COST is the bill over the least possible without a second short. SHORT/D: seconds a day with too few hosts. BAD %: requests while the P95 was over its limit.', columns),
    '',
    ...table(contenders, ELASTICITY),
    '',
    ...wrapped('θU, θO: hosts missing and in excess, in % of those needed. τU, τO: % of the time with too few and too many. υ: % of minutes in which hosts and need moved apart. LOST %: requests turned away.', columns),
    ...worstLines(report, columns),
  ];
}

function headOf({ policy, load, world, notes }: BacktestReport): [string, string | undefined][] {
  const { host, hostLimitRate, p95LimitSeconds, boot, scrape, billing, minHosts, maxHosts } = world;
  return [
    ['Policy', `${policy.name}, ${minHosts} to ${counted(maxHosts, 'host')}`],
    ['Load', `${load.source}: ${shortNumber(load.days)} days${load.from === undefined ? '' : ` from ${load.from.slice(0, 16).replace('T', ' ')} UTC`}, mean ${shortNumber(load.meanRate)} and peak ${shortNumber(load.peakRate)} requests/s`],
    ['Host', `${counted(host.workers, 'worker')} of ${shortNumber(host.serviceSeconds * 1000)} ms a request: ${shortNumber(hostLimitRate)} requests/s within a P95 of ${shortNumber(p95LimitSeconds * 1000)} ms`],
    ['World', `boots of ${boot.leastSeconds} to ${boot.mostSeconds} s, half of them within ${boot.medianSeconds} s; metrics every ${scrape.everySeconds} s; billed by the ${billing.toLowerCase()}`],
    ['Notes', notes.length === 0 ? undefined : notes.join('; ')],
  ];
}

function mainColumns({ world, price }: BacktestReport): Column[] {
  return [
    ['COST', (contender) => billedCost(contender, world).toFixed(2)],
    ...(price === undefined
      ? [['HOST-H/D', ({ measures }: ContenderReport) => ((world.billing === 'Hour' ? measures.startedHours : measures.hostHours) / measures.days).toFixed(1)] as const]
      : [[`${price.currency}/MONTH`, ({ moneyPerMonth = 0 }: ContenderReport) => moneyPerMonth.toFixed(moneyPerMonth < 100 ? 2 : 0)] as const]),
    ['SHORT/D', ({ measures }) => measures.shortSecondsPerDay.toFixed(0)],
    ['BAD %', ({ measures }) => measures.badPercent.toFixed(2)],
    ['STARTS/D', ({ measures }) => measures.startsPerDay.toFixed(0)],
    ['STOPS/D', ({ measures }) => measures.stopsPerDay.toFixed(0)],
  ];
}

const ELASTICITY: readonly Column[] = [
  ['θU', ({ measures }) => measures.underAccuracy.toFixed(2)],
  ['θO', ({ measures }) => measures.overAccuracy.toFixed(1)],
  ['τU', ({ measures }) => measures.underTimeshare.toFixed(2)],
  ['τO', ({ measures }) => measures.overTimeshare.toFixed(1)],
  ['υ', ({ measures }) => measures.instability.toFixed(1)],
  ['LOST %', ({ measures }) => measures.turnedAwayPercent.toFixed(2)],
];

function table(contenders: readonly ContenderReport[], columns: readonly Column[]): string[] {
  const titles: TableColumn[] = [{ title: '', align: 'Left' }, ...columns.map(([title]): TableColumn => ({ title, align: 'Right' }))];
  return tableLines(titles, contenders.map((contender) => [contender.title, ...columns.map(([, cell]) => cell(contender))]), undefined);
}

function worstLines({ contenders, load }: BacktestReport, columns: number): string[] {
  const [ours] = contenders;
  if (ours === undefined) return [];
  const { worst } = ours;
  if (worst === undefined) return ['', `${ours.title}: no request met a P95 over its limit.`];
  const after = worst.from - ours.course.from;
  const when = load.from === undefined ? `${shortNumber(after / 3600)} h after the begin` : `${new Date(Date.parse(load.from) + after * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return [
    '',
    ...wrapped(`The worst ten minutes of ${ours.title}, ${when}: ${shortNumber((100 * worst.badRequests) / worst.requests)} % of ${shortNumber(worst.requests)} requests met a P95 over its limit. ${worst.why}`, columns),
  ];
}
