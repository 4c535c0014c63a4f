import { type BacktestReport, type ContenderReport, billedCost } from '../report.ts';
import { escaped, shown } from './html.ts';

const WIDTH = 1040;
const HEIGHT = 330;
const MARGIN = { left: 78, right: 24, top: 22, bottom: 46 };
/** Costs beyond are drawn at the edge, so that a static fleet does not squeeze all others together. */
const MOST_COST = 2;
const COST_STEP = 0.2;
const SECONDS = [0, 10, 100, 1000, 10_000];
/** Names closer than this, up and sideways, would cover each other. */
const NEAR = { up: 16, sideways: 180 };

interface Point {
  contender: ContenderReport;
  index: number;
  x: number;
  y: number;
}

interface Label extends Point {
  labelX: number;
  labelY: number;
  anchor: 'start' | 'end';
}

/** Every contender by its cost and its seconds short a day: near the lower left corner is good. */
export function scatter({ contenders, world }: BacktestReport): string {
  const mostShort = Math.max(100, ...contenders.map(({ measures }) => measures.shortSecondsPerDay));
  const bottom = HEIGHT - MARGIN.bottom;
  const right = WIDTH - MARGIN.right;
  const yOf = (seconds: number): number => bottom - (Math.log10(1 + seconds) / Math.log10(1 + mostShort)) * (bottom - MARGIN.top);
  const least = Math.min(1, ...contenders.map((contender) => billedCost(contender, world)));
  const begin = Math.max(0, Math.floor(least / COST_STEP + 1e-9) * COST_STEP);
  const xOf = (cost: number): number => MARGIN.left + ((Math.min(cost, MOST_COST) - begin) / (MOST_COST - begin)) * (right - MARGIN.left);
  const points = contenders.map((contender, index): Point => ({ contender, index, x: xOf(billedCost(contender, world)), y: yOf(contender.measures.shortSecondsPerDay) }));
  const costs = Array.from({ length: Math.round((MOST_COST - begin) / COST_STEP) + 1 }, (_, step) => begin + step * COST_STEP);
  const rows = SECONDS.filter((seconds) => seconds <= mostShort).map((seconds) =>
    `<line class="grid" x1="${MARGIN.left}" x2="${right}" y1="${at(yOf(seconds))}" y2="${at(yOf(seconds))}"/><text class="tick" text-anchor="end" x="${MARGIN.left - 8}" y="${at(yOf(seconds) + 4)}">${shown(seconds)} s</text>`);
  const columns = costs.map((cost) =>
    `<line class="grid" x1="${at(xOf(cost))}" x2="${at(xOf(cost))}" y1="${MARGIN.top}" y2="${bottom}"/><text class="tick" text-anchor="middle" x="${at(xOf(cost))}" y="${bottom + 18}">${cost >= MOST_COST - 1e-9 ? `≥ ${cost.toFixed(1)}` : cost.toFixed(1)} ×</text>`);
  return `<svg class="scatter" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Cost against seconds short a day">
${rows.join('\n')}
${columns.join('\n')}
<text class="axis" text-anchor="middle" x="${(WIDTH + MARGIN.left) / 2}" y="${HEIGHT - 6}">cost over the least possible</text>
<text class="axis" text-anchor="middle" transform="rotate(-90 14 ${HEIGHT / 2})" x="14" y="${HEIGHT / 2}">seconds short a day</text>
${labelled(points).toSorted((one, other) => other.index - one.index).map(pointText).join('\n')}
</svg>`;
}

function pointText({ contender, index, x, y, labelX, labelY, anchor }: Label): string {
  const radius = index === 0 ? 7 : 5;
  const leader = Math.abs(labelY - y) > 8 ? `<line class="lead" x1="${at(x)}" y1="${at(y)}" x2="${at(anchor === 'start' ? labelX - 4 : labelX + 4)}" y2="${at(labelY)}"/>` : '';
  return `<g class="point${index === 0 ? ' ours' : ''}">${leader}<circle cx="${at(x)}" cy="${at(y)}" r="${radius}"/><text text-anchor="${anchor}" x="${at(labelX)}" y="${at(labelY + 4)}">${escaped(contender.title)}</text></g>`;
}

/** Moves names apart that would cover each other, with a line to their point; points stay where they are. */
function labelled(points: readonly Point[]): Label[] {
  const placed: Label[] = [];
  for (const point of points) {
    const anchor = point.x > WIDTH * 0.75 ? 'end' : 'start';
    const free = (labelY: number): boolean => !placed.some((other) => Math.abs(other.labelY - labelY) < NEAR.up && Math.abs(other.x - point.x) < NEAR.sideways);
    const tries = Array.from({ length: 24 }, (_, step) => point.y + (step % 2 === 0 ? 1 : -1) * Math.ceil(step / 2) * NEAR.up).filter((y) => y > 8 && y < HEIGHT - MARGIN.bottom - 4 + NEAR.up / 2);
    const labelY = tries.find(free) ?? point.y;
    const aside = Math.abs(labelY - point.y) > 8 ? 26 : 12;
    placed.push({ ...point, anchor, labelY, labelX: anchor === 'start' ? point.x + aside : point.x - aside });
  }
  return placed;
}

const at = (value: number): string => value.toFixed(1);
