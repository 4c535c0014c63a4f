import { type Measured, type Sample, calmHosts, hostsAtEnd, peakHosts, toCapacity } from './measured.ts';
import { loadEnds, neededHosts, spikeBegins } from './script.ts';
import { count } from './words.ts';

const WIDTH = 880;
const HEIGHT = 482;
const LEFT = 64;
const RIGHT = 64;
const TOP = { y: 92, height: 210 };
const BELOW = { y: 366, height: 78 };

const STYLE = `
  .ground { fill: #ffffff } .text { fill: #1f2328 } .faint { fill: #59636e } .grid { stroke: #d1d9e0 } .axis { stroke: #818b98 }
  .load { fill: #b6d7f7 } .serving { stroke: #1a7f37 } .wanted { stroke: #8250df } .p95 { stroke: #bc4c00 }
  .wait { fill: #fff1c9 } .goal { stroke: #bc4c00 }
  text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif } .title { font-size: 16px; font-weight: 600 } .end { text-anchor: end } .middle { text-anchor: middle }
  .serving, .wanted, .p95 { fill: none; stroke-linejoin: round } .serving { stroke-width: 3 } .wanted { stroke-width: 1.25; stroke-dasharray: 4 3 } .p95 { stroke-width: 2 } .goal { stroke-dasharray: 2 4 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } .text { fill: #f0f6fc } .faint { fill: #9198a1 } .grid { stroke: #2a313a } .axis { stroke: #656c76 }
    .load { fill: #1c3f66 } .serving { stroke: #3fb950 } .wanted { stroke: #ab7df8 } .p95 { stroke: #f0883e } .wait { fill: #3b2f12 } .goal { stroke: #f0883e }
  }`;

/** Where values lie in the picture. */
interface Scale {
  x: (seconds: number) => number;
  y: (value: number) => number;
}

/** The run as a picture that stands alone: load and hosts on one axis, P95 below; light or dark as the reader's screen. */
export function svg(measured: Measured): string {
  const { script, samples, load } = measured;
  const end = Math.max(loadEnds(script), measured.seconds);
  const mostLoad = Math.max(script.spikeRate, ...samples.map((sample) => sample.load));
  const mostHosts = Math.ceil(Math.max(script.mostHosts, mostLoad / script.hostRate));
  const mostP95 = Math.max(1, Math.ceil(Math.max(0, ...samples.map(({ p95 }) => p95 ?? 0)) / 500) / 2);
  const x = (seconds: number): number => LEFT + (seconds / end) * (WIDTH - LEFT - RIGHT);
  const top: Scale = { x, y: (hosts) => TOP.y + TOP.height * (1 - hosts / mostHosts) };
  const below: Scale = { x, y: (seconds) => BELOW.y + BELOW.height * (1 - seconds / mostP95) };
  const p95Steps = mostP95 <= 2 ? 0.5 : Math.ceil(mostP95 / 4);
  const p95Ticks = multiples(mostP95, p95Steps);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title about">`,
    '<title id="title">Hosts follow the load</title>',
    `<desc id="about">${escaped(aboutText(measured))}</desc>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="ground" width="${WIDTH}" height="${HEIGHT}" rx="6"/>`,
    text(24, 30, `${count(load.requests)} requests, ${count(load.failed)} failed, ${hostsText(measured)}`, 'text title'),
    ...legend(script.hostRate),
    ...waiting(measured, x),
    `<path class="load" d="${area(samples, top, script.hostRate)}"/>`,
    ...multiples(mostHosts, 1).flatMap((hosts) => [
      line(LEFT, top.y(hosts), WIDTH - RIGHT, top.y(hosts), hosts === 0 ? 'axis' : 'grid'),
      text(LEFT - 10, top.y(hosts) + 4, String(hosts), 'faint end'),
      text(WIDTH - RIGHT + 10, top.y(hosts) + 4, count(hosts * script.hostRate), 'faint'),
    ]),
    text(24, TOP.y - 10, 'hosts', 'faint'),
    text(WIDTH - 24, TOP.y - 10, 'requests/s', 'faint end'),
    `<path class="wanted" d="${steps(samples, top, ({ wanted }) => wanted)}"/>`,
    `<path class="serving" d="${steps(samples, top, ({ inService }) => inService)}"/>`,
    text(24, BELOW.y - 14, 'P95 of the last three seconds', 'text'),
    ...p95Ticks.flatMap((seconds) => [
      line(LEFT, below.y(seconds), WIDTH - RIGHT, below.y(seconds), seconds === 0 ? 'axis' : 'grid'),
      text(LEFT - 10, below.y(seconds) + 4, `${seconds} s`, 'faint end'),
    ]),
    `<path class="p95" d="${latencies(samples, below)}"/>`,
    ...multiples(end, 10).map((seconds) => text(x(seconds), BELOW.y + BELOW.height + 22, `${seconds} s`, 'faint middle')),
    '</svg>',
    '',
  ].join('\n');
}

const hostsText = (measured: Measured): string => `${calmHosts(measured)} → ${peakHosts(measured)} → ${hostsAtEnd(measured)} hosts`;

function aboutText(measured: Measured): string {
  const { script, load } = measured;
  const wait = toCapacity(measured);
  const capacity = wait === undefined ? '' : ` ${wait.total.toFixed(1)} seconds after the spike began, ${neededHosts(script)} hosts served.`;
  return `Load rises from ${script.calmRate} to ${script.spikeRate} requests a second and falls again; hosts are added and drained.${capacity} ${count(load.requests)} requests were sent, ${count(load.failed)} failed.`;
}

function legend(hostRate: number): string[] {
  const y = 54;
  return [
    `<rect class="load" x="24" y="${y - 10}" width="18" height="11"/>`, text(48, y, `load, of which ${hostRate} requests/s make a host`, 'text'),
    line(370, y - 4, 392, y - 4, 'serving'), text(398, y, 'hosts in service', 'text'),
    line(520, y - 4, 542, y - 4, 'wanted'), text(548, y, 'hosts wanted', 'text'),
  ];
}

/** From the begin of the spike to the hosts that it needs. */
function waiting(measured: Measured, x: (seconds: number) => number): string[] {
  const wait = toCapacity(measured);
  if (wait === undefined) return [];
  const began = spikeBegins(measured.script);
  const [from, to] = [x(began), x(began + wait.total)];
  return [
    `<rect class="wait" x="${point(from)}" y="${TOP.y}" width="${point(to - from)}" height="${TOP.height}"/>`,
    `<rect class="wait" x="${point(from)}" y="${BELOW.y}" width="${point(to - from)}" height="${BELOW.height}"/>`,
    text((from + to) / 2, TOP.y + TOP.height + 18, `${wait.total.toFixed(1)} s to capacity, ${wait.boot.toFixed(1)} s of it boot`, 'faint middle'),
  ];
}

function area(samples: readonly Sample[], { x, y }: Scale, hostRate: number): string {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return 'M0 0';
  const edge = samples.map(({ seconds, load }) => `L${point(x(seconds))} ${point(y(load / hostRate))}`).join('');
  return `M${point(x(0))} ${point(y(0))}L${point(x(0))} ${point(y(first.load / hostRate))}${edge}L${point(x(last.seconds))} ${point(y(0))}Z`;
}

/** A number of hosts lasts until the next one. */
function steps(samples: readonly Sample[], { x, y }: Scale, pick: (sample: Sample) => number): string {
  return samples.map((sample, index) => (index === 0
    ? `M${point(x(0))} ${point(y(pick(sample)))}`
    : `H${point(x(sample.seconds))}V${point(y(pick(sample)))}`)).join('') || 'M0 0';
}

/** With gaps where nothing was answered. */
function latencies(samples: readonly Sample[], { x, y }: Scale): string {
  return samples.map(({ seconds, p95 }, index) => {
    if (p95 === undefined) return '';
    const command = samples[index - 1]?.p95 === undefined ? 'M' : 'L';
    return `${command}${point(x(seconds))} ${point(y(p95 / 1_000))}`;
  }).join('') || 'M0 0';
}

const multiples = (most: number, step: number): number[] => Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, index) => index * step);

const point = (value: number): string => String(Math.round(value * 10) / 10);

const line = (x1: number, y1: number, x2: number, y2: number, style: string): string =>
  `<line class="${style}" x1="${point(x1)}" y1="${point(y1)}" x2="${point(x2)}" y2="${point(y2)}"/>`;

const text = (x: number, y: number, words: string, style: string): string => `<text class="${style}" x="${point(x)}" y="${point(y)}">${escaped(words)}</text>`;

const escaped = (words: string): string => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
