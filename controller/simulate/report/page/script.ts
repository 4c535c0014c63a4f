/**
 * The page's own script. It runs in a reader's browser as it is, after uPlot and with `data` (PageData) defined; it asks
 * nothing of any server. Charts are made anew when the colour scheme changes, as a canvas does not follow style sheets.
 */
export const SCRIPT = String.raw`
'use strict';
const unrun = (runs) => { const values = []; for (let i = 0; i < runs.length; i += 2) for (let n = 0; n < runs[i + 1]; n++) values.push(runs[i]); return values; };
const dated = data.begin !== undefined;
const begin = dated ? data.begin : 0;
const xs = data.rate.map((_, slot) => begin + slot * data.slotSeconds);
const needed = unrun(data.needed);
const ready = data.contenders.map((contender) => unrun(contender.ready));
const root = document.documentElement;
const byId = (id) => document.getElementById(id);
const colour = (name) => getComputedStyle(root).getPropertyValue('--' + name).trim();
const two = (number) => String(number).padStart(2, '0');
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
function when(second, step) {
  if (!dated) {
    const day = Math.floor(second / 86400), hour = Math.floor(second % 86400 / 3600), minute = Math.floor(second % 3600 / 60);
    return step >= 86400 ? 'day ' + (day + 1) : 'day ' + (day + 1) + ', ' + two(hour) + ':' + two(minute);
  }
  const date = new Date(second * 1000);
  const day = days[date.getUTCDay()] + ' ' + date.getUTCDate() + ' ' + months[date.getUTCMonth()];
  const time = two(date.getUTCHours()) + ':' + two(date.getUTCMinutes());
  return step >= 86400 ? day : step > 0 && second % 86400 !== 0 ? time : step > 0 ? day : day + ', ' + time;
}
const steps = [60, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000];
const shownBy = [byId('first'), byId('second')];
const chosen = () => shownBy.map((select) => Number(select.value));
let charts = [];
let span = [xs[0], xs[xs.length - 1]];
let moving = false;

function zoom(from, to) {
  const least = data.slotSeconds * 8;
  if (to - from < least) { const middle = (from + to) / 2; from = middle - least / 2; to = middle + least / 2; }
  span = [Math.max(xs[0], from), Math.min(xs[xs.length - 1], to)];
  moving = true;
  for (const chart of charts) chart.setScale('x', { min: span[0], max: span[1] });
  moving = false;
}
function draw() {
  for (const chart of charts) chart.destroy();
  const [first, second] = chosen();
  const width = byId('load').clientWidth;
  const font = '12px system-ui, sans-serif';
  const axis = (more) => Object.assign({ stroke: colour('soft'), font, grid: { stroke: colour('grid'), width: 1 }, ticks: { stroke: colour('line'), width: 1, size: 5 } }, more);
  const xAxis = axis({ incrs: steps, space: 95, values: (_, splits, __, ___, step) => splits.map((split) => when(split, step)) });
  const stepped = uPlot.paths.stepped({ align: 1 });
  const common = {
    width,
    cursor: { sync: { key: 'report' }, drag: { x: true, y: false, setScale: true }, points: { size: 7 } },
    legend: { show: false },
    hooks: {
      setScale: [(chart, key) => { if (key === 'x' && !moving && chart.status === 1) { const { min, max } = chart.scales.x; if (min !== span[0] || max !== span[1]) zoom(min, max); } }],
      setCursor: [(chart) => legend(chart.cursor.idx)],
    },
  };
  // From afar a minute is thinner than a pixel: a strip along the top says it without painting over the chart.
  const shortBands = (chart) => {
    const { ctx, bbox } = chart;
    const list = data.contenders[first].short;
    const strip = 7 * devicePixelRatio;
    const near = span[1] - span[0] < 86400;
    ctx.save();
    for (let i = 0; i < list.length; i += 2) {
      const from = begin + list[i] * data.slotSeconds;
      if (from > span[1] || from + data.slotSeconds < span[0]) continue;
      const left = chart.valToPos(from, 'x', true), right = chart.valToPos(from + data.slotSeconds, 'x', true);
      const edge = Math.max(left, bbox.left);
      const wide = Math.max(devicePixelRatio, Math.min(right, bbox.left + bbox.width) - edge);
      ctx.fillStyle = colour('bad');
      ctx.fillRect(edge, bbox.top - strip, wide, strip);
      if (!near) continue;
      ctx.fillStyle = colour('short');
      ctx.fillRect(edge, bbox.top, wide, bbox.height);
    }
    ctx.restore();
  };
  const x = { time: false, min: span[0], max: span[1] };
  const load = new uPlot(Object.assign({}, common, {
    height: 160, scales: { x, y: { range: (_, __, max) => [0, max * 1.08 || 1] } },
    axes: [axis(Object.assign({}, xAxis, { values: (_, splits) => splits.map(() => ''), size: 10 })), axis({ size: 62 })],
    series: [{}, { stroke: colour('load'), fill: colour('load-fill'), width: 1.5, points: { show: false } }],
  }), [xs, data.rate], byId('load'));
  const hosts = new uPlot(Object.assign({}, common, {
    height: 300, scales: { x, y: { range: (_, __, max) => [0, max * 1.08 || 1] } },
    axes: [xAxis, axis({ size: 62, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500] })],
    hooks: Object.assign({}, common.hooks, { drawAxes: [shortBands] }),
    series: [{}, { stroke: colour('need'), fill: colour('need-fill'), width: 1, paths: stepped, points: { show: false } },
      { stroke: colour('other'), width: 1.6, paths: stepped, points: { show: false } },
      { stroke: colour('ours'), width: 2, paths: stepped, points: { show: false } }],
  }), [xs, needed, ready[second], ready[first]], byId('hosts'));
  charts = [load, hosts];
  byId('name-first').textContent = data.contenders[first].title;
  byId('name-second').textContent = data.contenders[second].title;
  byId('to-worst').disabled = data.contenders[first].worst === undefined;
  legend(null);
}
function legend(slot) {
  const [first, second] = chosen();
  const at = slot === null || slot === undefined ? undefined : slot;
  byId('at').textContent = at === undefined ? '' : when(xs[at], 0) + (dated ? ' UTC' : '');
  byId('v-load').textContent = at === undefined ? '' : Math.round(data.rate[at]);
  byId('v-need').textContent = at === undefined ? '' : needed[at];
  byId('v-first').textContent = at === undefined ? '' : ready[first][at];
  byId('v-second').textContent = at === undefined ? '' : ready[second][at];
}
function around(second, seconds) { zoom(second - seconds / 2, second + seconds / 2); byId('charts').scrollIntoView({ behavior: 'smooth', block: 'start' }); }
for (const select of shownBy) {
  data.contenders.forEach((contender, index) => select.add(new Option(contender.title, index)));
  select.addEventListener('change', draw);
}
shownBy[0].value = 0;
shownBy[1].value = Math.min(2, data.contenders.length - 1);
byId('to-all').addEventListener('click', () => zoom(xs[0], xs[xs.length - 1]));
byId('to-peak').addEventListener('click', () => zoom(...[-43200, 43200].map((seconds) => xs[data.rate.indexOf(Math.max(...data.rate))] + seconds)));
byId('to-worst').addEventListener('click', () => { const { worst } = data.contenders[chosen()[0]]; zoom(xs[worst] - 3600, xs[worst] + 4200); });
for (const link of document.querySelectorAll('[data-contender]')) link.addEventListener('click', () => {
  const index = Number(link.dataset.contender);
  if (chosen()[1] === index) shownBy[1].value = chosen()[0];
  shownBy[0].value = index;
  draw();
  around(xs[data.contenders[index].worst] + 300, 7800);
});
const isDark = () => root.dataset.scheme ? root.dataset.scheme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
const scheme = byId('scheme');
const nameScheme = () => { scheme.textContent = isDark() ? '☀ Light' : '☾ Dark'; };
scheme.addEventListener('click', () => { root.dataset.scheme = isDark() ? 'light' : 'dark'; nameScheme(); draw(); });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { nameScheme(); draw(); });
addEventListener('resize', () => { for (const chart of charts) chart.setSize({ width: byId('load').clientWidth, height: chart.height }); });
nameScheme();
draw();
root.dataset.drawn = 'yes';
`;
