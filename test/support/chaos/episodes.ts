/** What goes together on a bad day: events that one alone would seldom meet, such as a lost answer and a purchase right after it. */
import type { Blindness, CreateFault, DeleteFault, Happening, Nature } from './events.ts';
import type { Draw } from './draw.ts';

/** Each event with its time in milliseconds after the episode's beginning. */
type Episode = (draw: Draw, nature: Nature) => [afterMilliseconds: number, happening: Happening][];

export const BLINDNESS = ['Empty', 'Stale', 'Unreachable', 'NaN', 'Partial'] as const satisfies readonly Blindness[];

const EPISODES = {
  /** An order comes out otherwise than its answer says, while servers are bought. */
  OrderInDoubt(draw, nature) {
    const fault = draw.from(['Lost', 'Late', 'Twin', 'TwinLost'] as const satisfies readonly CreateFault[]);
    return [[0, { kind: 'NextCreate', fault }], ...need(draw, nature, 100), ...perhapsCrash(draw, 200)];
  },
  /** The process ends while Kamal runs, and the run goes on. */
  RunOutlivesProcess(draw, nature) {
    const deploys = nature.bootMilliseconds + draw.between(2, 12) * 1000;
    return [
      [0, { kind: 'Replicas', replicas: nature.maxReplicas }],
      [deploys, { kind: 'Crash', afterCalls: draw.between(1, 10), mode: draw.from(['Before', 'After'] as const), downSeconds: draw.between(0, 15) }],
    ];
  },
  /** Hosts leave while load balancers, or the way to them, are not what they should be. */
  TroubledDrain(draw, nature) {
    const drain = draw.between(25, 60) * 1000;
    const trouble = draw.from<Happening>([
      { kind: 'SilentBalancer', which: draw.from([0, 1] as const), forSeconds: draw.between(10, 60) },
      { kind: 'Slow', port: 'LoadBalancer', method: draw.from(['apply', 'confirm']), seconds: draw.between(1, 10), calls: draw.between(1, 6) },
      { kind: 'Fault', port: 'LoadBalancer', method: draw.from(['apply', 'confirm']), class: 'Unavailable', when: 'Before', calls: draw.between(2, 6) },
      { kind: 'Crash', afterCalls: draw.between(10, 60), mode: 'After', downSeconds: draw.between(0, 10) },
    ]);
    return [
      [0, { kind: 'Replicas', replicas: nature.maxReplicas }],
      [drain, trouble],
      [drain + draw.between(0, 20) * 100, draw.often(0.3) ? { kind: 'DeleteHost', index: draw.between(0, 5) } : { kind: 'Replicas', replicas: 1 }],
    ];
  },
  /** Hosts are to leave while no way leads to any load balancer. */
  CutOffDrain(draw, nature) {
    const drain = draw.between(30, 60) * 1000;
    return [
      [0, { kind: 'Replicas', replicas: nature.maxReplicas }],
      [drain, { kind: 'SilentBalancer', which: 'All', forSeconds: draw.between(15, 60) }],
      [drain, { kind: 'Replicas', replicas: 1 }],
    ];
  },
  /** More and fewer hosts within seconds: drains and purchases that are taken back. */
  ChangeOfMind(draw, { maxReplicas }) {
    const times = draw.between(2, 5);
    return Array.from({ length: times }, (_, index) => [index * draw.between(1, 8) * 1000, { kind: 'Replicas', replicas: index % 2 === 0 ? draw.between(1, 2) : maxReplicas }]);
  },
  /** A policy that followed a load sees nothing any more. */
  BlindPolicy(draw, { maxReplicas }) {
    const blind = draw.between(40, 80) * 1000;
    return [
      [0, { kind: 'Load', hosts: maxReplicas }],
      [0, { kind: 'ApplyPolicy', minHosts: 1, maxHosts: 6 }],
      [blind, { kind: 'BlindMetrics', as: draw.from(BLINDNESS), forSeconds: draw.between(60, 120) }],
      ...(draw.often(0.5) ? [[blind, { kind: 'Load', hosts: 1 }] as [number, Happening]] : []),
    ];
  },
  /** A pool is let go with its servers, one of them ends, and the pool comes back. */
  LetGo(draw) {
    const back = draw.between(5, 40);
    return [
      [0, { kind: 'DeletePool', deletionPolicy: 'Retain', backAfterSeconds: back }],
      [draw.between(1, back) * 1000, draw.from<Happening>([{ kind: 'DeleteServer', index: draw.between(0, 5) }, { kind: 'PowerOff', index: draw.between(0, 5) }])],
    ];
  },
  /** Servers end one after the other, and their deletions with them. */
  Losses(draw) {
    const fault = draw.from(['Ignored', 'Slow', 'Lost'] as const satisfies readonly DeleteFault[]);
    return [
      [0, { kind: 'NextDelete', fault }],
      ...Array.from({ length: draw.between(1, 3) }, (_, index): [number, Happening] => [index * draw.between(1, 15) * 1000, draw.from<Happening>([
        { kind: 'DeleteServer', index: draw.between(0, 5) }, { kind: 'PowerOff', index: draw.between(0, 5) }, { kind: 'DeleteHost', index: draw.between(0, 5) },
      ])]),
    ];
  },
  /** A person and the controller want Kamal's lock at the same time. */
  Contention(draw, nature) {
    return [
      ...need(draw, nature, 0),
      [draw.between(0, 20) * 1000, { kind: 'Deploy', version: draw.from(['v2', 'v3']), seconds: draw.between(2, 30), lockWait: draw.from(['Refused', 'Waits'] as const) }],
      ...perhapsCrash(draw, draw.between(0, 25) * 1000),
    ];
  },
} as const satisfies Record<string, Episode>;

export const EPISODE_NAMES = Object.keys(EPISODES) as (keyof typeof EPISODES)[];

export const drawEpisode = (draw: Draw, nature: Nature): [afterMilliseconds: number, happening: Happening][] => EPISODES[draw.from(EPISODE_NAMES)](draw, nature);

/** Something that makes the controller buy. */
const need = (draw: Draw, { maxReplicas }: Nature, after: number): [number, Happening][] => [
  [after, { kind: 'Replicas', replicas: maxReplicas }],
  ...(draw.often(0.5) ? [[after, draw.from<Happening>([{ kind: 'PowerOff', index: draw.between(0, 5) }, { kind: 'DeleteServer', index: draw.between(0, 5) }])] as [number, Happening]] : []),
];

const perhapsCrash = (draw: Draw, after: number): [number, Happening][] =>
  (draw.often(0.4) ? [[after, { kind: 'Crash', afterCalls: draw.between(1, 40), mode: draw.from(['Before', 'After'] as const), downSeconds: draw.between(0, 15) }]] : []);
