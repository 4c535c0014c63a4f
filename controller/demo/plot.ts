import { plot } from 'simple-ascii-chart';
import type { Measured, Sample } from './measured.ts';
import { loadEnds } from './script.ts';

const WIDTH = 66;
const LOAD_STEP = 50;
const TICK_SECONDS = 15;
/** The load's axis has numbers so much wider. */
const INDENT = '  ';

/** Load and hosts over time, as lines of text of at most 80 columns. */
export function plotLines({ script, samples }: Measured): string[] {
  const ticks = Array.from({ length: Math.floor(loadEnds(script) / TICK_SECONDS) + 1 }, (_, index) => index * TICK_SECONDS);
  const mostLoad = Math.ceil(Math.max(script.spikeRate, ...samples.map(({ load }) => load)) / LOAD_STEP);
  const mostHosts = Math.max(script.mostHosts, ...samples.map(({ inService }) => inService));
  const load = plot(points(samples, ({ load: rate }) => rate), {
    title: 'requests a second', width: WIDTH, height: mostLoad + 1, fillArea: true, yRange: [0, mostLoad * LOAD_STEP],
    customXAxisTicks: ticks, customYAxisTicks: multiples(mostLoad, LOAD_STEP), hideXAxis: true,
  });
  const hosts = plot(points(samples, ({ inService }) => inService), {
    title: 'hosts in service', width: WIDTH, height: mostHosts + 1, yRange: [0, mostHosts],
    customXAxisTicks: ticks, customYAxisTicks: multiples(mostHosts, 1),
    formatter: (value, { axis }) => (axis === 'x' ? `${value} s` : value),
  });
  // The area goes on for one row below its axis.
  const [title = '', ...hostRows] = drawn(hosts);
  return [...drawn(load).slice(0, -1), '', title, ...hostRows.map((row) => INDENT + row)];
}

const points = (samples: readonly Sample[], pick: (sample: Sample) => number): [number, number][] => samples.map((sample) => [sample.seconds, pick(sample)]);

const multiples = (count: number, step: number): number[] => Array.from({ length: count + 1 }, (_, index) => index * step);

/** Without empty lines and the axis's arrow. */
const drawn = (text: string): string[] => text.split('\n').map((line) => line.trimEnd()).filter((line) => line !== '' && line.trim() !== '▲');
