import { loadEvidence } from '../../../controller/reconcile/evidence-document.ts';
import { type Ledger, readLedger, living } from '../../../controller/reconcile/ledger.ts';
import { ClassifiedError, type Instant, serverURL } from '../../../controller/model/index.ts';
import type { WorkKey } from '../../../controller/reconcile/context.ts';
import type { PortCall, PortHooks } from '../../support/instrumented.ts';
import { memoryEndpoint } from '../../support/memory-world.ts';
import { type Installation, PRICE, type PlantedBug, Stopped, createInstallation, round, startProcess } from './installation.ts';
import type { Scenario } from './scenarios.ts';

/**
 * What happens at one port call: the process is stopped before it, or right after its effect; or the process lives on
 * and only never hears the answer.
 */
export type Mode = 'StopBefore' | 'StopAfter' | 'LoseReply';

export interface Disturbance { call: number; mode: Mode }

export const ROUND_MILLISECONDS = 500;
/** Until the beginning is reached nothing is looked at, so passes may be rarer. */
const FIRST_ROUND_MILLISECONDS = 2000;
/** Shorter than the grace of the orphan sweep: nothing here may need it. */
const LONGEST_ROUNDS = 300;

/** One port call. */
export interface Seen {
  /** Whether it may have an effect on the world. */
  kind: 'Effect' | 'Look';
  at: Instant;
  /** What was under way: the kind of the pass, the hosts at its begin, and how many effects it had had before. */
  moment: string;
}

export interface RunResult {
  /** Port calls from the scenario's beginning to rest, in order. */
  calls: Seen[];
  /** What is wrong with the world at rest; empty when nothing is. */
  faults: string[];
}

/** Brings an installation to the scenario's beginning, disturbs the one call, restarts what was stopped and drives to rest. */
export async function runScenario(scenario: Scenario, disturbance?: Disturbance, bug?: PlantedBug): Promise<RunResult> {
  const installation = await createInstallation(scenario.deploys);
  if (installation.kamal !== undefined && scenario.deployMilliseconds !== undefined) installation.kamal.deployMilliseconds = scenario.deployMilliseconds;
  const quiet = startProcess(installation, {}, bug);
  await installation.store.scale({ namespace: 'default', name: 'web' }, scenario.before);
  for (let rounds = 0; (await faultsAtRest(installation, scenario.before, 'Managed')).length > 0; rounds += 1) {
    if (rounds > LONGEST_ROUNDS) throw new Error(`the scenario's beginning is never reached: ${(await faultsAtRest(installation, scenario.before, 'Managed')).join('; ')}`);
    await step(installation, () => round(quiet, installation.store, false), FIRST_ROUND_MILLISECONDS);
  }

  const begin = serverIDs(installation);
  const counter: Counter = { calls: [], pass: '', effects: 0 };
  let context = startProcess(installation, hooksFor(installation, counter, disturbance), bug);
  const enter = async ({ kind }: WorkKey): Promise<void> => {
    // Only the run that nothing disturbs tells where to disturb the others.
    if (disturbance === undefined) Object.assign(counter, { pass: `${kind} ${await hostsText(installation)}`, effects: 0 });
  };
  const events = [...scenario.events];
  let calm = 0;
  for (let rounds = 0; rounds < LONGEST_ROUNDS && calm < 3; rounds += 1) {
    const [event] = events;
    if (event !== undefined && await event.when(installation)) {
      events.shift();
      await event.act(installation);
    }
    await step(installation, async () => {
      try {
        await round(context, installation.store, rounds % 4 === 3, enter);
      } catch (error) {
        if (!(error instanceof Stopped)) throw error;
        // A new process knows nothing of the old one; its call counter goes on, so that it is not stopped again.
        context = startProcess(installation, hooksFor(installation, counter, undefined), bug);
      }
    });
    calm = events.length === 0 && (await faultsOf(installation, scenario, begin)).length === 0 ? calm + 1 : 0;
  }
  const faults = await faultsOf(installation, scenario, begin);
  const rest = serverIDs(installation);
  faults.push(...await evidenceFaults(installation, scenario.evidence ?? 0));
  if (events.length > 0) faults.push(`${events.length} events of the scenario never came due`);
  if (scenario.keeps === true && rest !== begin) faults.push(`servers were ${begin} and are ${rest}`);
  return { calls: counter.calls, faults: [...faults, ...(installation.kamal?.faults ?? []), ...(scenario.kills === true ? [] : installation.world.dropped)] };
}

/** Kept once of each host that failed, and of no other. */
async function evidenceFaults({ store, clock }: Installation, wanted: number): Promise<string[]> {
  const { records } = await loadEvidence(store, { namespace: 'default', name: 'web' }, clock.now());
  const identities = new Set(records.map(({ hostID }) => hostID));
  return records.length === wanted && identities.size === wanted ? [] : [`evidence of ${records.map(({ host }) => host).join(', ') || 'nobody'}, of ${wanted} wanted`];
}

async function faultsOf(installation: Installation, { after, ends, renews }: Scenario, begin: string): Promise<string[]> {
  const left = renews === true ? serverIDs(installation).split(' ').filter((id) => begin.split(' ').includes(id) && !id.startsWith('fixed-')) : [];
  return [...await faultsAtRest(installation, after, ends), ...left.map((id) => `${id} was not replaced`)];
}

const serverIDs = ({ world }: Installation): string => world.hosts().map(({ order }) => order.id).sort().join(' ');

async function hostsText({ store }: Installation): Promise<string> {
  const hosts = await store.list('KamalHost');
  const sessions = await store.list('DeploySession');
  return [...hosts.map(({ spec, status }) => `${spec.intent} ${status?.phase}`).sort(), ...sessions.map(({ status }) => status?.phase)].join(', ');
}

async function step(installation: Installation, run: () => Promise<void>, milliseconds = ROUND_MILLISECONDS): Promise<void> {
  await run();
  await installation.clock.advance(milliseconds);
}

interface Counter {
  calls: RunResult['calls'];
  pass: string;
  /** Of the pass under way. */
  effects: number;
}

/** `apply` follows the write of the document that it applies, and is repeated each pass: a stop around it is a stop after that write. */
const EFFECTS = new Set(['create', 'update', 'updateStatus', 'scale', 'delete', 'save', 'start', 'recordEvent', 'acquire', 'release']);

function hooksFor({ clock }: Installation, counter: Counter, disturbance: Disturbance | undefined): PortHooks {
  let stopped = false;
  let lost: PortCall | undefined;
  const stop = (): never => {
    stopped = true;
    throw new Stopped('the process was stopped here');
  };
  return {
    before(call) {
      if (stopped) stop();
      const index = counter.calls.length;
      const kind = EFFECTS.has(call.method) ? 'Effect' : 'Look';
      counter.calls.push({ kind, at: clock.now(), moment: `${counter.pass}; ${counter.effects}` });
      if (kind === 'Effect') counter.effects += 1;
      if (disturbance?.call !== index) return;
      if (disturbance.mode === 'StopBefore') stop();
      lost = call;
    },
    after(call) {
      if (stopped) stop();
      if (lost === undefined || lost.port !== call.port || lost.method !== call.method) return;
      lost = undefined;
      if (disturbance?.mode === 'StopAfter') stop();
      throw new ClassifiedError('OutcomeUnknown', `the answer of ${call.port}.${call.method} was lost`);
    },
  };
}

/** Everything that must hold when nothing moves any more. */
export async function faultsAtRest({ world, store, kamal }: Installation, wanted: number, ends: Scenario['ends']): Promise<string[]> {
  const faults: string[] = [];
  if (kamal?.holder() !== undefined) faults.push(`${kamal.holder()?.by} holds the deploy lock`);
  for (const { metadata, status } of await store.list('DeploySession')) faults.push(`session ${metadata.name} is left, ${status?.phase}`);
  const servers = world.hosts();
  const bought = servers.filter(({ order }) => order.owner !== undefined);
  const hosts = await store.list('KamalHost');
  if (servers.length !== wanted) faults.push(`${servers.length} servers, ${wanted} wanted`);
  const identities = bought.map(({ order }) => order.owner?.hostID ?? '');
  if (new Set(identities).size !== identities.length) faults.push('two servers carry one UID');
  const version = servers.find(({ order }) => order.owner === undefined)?.app?.version;
  for (const { order, app, diedAt } of bought) {
    if (app !== undefined && app.version !== version) faults.push(`${order.name} runs ${app.version}, the fleet ${version}`);
    if (app === undefined || app.quiesced !== undefined || diedAt !== undefined) faults.push(`${order.name} does not serve`);
    if (ends === 'Managed' && !hosts.some(({ spec }) => spec.hostID === order.owner?.hostID)) faults.push(`${order.name} is owned by nobody`);
  }
  if (ends === 'Managed') {
    for (const { metadata, status } of hosts) if (status?.phase !== 'InService') faults.push(`${metadata.name} is ${status?.phase}`);
    if (hosts.length !== bought.length) faults.push(`${hosts.length} KamalHosts for ${bought.length} servers`);
  } else {
    if (hosts.length > 0) faults.push(`${hosts.length} KamalHosts are left`);
    if (await store.get('HostPool', { namespace: 'default', name: 'web' }) !== undefined) faults.push('the pool is left');
  }
  const listed = new Set(world.served()?.pools.flatMap(({ members }) => members.map(({ address, port }) => `http://${address}:${port}`)));
  const serving = new Set(servers.map((host) => serverURL(memoryEndpoint(host))));
  for (const url of listed) if (!serving.has(url)) faults.push(`member ${url} has no host`);
  for (const url of serving) if (!listed.has(url)) faults.push(`host ${url} is no member`);
  const ledger = readLedger((await store.load('ledger'))?.value);
  faults.push(...moneyFaults(ledger));
  if (living(ledger).length !== bought.length) faults.push(`the ledger counts ${living(ledger).length} of ${bought.length} servers`);
  return faults;
}

/** Every server is booked once, in the hours in which it ran, whenever and however often the process was stopped. */
function moneyFaults(ledger: Ledger): string[] {
  const unpriced = living(ledger).filter(([, entry]) => entry.tariff === undefined).map(([hostID]) => `the price of ${hostID} is not known`);
  const gone = Object.values(ledger.entries).filter(({ state, launchedAt }) => state === 'Released' && launchedAt !== undefined).length;
  const spent = Object.values(ledger.spent ?? {}).flatMap((pools) => Object.values(pools)).reduce((sum, amounts) => sum + (amounts[PRICE.currency] ?? 0), 0);
  // No scenario lasts an hour.
  return Math.abs(spent - gone * PRICE.hour) < 1e-9 ? unpriced : [...unpriced, `${gone} servers that left were booked with ${spent}`];
}
