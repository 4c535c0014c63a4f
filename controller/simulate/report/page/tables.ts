import { type BacktestReport, type ContenderReport, billedCost } from '../report.ts';
import { escaped, percent, shown } from './html.ts';

interface Column {
  title: string;
  /** On hovering the title. */
  means: string;
  cell: (contender: ContenderReport) => string;
}

function mainColumns({ world, price }: BacktestReport): Column[] {
  return [
    { title: 'Cost', means: 'the bill over the least possible without a second short', cell: (contender) => `${billedCost(contender, world).toFixed(2)} ×` },
    ...(price === undefined ? [] : [{ title: `${price.currency} a month`, means: 'at the price given, as the provider bills', cell: ({ moneyPerMonth = 0 }: ContenderReport) => shown(moneyPerMonth) }]),
    { title: 'Host-hours a day', means: 'booting and draining hosts included', cell: ({ measures }) => shown(measures.hostHours / measures.days) },
    { title: 'Short a day', means: 'seconds with fewer hosts than the load needed', cell: ({ measures }) => `${shown(Math.round(measures.shortSecondsPerDay))} s` },
    { title: 'Slow requests', means: 'requests that arrived while the P95 was over its limit', cell: ({ measures }) => percent(measures.badPercent) },
    { title: 'Starts a day', means: 'hosts ordered', cell: ({ measures }) => shown(Math.round(measures.startsPerDay)) },
    { title: 'Stops a day', means: 'hosts let go, cancelled boots included', cell: ({ measures }) => shown(Math.round(measures.stopsPerDay)) },
  ];
}

const ELASTICITY: readonly Column[] = [
  { title: 'θU', means: 'mean share of needed hosts that were missing', cell: ({ measures }) => percent(measures.underAccuracy) },
  { title: 'θO', means: 'mean excess, in shares of the needed hosts', cell: ({ measures }) => percent(measures.overAccuracy) },
  { title: 'τU', means: 'share of the time with too few hosts', cell: ({ measures }) => percent(measures.underTimeshare) },
  { title: 'τO', means: 'share of the time with more hosts than needed', cell: ({ measures }) => percent(measures.overTimeshare) },
  { title: 'υ', means: 'share of minutes in which hosts and need did not move the same way', cell: ({ measures }) => percent(measures.instability) },
];

export const resultTable = (report: BacktestReport): string => table(report, mainColumns(report), 'Explained');
export const elasticityTable = (report: BacktestReport): string => table(report, ELASTICITY, 'Named');

function table({ contenders }: BacktestReport, columns: readonly Column[], rows: 'Explained' | 'Named'): string {
  return `<div class="wide"><table>
<thead><tr><th scope="col"></th>${columns.map(({ title, means }) => `<th scope="col" title="${escaped(means)}">${escaped(title)}</th>`).join('')}</tr></thead>
<tbody>
${contenders.map((contender, index) => `<tr${index === 0 ? ' class="ours"' : ''}><th scope="row">${escaped(contender.title)}${rows === 'Explained' ? `<small>${escaped(contender.explanation)}</small>` : ''}</th>${columns.map(({ cell }) => `<td>${escaped(cell(contender))}</td>`).join('')}</tr>`).join('\n')}
</tbody></table></div>`;
}

/** The worst ten minutes of each contender that had bad ones. */
export function worstList({ contenders, load }: BacktestReport): string {
  const items = contenders.flatMap(({ title, worst, course }, index) => {
    if (worst === undefined) return [];
    const after = worst.from - course.from;
    const when = load.from === undefined ? `${shown(after / 3600)} hours after the begin` : `${new Date(Date.parse(load.from) + after * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    return [`<li${index === 0 ? ' class="ours"' : ''}><h3>${escaped(title)} <button type="button" class="link" data-contender="${index}">${escaped(when)}</button></h3>
<p><strong>${percent((100 * worst.badRequests) / Math.max(1, worst.requests))}</strong> of ${shown(worst.requests)} requests were slow, with a P95 of up to ${shown(worst.p95Most)} s. ${escaped(worst.why)}</p></li>`];
  });
  return items.length === 0 ? '<p>No contender had a slow request.</p>' : `<ul class="worst">${items.join('\n')}</ul>`;
}
