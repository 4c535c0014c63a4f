/** Worlds by seed. The same seed gives the same world. */
import { seededChance } from '../../../controller/simulate/world/chance.ts';
import type { ErrorClass } from '../../../controller/model/index.ts';
import { type Draw, drawing } from './draw.ts';
import { BLINDNESS, drawEpisode } from './episodes.ts';
import type { ChaosEvent, ChaosWorld, CreateFault, DeleteFault, Happening, Nature, PortName } from './events.ts';

/** What a server costs: the first hour is a third of a month, so that money which was spent and forgotten shows. */
export const PRICE = { currency: 'EUR', hour: 2, monthCap: 6 };
const FEWEST_EVENTS = 4;
const MOST_EVENTS = 20;
const MOST_EPISODES = 3;
const SPAN_MILLISECONDS = 180_000;

/** Errors that a call may end with although nothing happened. */
export const CLASSES: readonly ErrorClass[] = [
  'NotFound', 'Conflict', 'AlreadyExists', 'Invalid', 'Forbidden', 'Unauthorized', 'Capacity', 'Quota', 'RateLimited', 'Transient', 'OutcomeUnknown',
  'Unavailable', 'Locked', 'HostKey', 'Unrecognised', 'NotLeader', 'Defect',
];
/** Errors that a call may end with although it had its effect. */
const LOST: readonly ErrorClass[] = ['OutcomeUnknown', 'Unavailable', 'Transient'];

/** Methods that are disturbed, by port. */
export const METHODS: Readonly<Record<PortName, readonly string[]>> = {
  Store: ['get', 'list', 'create', 'update', 'updateStatus', 'delete', 'recordEvent', 'ending', 'scale'],
  Documents: ['load', 'save'],
  CloudProvider: ['list', 'find', 'create', 'delete', 'price', 'mark'],
  Deployer: ['inspect', 'start', 'reference', 'survives'],
  DeployLock: ['look', 'acquire', 'release'],
  LoadBalancer: ['apply', 'confirm'],
  HostProbe: ['up', 'inFlight', 'requests'],
};
const PORTS = Object.keys(METHODS) as PortName[];
const VERSIONS = ['v1', 'v2', 'v3', 'v4'];

/** What may happen, by kind; each with its weight. */
const KINDS: { [K in Happening['kind']]: [weight: number, make: (draw: Draw, nature: Nature) => Omit<Happening & { kind: K }, 'kind'>] } = {
  Replicas: [12, (draw, { maxReplicas }) => ({ replicas: draw.between(1, maxReplicas) })],
  MaxReplicas: [2, (draw) => ({ maxReplicas: draw.between(2, 7) })],
  MaxSurge: [1, (draw) => ({ maxSurge: draw.between(0, 2) })],
  Pause: [2, (draw) => ({ forSeconds: draw.between(5, 60) })],
  Placements: [1, (draw) => ({ order: draw.from(['FirstSecond', 'SecondFirst', 'SecondAlone'] as const) })],
  DeletePool: [2, (draw) => ({ deletionPolicy: draw.from(['Retain', 'Drain'] as const), backAfterSeconds: draw.between(0, 60) })],
  DeleteHost: [3, (draw) => ({ index: draw.between(0, 5) })],
  ForgetHost: [1, (draw) => ({ index: draw.between(0, 5) })],
  DeleteSession: [1, () => ({})],
  Protect: [1, (draw) => ({ index: draw.between(0, 5), forSeconds: draw.between(20, 90) })],
  ApplyPolicy: [2, (draw) => ({ minHosts: draw.between(1, 3), maxHosts: draw.between(3, 6) })],
  DeletePolicy: [1, () => ({})],
  Load: [2, (draw) => ({ hosts: draw.between(0, 6) })],
  BlindMetrics: [1, (draw) => ({ as: draw.from(BLINDNESS), forSeconds: draw.between(20, 120) })],
  Deploy: [3, (draw) => ({ version: draw.from(VERSIONS), seconds: draw.between(2, 30), lockWait: draw.from(['Refused', 'Waits'] as const) })],
  HoldLock: [2, (draw) => ({ forSeconds: draw.between(5, 120) })],
  TakeLock: [1, (draw) => ({ forSeconds: draw.between(5, 40) })],
  Maintenance: [1, (draw) => ({ index: draw.often(0.5) ? 'All' : draw.between(0, 5), forSeconds: draw.between(5, 60) })],
  PrimaryDead: [1, (draw) => ({ forSeconds: draw.between(5, 90) })],
  DeleteServer: [3, (draw) => ({ index: draw.between(0, 5) })],
  AddServer: [1, () => ({})],
  AddForeignServer: [1, () => ({})],
  StopContainer: [2, (draw) => ({ index: draw.between(0, 5) })],
  Reboot: [2, (draw) => ({ index: draw.between(0, 5), awaySeconds: draw.between(2, 60), version: draw.from(VERSIONS) })],
  PowerOff: [2, (draw) => ({ index: draw.between(0, 5) })],
  Unlist: [1, (draw) => ({ index: draw.between(0, 5), forSeconds: draw.between(5, 40) })],
  ListAgain: [1, (draw) => ({ index: draw.between(0, 5), forSeconds: draw.between(5, 40) })],
  ForgetMembers: [1, (draw) => ({ forSeconds: draw.between(1, 20) })],
  SilentBalancer: [2, (draw) => ({ which: draw.from(['All', 0, 1] as const), forSeconds: draw.between(5, 60) })],
  Crash: [10, (draw) => ({ afterCalls: draw.between(1, 60), mode: draw.from(['Before', 'After'] as const), downSeconds: draw.between(0, 20) })],
  Freeze: [3, (draw) => ({ afterCalls: draw.between(1, 60), forSeconds: draw.between(5, 60) })],
  StepClock: [2, (draw) => ({ seconds: draw.from([-3600, -600, -30, 30, 600, 3600]) })],
  LoseStore: [1, (draw) => ({ downSeconds: draw.between(0, 30) })],
  RestoreStore: [1, (draw) => ({ ageSeconds: draw.between(10, 120), downSeconds: draw.between(0, 30) })],
  Fault: [16, (draw) => {
    const port = draw.from(PORTS);
    const when = draw.from(['Before', 'After'] as const);
    return { port, method: draw.from(METHODS[port]), class: draw.from(when === 'Before' ? CLASSES : LOST), when, calls: draw.between(1, 4) };
  }],
  Outage: [3, (draw) => ({ port: draw.from(PORTS), class: draw.from(['Unavailable', 'RateLimited', 'Unauthorized', 'Transient', 'Defect'] as const), forSeconds: draw.between(3, 60) })],
  Slow: [4, (draw) => {
    const port = draw.from(PORTS);
    return { port, method: draw.from(METHODS[port]), seconds: draw.between(1, 30), calls: draw.between(1, 3) };
  }],
  NextCreate: [6, (draw) => ({ fault: draw.from(['Lost', 'Late', 'Twin', 'TwinLost', 'NeverBoots', 'BootsSlowly'] as const satisfies readonly CreateFault[]) })],
  NextDelete: [4, (draw) => ({ fault: draw.from(['Ignored', 'Slow', 'Lost', 'Protected'] as const satisfies readonly DeleteFault[]) })],
  Quota: [1, (draw) => ({ servers: draw.between(1, 4), forSeconds: draw.between(10, 90) })],
  Full: [2, (draw) => ({ placement: draw.from(['first', 'second'] as const), forSeconds: draw.between(10, 90) })],
};

export const EVENT_KINDS = Object.keys(KINDS) as Happening['kind'][];
const TOTAL_WEIGHT = EVENT_KINDS.reduce((sum, kind) => sum + KINDS[kind][0], 0);

function drawKind(draw: Draw): Happening['kind'] {
  let left = draw.between(1, TOTAL_WEIGHT);
  for (const kind of EVENT_KINDS) {
    left -= KINDS[kind][0];
    if (left <= 0) return kind;
  }
  throw new Error('the weights do not add up');
}

function drawNature(draw: Draw): Nature {
  const maxReplicas = draw.between(3, 6);
  return {
    replicas: draw.between(1, 3), maxReplicas, maxSurge: draw.between(0, 2),
    listLagMilliseconds: draw.from([0, 2000, 8000]), goneLagMilliseconds: draw.from([0, 0, 3000, 15_000]),
    bootMilliseconds: draw.from([1000, 4000, 12_000]), deployMilliseconds: draw.from([2000, 8000, 20_000]),
    names: draw.from(['Unique', 'Free'] as const), storeClock: draw.from(['Own', 'Controller'] as const),
    callMilliseconds: draw.from([0, 20, 200]), balancers: draw.from([1, 1, 2] as const), billing: draw.from(['Hour', 'Hour', 'Second'] as const),
    ...(draw.often(0.25) ? { budget: draw.between(1, maxReplicas) * PRICE.monthCap + 3 } : {}),
  };
}

export function generateWorld(seed: number): ChaosWorld {
  const draw = drawing(seededChance(seed, 1));
  const nature = drawNature(draw);
  const count = draw.between(FEWEST_EVENTS, MOST_EVENTS);
  const moment = (): number => draw.between(0, SPAN_MILLISECONDS / 100) * 100;
  const events = Array.from({ length: count }, (): ChaosEvent => {
    const kind = drawKind(draw);
    return { at: moment(), kind, ...KINDS[kind][1](draw, nature) } as ChaosEvent;
  });
  for (let episodes = draw.between(0, MOST_EPISODES); episodes > 0; episodes -= 1) {
    const begin = moment();
    events.push(...drawEpisode(draw, nature).map(([after, happening]): ChaosEvent => ({ at: begin + after, ...happening })));
  }
  return { seed, nature, events: events.sort((a, b) => a.at - b.at) };
}
