import { type BacktestReport, type ContenderReport, billedCost } from '../report.ts';
import { pageData } from './data.ts';
import { escaped, percent, scriptValue, shown } from './html.ts';
import { scatter } from './scatter.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';
import { elasticityTable, resultTable, worstList } from './tables.ts';

/** The chart library's files, as text. */
export interface ChartLibrary {
  script: string;
  style: string;
}

/** A report as one page that asks nothing of any server, for readers who have never seen the tool. */
export function backtestPage(report: BacktestReport, library: ChartLibrary): string {
  const { policy, load } = report;
  const days = load.days >= 2 ? `${shown(load.days)} days` : `${shown(load.days * 24)} hours`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Backtest of policy ${escaped(policy.name)}</title>
<style>${library.style}${STYLE}</style>
</head>
<body>
<main>
<header>
<div><h1>What policy “${escaped(policy.name)}” would have done</h1>
<p class="lead">A replay of ${days} of recorded traffic (${escaped(load.source.split('/').at(-1) ?? '')}${load.from === undefined ? '' : `, from ${load.from.slice(0, 10)}`}) in a simulated fleet: when each autoscaler would have bought and released hosts, what that costs, and when users would have felt it.</p></div>
<button type="button" class="scheme" id="scheme">☾ Dark</button>
</header>
<div class="verdict"><p>${verdict(report)}</p></div>
<div class="tiles">${tiles(report)}</div>
<section id="charts">
<h2>Load and hosts over time</h2>
<p class="soft">Drag across a chart to zoom in, double-click to see everything, point at it to read it. Red marks when the first had too few hosts.</p>
<div class="controls">
<label>Show <select id="first" aria-label="first contender"></select></label><label>beside <select id="second" aria-label="second contender"></select></label>
<span class="zoom"><button type="button" id="to-all">everything</button><button type="button" id="to-peak">the busiest day</button><button type="button" id="to-worst">the worst minutes</button></span>
</div>
<div class="legend"><span><i class="key area k-load"></i>requests/s <b id="v-load"></b></span><span id="at"></span></div>
<div class="chart" id="load"></div>
<div class="legend"><span><i class="key area k-need"></i>hosts needed <b id="v-need"></b></span><span><i class="key k-ours"></i><span id="name-first"></span> <b id="v-first"></b></span><span><i class="key k-other"></i><span id="name-second"></span> <b id="v-second"></b></span><span><i class="key area k-short"></i>too few hosts</span></div>
<div class="chart" id="hosts"></div>
</section>
<section><h2>Cost against shortage</h2>
<p class="soft">Nearer to the lower left corner is better. Whoever knew the future would stand in it: never short, at the least possible cost. The scale of seconds is logarithmic.</p>
${scatter(report)}</section>
<section><h2>In numbers</h2>
<p class="soft">Cost is over that of the cheapest fleet that would never have been short. Point at a title for what it means.</p>
${resultTable(report)}
<p class="soft elasticity">The elasticity measures of the SPEC Research Group, for those who compare with others:</p>
${elasticityTable(report)}</section>
<section><h2>The worst ten minutes of each, and why</h2>${worstList(report)}</section>
<section><h2>What was simulated</h2>${assumptions(report)}</section>
<footer>Made by kamal-autoscaler. Simulated, not measured: the load is real, hosts are modelled as queues.</footer>
</main>
<script>${library.script}</script>
<script>const data = ${scriptValue(pageData(report))};${SCRIPT}</script>
</body>
</html>
`;
}

/** The result in two sentences. */
function verdict(report: BacktestReport): string {
  const { contenders, world } = report;
  const [ours] = contenders;
  if (ours === undefined) return '';
  const costText = (contender: ContenderReport): string => `${billedCost(contender, world).toFixed(2)} times the least possible`;
  const shortText = ({ measures }: ContenderReport): string => (measures.shortSecondsPerDay < 0.5 ? 'never short of hosts' : `short of hosts for ${shown(Math.round(measures.shortSecondsPerDay))} seconds a day`);
  const rival = contenders.find(({ name }) => name === 'hpa-requests');
  return `Your policy would have cost <strong>${costText(ours)}</strong> and been <strong>${shortText(ours)}</strong>; ${percent(ours.measures.badPercent)} of requests would have been slow.`
    + (rival === undefined ? '' : ` Kubernetes' autoscaler with the same target would have cost ${costText(rival)} and been ${shortText(rival)}, with ${percent(rival.measures.badPercent)} slow.`);
}

function tiles({ contenders, world, price }: BacktestReport): string {
  const [ours] = contenders;
  if (ours === undefined) return '';
  const { measures } = ours;
  const all: [string, string][] = [
    [`${billedCost(ours, world).toFixed(2)} ×`, 'cost over the least possible'],
    ...(price === undefined ? [] : [[`${price.currency} ${shown(ours.moneyPerMonth ?? 0)}`, 'a month']] as [string, string][]),
    [`${shown(measures.hostHours / measures.days)} h`, 'host-hours a day'],
    [`${shown(Math.round(measures.shortSecondsPerDay))} s`, 'short of hosts a day'],
    [percent(measures.badPercent), 'slow requests'],
    [`${shown(Math.round(measures.startsPerDay))} / ${shown(Math.round(measures.stopsPerDay))}`, 'starts and stops a day'],
  ];
  return all.map(([value, what]) => `<div class="tile"><b>${escaped(value)}</b><span>${escaped(what)}</span></div>`).join('');
}

function assumptions({ load, world, notes }: BacktestReport): string {
  const { host, hostLimitRate, p95LimitSeconds, boot, drainSeconds, scrape, evaluateEverySeconds, minHosts, maxHosts, billing } = world;
  const rows: [string, string][] = [
    ['Load', `mean ${shown(load.meanRate)} and peak ${shown(load.peakRate)} requests/s, in bins of ${shown(load.binSeconds)} s with lines between`],
    ['Host', `${host.workers} requests at a time, ${shown(host.serviceSeconds * 1000)} ms each without waiting (a queue of type M/M/${host.workers}): ${shown(hostLimitRate)} requests/s keep the P95 within ${shown(p95LimitSeconds * 1000)} ms`],
    ['Boot and drain', `from order to service ${shown(boot.leastSeconds)} to ${shown(boot.mostSeconds)} s, half of them within ${shown(boot.medianSeconds)} s; a leaving host is paid for another ${shown(drainSeconds)} s`],
    ['Metrics', `scraped every ${scrape.everySeconds} s, known ${scrape.delaySeconds} s later, as rates over ${scrape.windowSeconds} s; decided every ${evaluateEverySeconds} s`],
    ['Fleet', `${minHosts} to ${maxHosts} hosts, billed by the ${billing.toLowerCase()}`],
    ...notes.map((note): [string, string] => ['Note', note]),
  ];
  return `<dl>${rows.map(([term, text]) => `<dt>${escaped(term)}</dt><dd>${escaped(text)}</dd>`).join('')}</dl>`;
}
