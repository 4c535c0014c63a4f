/** What the controller must live through, the same in both modes. */
import { expect } from 'chai';
import type { Load, LoadReport } from '../../../controller/demo/load.ts';
import { serverURL } from '../../../controller/model/index.ts';
import { hostEndpoint } from '../../../controller/reconcile/host-endpoint.ts';
import { until } from '../real/until.ts';
import { SERVICE } from './front.ts';
import { killHost } from './host-processes.ts';
import { CROWD, CROWD_GOES, crowdProfile, evenly, failedOutside, failuresOf, longRequests, shortRequests } from './load.ts';
import { type FleetSeen, watchFleet } from './watch-fleet.ts';
import type { World } from './world.ts';

/** Something that happens to the world under load; answers the seconds of the load in which failures are its doing. */
export type Disturbance = (secondsOfLoad: () => number) => Promise<{ from: number; to: number }>;

const CALM_RATE = 38;
const PIECE_SECONDS = 5;
const MOST_PIECES = 26;
const LONG_RATE = 1;

/** A crowd comes and goes; hosts follow it both ways, and nobody's request fails, those of 4 s included. */
export async function crowdComesAndGoes(world: World, disturbance?: Disturbance): Promise<FleetSeen> {
  const { url } = world.traefik;
  const ending = new AbortController();
  const fleet = watchFleet(world);
  try {
    const crowd = shortRequests(url, crowdProfile(), ending.signal);
    const disturbed = disturbance?.(() => crowd.soFar(1).seconds);
    // A failure is thrown below; until then nobody else looks.
    disturbed?.catch(() => undefined);
    await world.until('the crowd begins to go', async () => crowd.soFar(1).seconds >= CROWD_GOES, { deadlineMs: CROWD_GOES * 1_500 });
    await world.until('as many processes as hosts at the height of the crowd', async () => {
      const { processes, hosts } = await processesAndHosts(world);
      return hosts > 0 && processes === hosts;
    });
    const fall = longRequests(url, evenly(LONG_RATE, CROWD.overSeconds - CROWD_GOES), ending.signal);
    await world.until('the crowd is gone', async () => crowd.soFar(1).seconds >= CROWD.overSeconds, { deadlineMs: 60_000 });
    const calm = await untilAlone(world, ending.signal);
    const crowdReport = await crowd.done;
    const reports = await Promise.all([fall, ...calm].map(({ done }) => done));

    const excluded = await disturbed ?? { from: 0, to: -1 };
    expect(failedOutside(crowdReport, excluded.from, excluded.to), failuresOf(crowdReport)).to.equal(0);
    for (const report of reports) expect(report.failed, failuresOf(report)).to.equal(0);
    expect(crowdReport.requests).to.be.greaterThan(3_000);
    expect(longAnswered(reports)).to.be.at.least(CROWD.overSeconds - CROWD_GOES - 1);

    const seen = await fleet.stop();
    const during = excluded.to < 0 ? '' : `, all while it was disturbed from ${excluded.from.toFixed(1)} to ${excluded.to.toFixed(1)} s`;
    console.log(`      ${summaryOf(crowdReport, reports, seen, during)}`);
    expect(seen.mostInService, 'hosts in the crowd').to.be.within(3, 6);
    expect(seen.unowned).to.deep.equal([]);
    expect(Math.max(...seen.drainingInFlight.values()), 'requests in flight on a draining host').to.be.greaterThan(0);
    // All of them through Prometheus, those of hosts from each host.
    expect(seen.greatest.rps).to.be.within(CROWD.peakRequestsPerSecond / 2, CROWD.peakRequestsPerSecond * 1.5);
    for (const value of Object.values(seen.greatest)) expect(value).to.be.greaterThan(0);
    expect(seen.mostMeasured, 'hosts in Prometheus').to.be.at.least(seen.mostInService);
    await world.until('the controller has a value of every metric', async () => {
      const { status } = await world.policy();
      const states = (status?.metrics ?? []).map(({ name, state }) => `${name} ${state}`);
      if (states.join() !== 'rps Value,p95 Value,cpu Value,dbPool Value') throw new Error(states.join());
      return true;
    });
    expect(await processesAndHosts(world)).to.deep.equal({ processes: 0, hosts: 0 });
    return seen;
  } finally {
    ending.abort();
    await fleet.stop();
  }
}

/**
 * Calm load without a gap until only the fixed host is left. The last of it has no long requests, so that they never are
 * all that Traefik has to tell of: a P95 of 4 s is a reason to grow.
 */
async function untilAlone(world: World, signal: AbortSignal): Promise<Load[]> {
  const { url } = world.traefik;
  const loads: Load[] = [];
  for (let alone = false, left = MOST_PIECES; ; left -= 1) {
    if (left === 0) throw new Error(`hosts are left after the crowd:\n${await world.situation()}`);
    const calm = shortRequests(url, evenly(CALM_RATE, PIECE_SECONDS), signal);
    loads.push(calm);
    if (!alone) loads.push(longRequests(url, evenly(LONG_RATE, PIECE_SECONDS), signal));
    await until('the end of this piece', () => calm.soFar(1).seconds >= PIECE_SECONDS, { everyMs: 20 });
    if (alone) return loads;
    alone = (await world.hosts()).length === 0;
  }
}

export const processesAndHosts = async (world: World): Promise<{ processes: number; hosts: number }> =>
  ({ processes: (await world.hostProcesses()).length, hosts: (await world.hosts()).length });

const longAnswered = (reports: readonly LoadReport[]): number =>
  reports.flatMap(({ summaries }) => summaries).reduce((total, { kind, outcomes }) => total + (kind === 'long' ? outcomes[200] ?? 0 : 0), 0);

function summaryOf(crowd: LoadReport, others: readonly LoadReport[], { overTime, greatest, drainingInFlight }: FleetSeen, during: string): string {
  const all = [crowd, ...others];
  const sum = (count: (report: LoadReport) => number): number => all.reduce((total, report) => total + count(report), 0);
  return [
    `${sum(({ requests }) => requests)} requests (${longAnswered(others)} of 4 s), ${sum(({ failed }) => failed)} failed${during}`,
    `hosts ${overTime.map(({ seconds, hosts }) => `${hosts} at ${seconds} s`).join(', ')}`,
    `at most ${greatest.rps.toFixed(0)} rps, P95 ${greatest.p95.toFixed(2)} s, CPU ${greatest.cpu.toFixed(0)} %, database pool ${greatest.dbPool.toFixed(0)} %`,
    `${Math.max(0, ...drainingInFlight.values())} in flight on a draining host`,
  ].join('; ');
}

/** What three hosts are wanted for at least, far from where two would do; a forecast may ask for more. */
const LOSS_RATE = 110;
const BOUGHT_FOR_LOSS = 2;
/** At most; the load ends earlier, when all was seen. */
const LOSS_SECONDS = 150;
const LOAD_AFTERWARDS_SECONDS = 4;

/** A host dies under load: no load balancer sends it anything within seconds, a successor takes its place. */
export async function hostDies(world: World): Promise<void> {
  const ending = new AbortController();
  try {
    const load = shortRequests(world.traefik.url, evenly(LOSS_RATE, LOSS_SECONDS), ending.signal);
    const serving = async () => (await world.hosts()).filter(({ status }) => status?.phase === 'InService');
    await world.until('a steady pool with two bought hosts or more in service', async () => {
      const { spec, status } = await world.pool();
      const bought = (await serving()).length;
      return status?.state === 'Steady' && bought >= BOUGHT_FOR_LOSS && spec.replicas === 1 + bought;
    }, { deadlineMs: 60_000 });

    const [victim] = await serving();
    const process = (await world.hostProcesses()).find(({ id }) => victim!.status?.providerID?.endsWith(id));
    if (victim === undefined || process === undefined) throw new Error(`no process of host ${victim?.metadata.name}`);
    const url = serverURL(hostEndpoint(victim, await world.pool())!);
    const killedAt = load.soFar(1).seconds;
    killHost(process);
    await world.until('the dead host is out of the load balancer', async () => {
      const up = await members(world);
      return up.length > 0 && !up.includes(url);
    }, { deadlineMs: 15_000, everyMs: 25 });
    const outAfter = load.soFar(1).seconds - killedAt;
    await world.until('as many hosts as the load needs serve, without it', async () => {
      const now = await serving();
      return now.length >= BOUGHT_FOR_LOSS && now.every(({ status }) => !status?.providerID?.endsWith(process.id));
    }, { deadlineMs: 40_000 });
    const replacedAfter = load.soFar(1).seconds - killedAt;
    await world.until('nothing is left of the dead host', async () => {
      const { processes, hosts } = await processesAndHosts(world);
      return processes === hosts && (await world.hosts()).every(({ metadata }) => metadata.uid !== victim.metadata.uid);
    });
    const afterwards = load.soFar(1).seconds + LOAD_AFTERWARDS_SECONDS;
    await world.until('load on the new fleet', async () => load.soFar(1).seconds >= afterwards);

    // Requests of 60 ms that are unanswered now are not counted: whatever the dead host held has failed by now.
    ending.abort();
    const report = await load.done;
    console.log(`      out of the load balancer after ${outAfter.toFixed(1)} s, replaced after ${replacedAfter.toFixed(1)} s; ${failuresOf(report)}`);
    expect(outAfter, 'seconds until the load balancer sent it nothing').to.be.lessThan(5);
    expect(report.failed / report.requests, failuresOf(report)).to.be.lessThan(0.01);
    // Requests that the host had taken, and those on connections to it; nothing after the load balancer knew.
    expect(failedOutside(report, killedAt - 1, killedAt + outAfter + 1), failuresOf(report)).to.equal(0);
  } finally {
    ending.abort();
  }
}

/** URLs to which Traefik sends requests: those that it lists and calls up. */
export async function members(world: World): Promise<string[]> {
  const status = (await world.traefik.service(`${SERVICE}@http`))?.serverStatus ?? {};
  return Object.entries(status).flatMap(([url, state]) => (state === 'UP' ? [url] : [])).toSorted();
}
