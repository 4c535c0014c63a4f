import { type Fleet, type FleetHost, type HostFacts, type Server, type Step, seconds } from '../../../controller/model/index.ts';
import type { HostView } from '../../../controller/plan/index.ts';

/** Start of the simulated time; every builder counts seconds from here. */
export const T0 = Date.UTC(2026, 0, 1);
export const at = (afterSeconds: number): number => T0 + seconds(afterSeconds);

export const POOL = { namespace: 'default', name: 'web' };

export const aServer = (over: Partial<Server> = {}): Server => ({
  provider: 'Local', placement: 'here', providerID: 'local:1', name: 'web-0-abcdef12', state: 'Running', address: '127.0.0.1',
  owner: { installation: 'test', pool: POOL, hostID: 'hostid01' }, createdAt: T0, ...over,
});

export const found = (over: Partial<Server> = {}, asOf = at(1000)): HostFacts['server'] => ({ kind: 'Found', server: aServer(over), asOf });
export const absent = (asOf = at(1000)): HostFacts['server'] => ({ kind: 'Absent', asOf });
export const running = (version = 'v1', over: Partial<HostFacts['app'] & { kind: 'Running' }> = {}): HostFacts['app'] =>
  ({ kind: 'Running', version, routed: true, matchesFleet: true, ...over });

/** A host in service since a long time, of a web role. */
export const aHost = (over: Partial<HostView> = {}): HostView => ({
  key: { namespace: 'default', name: 'web-0-abcdef12' }, hostID: 'hostid01', phase: 'InService', phaseSince: at(0), createdAt: at(0), intent: 'Serve',
  deleting: false, quarantined: false, poolState: 'Live', roleKind: 'Web', hasLoadBalancer: true, createAttempts: 1, lastCreateIntentAt: at(0), settleSeconds: 10,
  providerID: 'local:1', worksUnder: 'NoLock', drainSeconds: 60, silentSeconds: 3_600, startTimeoutSeconds: 600, healthIntervalSeconds: 3, operationFailures: 0, ...over,
});

/** The facts of a host that serves. */
export const someFacts = (over: Partial<HostFacts> = {}): HostFacts => ({
  server: found(), machine: { kind: 'Ready' }, app: running(), probe: { kind: 'Answers' }, membership: { kind: 'ListedUp' },
  operation: { kind: 'None' }, inFlight: { kind: 'Count', requests: 0 }, fleet: { kind: 'Agreed', version: 'v1' }, ...over,
});

export const aFleetHost = (slot: number, over: Partial<FleetHost> = {}): FleetHost => ({
  key: { namespace: 'default', name: `web-${slot}` }, slot, phase: 'InService', intent: 'Serve', health: 'Healthy', protected: false, quarantined: false,
  deleting: false, createdAt: at(slot), launchedAt: at(slot), billing: 'Second', ...over,
});

export const aFleet = (hosts: FleetHost[], over: Partial<Fleet> = {}): Fleet => ({
  pool: POOL, asOf: at(1000), fixedHosts: 0, hosts, unownedServers: 0, maxReplicas: 10, maxSurge: 1, rollSurge: 1, rollPaused: false, maxUnhealthyPercent: 50, failedStarts: 0, placements: ['here'], paused: false, ...over,
});

/** The fleet right after the plan was carried out. */
export const applied = (fleet: Fleet, steps: readonly Step[], now: number): Fleet => steps.reduce((before, step) => {
  switch (step.kind) {
    case 'CreateHost':
      return { ...before, hosts: [...before.hosts, aFleetHost(step.slot, { phase: 'Pending', createdAt: now, key: { namespace: 'default', name: `web-${step.slot}` }, ...(step.replaces === undefined ? {} : { replaces: step.replaces }) })] };
    case 'SetIntent':
      return { ...before, hosts: before.hosts.map((host) => (host.key.name === step.host.name ? { ...host, intent: step.intent } : host)) };
  }
}, fleet);

/** A plan in short: `create 3`, `drain web-1`, `serve web-2`. */
export const brief = (steps: readonly Step[]): string[] => steps.map((step) => {
  switch (step.kind) {
    case 'CreateHost': return `create ${step.slot}`;
    case 'SetIntent': return `${step.intent.toLowerCase()} ${step.host.name}`;
  }
});
