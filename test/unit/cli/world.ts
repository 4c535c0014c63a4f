import { keyOf } from '../../../controller/api/index.ts';
import type { HostPoolSpec, Kind, ResourceByKind, ScalingPolicySpec } from '../../../controller/api/index.ts';
import { runProgram } from '../../../controller/cli/index.ts';
import type { BacktestRequest, Composition, DemoFlags, FileReading, Io, OpenStore, RunFlags, StoreLocation } from '../../../controller/cli/index.ts';
import type { Audit, Evidence, Inventory, Membership, Server } from '../../../controller/model/index.ts';
import type { DecisionRecord, Draft } from '../../../controller/ports/index.ts';
import { type MemoryStore, createMemoryStore } from '../../../controller/runtime/store/memory-store.ts';
import type { BacktestReport } from '../../../controller/simulate/index.ts';
import { sampleReport, sampleSuggestion } from './sample-report.ts';
import { type SimulatedClock, createSimulatedClock } from '../../support/clock.ts';

export const NOON = Date.UTC(2026, 9, 5, 12, 0, 0);
const DAY = 86_400_000;
export const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs';
const AUTHORIZED = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAmVRAEZa4feILI3eqb5nq4FkiDjpC8ATdIRs5Br7e4d kamal-autoscaler';

export interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** The program over an in-memory store, with everything that its composition was asked. */
export interface World {
  store: MemoryStore;
  clock: SimulatedClock;
  decisions: DecisionRecord[];
  reading: FileReading;
  locations: StoreLocation[];
  runs: RunFlags[];
  demos: DemoFlags[];
  backtests: BacktestRequest[];
  report: BacktestReport;
  pages: string[];
  inventory: Inventory | undefined;
  evidence: Evidence[];
  audit: Audit;
  /** What clouds answer; an error is thrown. */
  servers: Server[] | Error;
  closed(): number;
  composition: Composition;
  parts: OpenStore;
  /** Runs one command line to its end; `io` overrides what the process would give. */
  call(line: string | string[], io?: Partial<Io>): Promise<Outcome>;
  /** Starts one that goes on until it is stopped. */
  start(line: string): { text(): string; stop(): Promise<Outcome> };
  /** Stores an object together with its status. */
  put<K extends Kind>(kind: K, draft: Draft<K>, status?: ResourceByKind[K]['status']): Promise<ResourceByKind[K]>;
}

export function createWorld(): World {
  const clock = createSimulatedClock(NOON - DAY);
  let uid = 0;
  const store = createMemoryStore({ clock, ids: () => `uid-${uid += 1}` });
  let closed = 0;
  const membership: Membership = {
    generation: 12,
    pools: [{
      pool: { namespace: 'default', name: 'web' }, service: 'shop-web', strategy: 'p2c', healthCheck: { path: '/up', intervalSeconds: 3, timeoutSeconds: 2 }, emptyWanted: false,
      members: [{ name: 'primary', address: '192.0.2.1', port: 80, kind: 'Fixed' }, { name: 'web-1-c0ffee00', address: '192.0.2.21', port: 80, kind: 'Bought' }],
    }],
  };
  const parts: OpenStore = {
    store, defaultNamespace: 'default',
    decisionLog: { recent: async (policy, count) => world.decisions.filter((record) => record.policy.name === policy.name).slice(0, count) },
    events: (kind, key) => store.events(kind, key),
    membership: async () => membership,
    inventory: async () => world.inventory,
    evidence: async (pool) => (pool.name === 'web' ? world.evidence : []),
    hostHours: async (pool, month) => (month === '2026-10' && pool.name === 'web' ? 12.54 : 0),
    close: async () => {
      closed += 1;
    },
  };
  const composition: Composition = {
    version: '0.1.0',
    audit: async () => world.audit,
    run: async (flags) => {
      world.runs.push(flags);
      return 0;
    },
    demo: async (flags) => {
      world.demos.push(flags);
      return 0;
    },
    evaluate: async () => 0,
    open: async (where) => {
      world.locations.push(where);
      return parts;
    },
    readFiles: async () => world.reading,
    offline: {
      servers: async () => {
        if (world.servers instanceof Error) throw world.servers;
        return world.servers;
      },
      authorizedKeys: async () => [AUTHORIZED],
    },
    simulator: {
      backtest: async (request) => {
        world.backtests.push(request);
        return world.report;
      },
      suggest: async (request, limitSecondsPerDay) => {
        world.backtests.push(request);
        return { ...sampleSuggestion, limitSecondsPerDay };
      },
      writePage: async (file) => void world.pages.push(file),
    },
  };

  const begin = (args: readonly string[], overrides: Partial<Io>): { text(): string; outcome: Promise<Outcome> } => {
    let [stdout, stderr] = ['', ''];
    const io: Io = {
      stdout: (text) => {
        stdout += text;
      },
      stderr: (text) => {
        stderr += text;
      },
      stdin: async function* () {}, env: {}, now: () => clock.now(), columns: 80, isTTY: false, signal: new AbortController().signal, ...overrides,
    };
    return { text: () => stdout, outcome: runProgram(args, composition, io).then((exitCode) => ({ exitCode, stdout, stderr })) };
  };

  const world: World = {
    store, clock, composition, parts,
    decisions: [], locations: [], runs: [], demos: [], backtests: [], pages: [], report: sampleReport,
    reading: { objects: [], problems: [] }, servers: [], evidence: [], audit: { differences: [], unasked: [], locks: [], compared: { pools: 2, hosts: 2, servers: 2 } },
    inventory: {
      generation: 7, changedAt: NOON - 7_203_000, checkedAt: NOON - 60_000, authorizedKeys: [AUTHORIZED],
      pools: [
        { pool: { namespace: 'default', name: 'web' }, service: 'shop', role: 'web', ssh: { user: 'root', port: 22 }, hosts: [{ name: 'web-1-c0ffee00', hostID: 'host-id-1', address: '192.0.2.21', hostKey: HOST_KEY }] },
        { pool: { namespace: 'default', name: 'jobs' }, service: 'shop', role: 'job', ssh: { user: 'root', port: 22 }, hosts: [] },
      ],
    },
    closed: () => closed,
    call: async (line, io = {}) => await begin(typeof line === 'string' ? line.split(' ') : line, io).outcome,
    start(line) {
      const interrupt = new AbortController();
      const { text, outcome } = begin(line.split(' '), { signal: interrupt.signal });
      return {
        text,
        stop: async () => {
          interrupt.abort();
          return await outcome;
        },
      };
    },
    async put(kind, draft, status) {
      const created = await store.create(kind, draft);
      if (status === undefined) return created;
      return await store.updateStatus(kind, { ...created, status } as typeof created);
    },
  };
  return world;
}

const API = 'kamal-autoscaler.dev/v1alpha1' as const;
const ago = (seconds: number): string => new Date(NOON - seconds * 1000).toISOString();

export const pool = (name: string, spec: Partial<HostPoolSpec> = {}, namespace = 'default'): Draft<'HostPool'> => ({
  apiVersion: API, kind: 'HostPool', metadata: { name, namespace },
  spec: {
    kamal: { service: 'shop', role: 'web' }, maxReplicas: 10,
    placements: [{ name: 'here', provider: 'Local' }],
    loadBalancer: { traefik: { service: `shop-${name}`, apiURLs: ['http://127.0.0.1:8080'], strategy: 'p2c', entryPoint: 'websecure' } },
    ...spec,
  } as HostPoolSpec,
});

export const policy = (name: string, spec: Partial<ScalingPolicySpec> = {}, namespace = 'default'): Draft<'ScalingPolicy'> => ({
  apiVersion: API, kind: 'ScalingPolicy', metadata: { name, namespace },
  spec: { targetRef: { name: 'web' }, maxHosts: 4, metrics: [{ name: 'cpu', target: 60 }, { name: 'p95', target: 0.5 }], ...spec } as ScalingPolicySpec,
});

/** A shop at noon: load has just risen, the policy is at its limit, one host boots and one failed. */
export async function fillShop(world: World): Promise<void> {
  await world.put('HostPool', pool('web', { replicas: 4, fixedHosts: [{ name: 'primary', address: '192.0.2.1' }] }), {
    replicas: 4, readyReplicas: 2, bootingReplicas: 2, drainingReplicas: 0, state: 'Growing', stateSince: ago(20), reason: '2 of 4 serve, 2 on the way',
    bootSeconds: [41.26, 38, 60], startFailures: 1, startBackoffUntil: new Date(NOON + 30_000).toISOString(),
    conditions: [
      { type: 'Progressing', status: 'True', reason: 'Growing', message: '2 of 4 serve, 2 on the way', lastTransitionTime: ago(20) },
      { type: 'Ready', status: 'False', reason: 'HostsMissing', message: '2 hosts serve, 4 wanted', lastTransitionTime: ago(20) },
    ],
  });
  await world.put('HostPool', pool('jobs', { roleKind: 'Job' }), { replicas: 1, readyReplicas: 1, bootingReplicas: 0, drainingReplicas: 0, state: 'Holding', stateSince: ago(3 * 86400), reason: 'spec.replicas is not set: the 1 hosts that are there stay' });
  await world.put('ScalingPolicy', policy('web', { fallback: { hosts: 3, afterAbsences: 3 } }), {
    currentHosts: 4, desiredHosts: 4, reason: 'cpu 82 % of 60 % → 5; capped to 4 by maxHosts (raise spec.maxHosts)', reasonSince: ago(20),
    decisions: [{ time: ago(20), from: 2, to: 4, reason: 'cpu 82 % of 60 % → 5; capped to 4 by maxHosts (raise spec.maxHosts)' }, { time: ago(4000), from: 3, to: 2, reason: 'cpu 31 % of 60 % → 2' }],
    metrics: [{ name: 'cpu', state: 'Value', value: 82.04, target: 60, proposal: 5, asOf: ago(20) }],
    conditions: [
      { type: 'AbleToScale', status: 'True', reason: 'ModeEnforce', message: 'mode Enforce: sets replicas of the pool', lastTransitionTime: ago(86_400) },
      { type: 'ScalingActive', status: 'True', reason: 'MetricsAbsent', message: 'p95: TooFewSamples: 3 requests in the last 60 s, a P95 needs 20', lastTransitionTime: ago(600) },
      { type: 'ScalingLimited', status: 'True', reason: 'MaxHosts', message: 'limited to 4 by maxHosts: raise spec.maxHosts', lastTransitionTime: ago(20) },
    ],
  });
  const host = (slot: number, name: string): Draft<'KamalHost'> => ({
    apiVersion: API, kind: 'KamalHost', metadata: { name, namespace: 'default' },
    spec: { poolRef: { name: 'web' }, hostID: `host-id-${slot}`, slot, intent: 'Serve' },
  });
  await advanceTo(world, ago(7240));
  await world.put('KamalHost', host(1, 'web-1-c0ffee00'), {
    phase: 'InService', phaseSince: ago(7200), reason: 'serves', provider: 'Local', placement: 'here', providerID: 'Local:4711', address: '192.0.2.21', ports: { http: 80 }, version: 'a1b2c3d',
    launchedAt: ago(7230), joiningSince: ago(7203), inServiceAt: ago(7200),
  });
  await advanceTo(world, ago(20));
  await world.put('KamalHost', host(2, 'web-2-c0ffee00'), {
    phase: 'Provisioning', phaseSince: ago(20), reason: 'the provider is asked again after its settle time of 10 s', placement: 'here', createAttempts: 2,
    lastCreateIntentAt: ago(15), failure: { class: 'OutcomeUnknown', message: 'create call timed out after 10 s', at: ago(5), count: 2 },
  });
  world.decisions.push({
    policy: { namespace: 'default', name: 'web' },
    decision: {
      time: NOON - 5000, current: 2, desired: 4, direction: 'Out',
      reasons: ['cpu 82 % of 60 % → 5', 'capped to 4 by maxHosts (raise spec.maxHosts)'],
      recommendations: [
        { metric: 'cpu', hosts: 5, reason: 'cpu 82 % of 60 % → 5', blocksScaleIn: false },
        { metric: 'p95', reason: 'p95 absent (TooFewSamples: 3 requests in the last 60 s, a P95 needs 20): nothing is removed', blocksScaleIn: true },
      ],
      limitedBy: [{ kind: 'Ceiling', hosts: 4, reason: 'maxHosts', liftedBy: 'raise spec.maxHosts' }],
    },
    observations: [
      { metric: 'cpu', kind: 'Value', value: 82.04, asOf: NOON - 6000, windowSeconds: 60 },
      { metric: 'p95', kind: 'Absence', absence: { kind: 'TooFewSamples', message: '3 requests in the last 60 s, a P95 needs 20' }, asOf: NOON - 6000, windowSeconds: 60 },
    ],
  });
  await world.store.recordEvent({ kind: 'ScalingPolicy', key: { namespace: 'default', name: 'web' }, uid: 'uid-3', type: 'Normal', reason: 'Scaled', message: '2 → 4: cpu 82 % of 60 % → 5; capped to 4 by maxHosts (raise spec.maxHosts)' });
  await advanceTo(world, ago(0));
}

const advanceTo = async ({ clock }: World, time: string): Promise<void> => await clock.advance(Date.parse(time) - clock.now());

export const read = async <K extends Kind>(world: World, kind: K, name: string): Promise<ResourceByKind[K]> => {
  const found = await world.store.get(kind, keyOf({ metadata: { namespace: 'default', name } }));
  if (found === undefined) throw new Error(`${kind} ${name} is not in the store`);
  return found;
};
