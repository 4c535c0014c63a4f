import { BOOTING, type Phase } from '../model/index.ts';
import type { Sample } from './measured.ts';
import type { DecisionSeen, HostNumbers, HostTrack } from './recorder.ts';
import { type Script, loadEnds, spikeBegins, spikeEnds } from './script.ts';
import { type Colours, type Line, type Span, type Style, paint, span, wrap } from './span.ts';
import { count, essence, latency, minutes } from './words.ts';

/** What a look at the demo shows at one time. */
export interface View {
  script: Script;
  /** Since the load began; undefined before. */
  seconds: number | undefined;
  /** Per second. */
  load: number;
  /** Milliseconds. */
  p95: number | undefined;
  requests: { sent: number; failed: number; inFlight: number };
  hosts: readonly HostTrack[];
  numbers: HostNumbers;
  samples: readonly Sample[];
  /** Oldest first, with seconds since the load began, which are negative before. */
  decisions: readonly (DecisionSeen & { seconds: number })[];
}

export interface Screen {
  columns: number;
  rows: number;
  colours: Colours;
}

const WIDEST = 80;
const HIGHEST = 24;
const LABEL = 12;

/** A part of the frame; in a low window those of the highest rank are left out first. */
interface Block {
  rank: number;
  lines: Line[];
}

/** At most so many lines as the screen has, none wider than it. */
export function frame(view: View, screen: Screen): string[] {
  const columns = Math.min(WIDEST, screen.columns);
  const rows = Math.min(HIGHEST, screen.rows);
  const blocks: Block[] = [
    { rank: 0, lines: [title(view, columns)] },
    { rank: 6, lines: [[]] },
    { rank: 0, lines: loadLines(view, columns) },
    { rank: 6, lines: [[]] },
    { rank: 0, lines: [hostLine(view)] },
    { rank: 4, lines: [KEY] },
    { rank: 6, lines: [[]] },
    { rank: 3, lines: timeline(view, columns) },
    { rank: 6, lines: [[]] },
  ];
  const height = (): number => blocks.reduce((sum, { lines }) => sum + lines.length, 0);
  const leastDecisions = 2;
  while (height() + leastDecisions > rows && blocks.some(({ rank }) => rank > 0)) {
    const worst = Math.max(...blocks.map(({ rank }) => rank));
    blocks.splice(blocks.findLastIndex(({ rank }) => rank === worst), 1);
  }
  const lines = blocks.flatMap((block) => block.lines);
  return [...lines, ...decisionLines(view, columns, rows - lines.length)].slice(0, rows).map((line) => paint(line, columns, screen.colours));
}

function title({ script, seconds }: View, columns: number): Line {
  const name = 'kamal-autoscaler demo';
  const right = seconds === undefined ? 'the world comes up' : `${stage(script, seconds)}   ${minutes(seconds)} of ${minutes(loadEnds(script))}`;
  return [span(name, 'Strong'), span(' '.repeat(Math.max(2, columns - name.length - right.length))), span(right)];
}

/** What the load does now. */
export function stage(script: Script, seconds: number): string {
  if (seconds < spikeBegins(script)) return 'calm';
  if (seconds < spikeBegins(script) + script.riseSeconds) return 'load rises';
  if (seconds < spikeEnds(script)) return 'spike';
  if (seconds < spikeEnds(script) + script.fallSeconds) return 'load falls';
  return seconds < loadEnds(script) ? 'calm again' : 'last hosts leave';
}

const label = (text: string): Span => span(text.padEnd(LABEL));

function loadLines({ script, load, p95, requests }: View, columns: number): Line[] {
  const width = Math.max(0, columns - LABEL - 22);
  const { sent, failed, inFlight } = requests;
  return [
    [label('load'), span(`${count(load)} requests/s`.padEnd(20), 'Strong'), span(bar(load / (script.spikeRate * 1.15), width), 'Load')],
    [label('P95 now'), span(latency(p95), 'Strong')],
    [label('requests'), span(`${count(sent)} sent, `), span(`${count(failed)} failed`, failed > 0 ? 'Bad' : 'Plain'), span(`, ${count(inFlight)} in flight`)],
  ];
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!;
}

interface Look {
  symbol: string;
  style: Style;
}

function lookOf(phase: Phase): Look {
  switch (phase) {
    case 'InService': return { symbol: '●', style: 'Good' };
    case 'Joining': return { symbol: '◕', style: 'Coming' };
    case 'Deploying': return { symbol: '◑', style: 'Coming' };
    case 'Pending':
    case 'Provisioning':
    case 'Bootstrapping': return { symbol: '◔', style: 'Coming' };
    case 'Draining':
    case 'Quarantined':
    case 'Departing':
    case 'Deprovisioning':
    case 'Released': return { symbol: '○', style: 'Faint' };
  }
}

const KEY: Line = [
  label(''),
  span(`${lookOf('Pending').symbol} boots  ${lookOf('Deploying').symbol} gets its app  ${lookOf('Joining').symbol} joins  ${lookOf('InService').symbol} serves  ${lookOf('Draining').symbol} drains`, 'Faint'),
];

/** Those that serve first, then those that come, then those that go. */
function hostLine({ hosts, numbers }: View): Line {
  const order = (phase: Phase): number => (phase === 'InService' ? 0 : BOOTING.includes(phase) ? 1 : 2);
  const symbols = hosts.toSorted((a, b) => order(a.phase) - order(b.phase)).map(({ phase }) => {
    const { symbol, style } = lookOf(phase);
    return span(`${symbol} `, style);
  });
  return [label('hosts'), ...symbols, span(`  ${numbersText(numbers)}`)];
}

/** `2 in service, 3 booting; 5 wanted` */
export function numbersText({ inService, booting, leaving, wanted }: HostNumbers): string {
  const parts = [`${inService} in service`, ...(booting > 0 ? [`${booting} booting`] : []), ...(leaving > 0 ? [`${leaving} draining`] : [])];
  return `${parts.join(', ')}${wanted === undefined ? '' : `; ${wanted} wanted`}`;
}

const STEPS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** The whole run in one line each of load and hosts, filled from the left as time goes. */
function timeline({ script, samples }: View, columns: number): Line[] {
  const width = Math.max(10, columns - LABEL - 1);
  const total = loadEnds(script);
  const columnsOf = (pick: (sample: Sample) => number, greatest: number): string => Array.from({ length: width }, (_, column) => {
    const [from, to] = [(column / width) * total, ((column + 1) / width) * total];
    const values = samples.filter(({ seconds }) => seconds >= from && seconds < to).map(pick);
    if (values.length === 0) return ' ';
    return STEPS[Math.max(1, Math.min(8, Math.round((Math.max(...values) / greatest) * 8)))]!;
  }).join('');
  const end = minutes(total);
  return [
    [label('load'), span(columnsOf(({ load }) => load, script.spikeRate * 1.1), 'Load')],
    [label('in service'), span(columnsOf(({ inService }) => inService, script.mostHosts), 'Good')],
    [label(''), span(`${'0:00'.padEnd(width - end.length)}${end}`, 'Faint')],
  ];
}

/** The newest that fit, newest first. */
function decisionLines({ decisions }: View, columns: number, room: number): Line[] {
  if (room < 2) return [];
  const lines: Line[] = [[span('last decisions', 'Strong')]];
  if (decisions.length === 0) lines.push([span('none yet: the controller looks at the pool for the first time', 'Faint')]);
  for (const { seconds, from, to, reason } of decisions.toReversed()) {
    if (lines.length >= room) break;
    const text = wrap(essence(reason), columns - 16, Math.min(2, room - lines.length));
    text.forEach((piece, index) => lines.push([
      index === 0 ? span(`${(seconds < 0 ? 'start' : minutes(seconds)).padStart(6)}  `, 'Faint') : span(' '.repeat(8)),
      index === 0 ? span(`${from} → ${to}`.padEnd(8), 'Strong') : span(' '.repeat(8)),
      span(piece),
    ]));
  }
  return lines;
}
