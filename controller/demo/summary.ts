import { type Measured, type Verdict, calmHosts, fixedFleetHours, hostHours, hostsAtEnd, p95Of, peakHosts, toCapacity } from './measured.ts';
import { plotLines } from './plot.ts';
import { neededHosts, spikeBegins, spikeEnds } from './script.ts';
import { wrap } from './span.ts';
import { count, essence, latency, minutes, plural } from './words.ts';

const COLUMNS = 79;
const LABEL = 14;
/** A generator that is so late shows the machine's trouble in its latencies. */
const LATE_MILLISECONDS = 250;

/** What the run has measured, as lines of at most 80 columns. `picture`: where the SVG is. */
export function summary(measured: Measured, verdict: Verdict, picture: string): string[] {
  const { load, script, decisions, loadBegan } = measured;
  return [
    `${script.calmRate} → ${script.spikeRate} → ${script.calmRate} requests a second in ${Math.round(measured.seconds)} s, as measured:`,
    '',
    ...entry('requests', `${count(load.requests)} sent, ${count(load.failed)} failed`),
    ...entry('P95', `${latency(p95Of(measured, 'before'))} before the spike, ${latency(p95Of(measured, 'spike'))} in it (${latency(p95AtSpikesEnd(measured))} at its end), ${latency(p95Of(measured, 'after'))} after`),
    ...entry('hosts', `${calmHosts(measured)} → ${peakHosts(measured)} → ${hostsAtEnd(measured)}; one is fixed, the others are bought and given back`),
    ...entry('to capacity', capacityText(measured)),
    ...entry('host-hours', hoursText(measured)),
    ...(load.latestSend < LATE_MILLISECONDS ? [] : entry('note', `this machine was busy: requests were sent up to ${latency(load.latestSend)} late, which is in the latencies`)),
    '',
    ...plotLines(measured),
    '',
    'decisions',
    ...decisions.flatMap(({ at, from, to, reason }) => {
      const time = at < loadBegan ? 'start' : minutes((at - loadBegan) / 1_000);
      const [first = '', ...more] = wrap(essence(reason), COLUMNS - 16, 2);
      return [`${time.padStart(6)}  ${`${from} → ${to}`.padEnd(8)}${first}`, ...more.map((line) => `${' '.repeat(16)}${line}`)];
    }),
    '',
    ...entry('picture', picture),
    ...entry('next', 'try it on your own hosts: README.md begins with a policy that only recommends'),
    ...(verdict.kind === 'Followed' ? [] : ['', verdictText(verdict)]),
  ];
}

/** One line that says what went wrong. */
export function verdictText(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'Followed': return 'no request failed, and the hosts followed the load';
    case 'RequestsFailed': return `FAILED: ${plural(verdict.failed, 'request')} failed (${verdict.outcomes})`;
    case 'PeakNotReached': return `FAILED: the hosts did not follow the load: ${verdict.most} in service at most, the spike needs ${verdict.needed}`;
    case 'NotBack': return `FAILED: the hosts did not follow the load: ${verdict.hosts} exist at the end, ${verdict.calm} served before the spike`;
  }
}

function entry(label: string, text: string): string[] {
  return wrap(text, COLUMNS - LABEL - 2, 4).map((line, index) => `  ${(index === 0 ? label : '').padEnd(LABEL)}${line}`);
}

/** Of the last seconds under full load. */
const p95AtSpikesEnd = ({ samples, script }: Measured): number | undefined => samples.findLast(({ seconds }) => seconds <= spikeEnds(script))?.p95;

function capacityText(measured: Measured): string {
  const needed = neededHosts(measured.script);
  const parts = toCapacity(measured);
  if (parts === undefined) return `never: the spike needs ${needed} hosts`;
  const { total, decided, boot, joining } = parts;
  const tenths = (seconds: number): string => `${seconds.toFixed(1)} s`;
  return `${tenths(total)} from the begin of the spike (at ${minutes(spikeBegins(measured.script))}) to ${needed} hosts in service: `
    + `${tenths(decided)} until the last of them was ordered, ${tenths(boot)} its boot, ${tenths(joining)} its app and the load balancer`;
}

function hoursText(measured: Measured): string {
  const hours = hostHours(measured);
  const fixed = fixedFleetHours(measured);
  return `${hours.toFixed(3)}, which is ${Math.round((100 * hours) / fixed)} % of the ${fixed.toFixed(3)} of ${peakHosts(measured)} hosts all the time`;
}
