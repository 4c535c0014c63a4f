/** What happens in a random world: data alone, so that a world can be stored, shrunk and run again. */
import type { ErrorClass } from '../../../controller/model/index.ts';

export type PortName = 'Store' | 'Documents' | 'CloudProvider' | 'Deployer' | 'DeployLock' | 'LoadBalancer' | 'HostProbe';

/** `index` chooses one of the hosts or servers that are there then, counted round. Times are in seconds. `ForgetHost`: a person strips a host of its finalizer and deletes it. */
export type Happening =
  // A person edits the pool.
  | { kind: 'Replicas'; replicas: number }
  | { kind: 'MaxReplicas'; maxReplicas: number }
  | { kind: 'MaxSurge'; maxSurge: number }
  | { kind: 'Pause'; forSeconds: number }
  | { kind: 'Placements'; order: 'FirstSecond' | 'SecondFirst' | 'SecondAlone' }
  | { kind: 'DeletePool'; deletionPolicy: 'Retain' | 'Drain'; backAfterSeconds: number }
  | { kind: 'DeleteHost'; index: number }
  | { kind: 'ForgetHost'; index: number }
  | { kind: 'DeleteSession' }
  | { kind: 'Protect'; index: number; forSeconds: number }
  | { kind: 'ApplyPolicy'; minHosts: number; maxHosts: number }
  | { kind: 'DeletePolicy' }
  // What is measured. The load is as much as so many hosts take at their target.
  | { kind: 'Load'; hosts: number }
  | { kind: 'BlindMetrics'; as: Blindness; forSeconds: number }
  // A person works with Kamal.
  | { kind: 'Deploy'; version: string; seconds: number; lockWait: 'Refused' | 'Waits' }
  | { kind: 'HoldLock'; forSeconds: number }
  | { kind: 'TakeLock'; forSeconds: number }
  | { kind: 'Maintenance'; index: number | 'All'; forSeconds: number }
  | { kind: 'PrimaryDead'; forSeconds: number }
  // A person, or bad luck, at a server.
  | { kind: 'DeleteServer'; index: number }
  | { kind: 'AddServer' }
  | { kind: 'AddForeignServer' }
  | { kind: 'StopContainer'; index: number }
  | { kind: 'Reboot'; index: number; awaySeconds: number; version: string }
  | { kind: 'PowerOff'; index: number }
  // Load balancers.
  | { kind: 'Unlist'; index: number; forSeconds: number }
  | { kind: 'ListAgain'; index: number; forSeconds: number }
  | { kind: 'ForgetMembers'; forSeconds: number }
  | { kind: 'SilentBalancer'; which: 0 | 1 | 'All'; forSeconds: number }
  // The controller.
  | { kind: 'Crash'; afterCalls: number; mode: 'Before' | 'After'; downSeconds: number }
  | { kind: 'Freeze'; afterCalls: number; forSeconds: number }
  | { kind: 'StepClock'; seconds: number }
  // Its store.
  | { kind: 'LoseStore'; downSeconds: number }
  | { kind: 'RestoreStore'; ageSeconds: number; downSeconds: number }
  // Ports: the next calls of one method, or all of a port's for a while.
  | { kind: 'Fault'; port: PortName; method: string; class: ErrorClass; when: 'Before' | 'After'; calls: number }
  | { kind: 'Outage'; port: PortName; class: ErrorClass; forSeconds: number }
  | { kind: 'Slow'; port: PortName; method: string; seconds: number; calls: number }
  // The cloud.
  | { kind: 'NextCreate'; fault: CreateFault }
  | { kind: 'NextDelete'; fault: DeleteFault }
  | { kind: 'Quota'; servers: number; forSeconds: number }
  | { kind: 'Full'; placement: 'first' | 'second'; forSeconds: number };

/** Why there is no value to decide by: none, an old one, a source that does not answer; NaN, or a part of the data alone. */
export type Blindness = 'Empty' | 'Stale' | 'Unreachable' | 'NaN' | 'Partial';

/** `Lost`: made, the answer is not heard. `Late`: the same, and it is made only after a while. `Twin`: made twice. */
export type CreateFault = 'Lost' | 'Late' | 'Twin' | 'TwinLost' | 'NeverBoots' | 'BootsSlowly';
/** `Ignored`: taken, and nothing happens. `Slow`: it takes a while. `Protected`: refused until a person lifts that. */
export type DeleteFault = 'Ignored' | 'Slow' | 'Lost' | 'Protected';

/** Something that happens so many milliseconds after the beginning. */
export type ChaosEvent = Happening & { at: number };

/** What a world is like from its beginning to its end. */
export interface Nature {
  replicas: number;
  maxReplicas: number;
  maxSurge: number;
  /** Longest time that a new server is missing from lists, as its tags come late. At most what the provider says of itself. */
  listLagMilliseconds: number;
  /** How long a server that is gone is listed on. */
  goneLagMilliseconds: number;
  bootMilliseconds: number;
  deployMilliseconds: number;
  /** Whether a name can be taken once only. */
  names: 'Unique' | 'Free';
  /** Most that a month may cost; absent: no budget. */
  budget?: number;
  /** Whether the store tells time by its own clock, as an API server does, or by the controller's. */
  storeClock: 'Own' | 'Controller';
  /** Longest ordinary time of a port call. */
  callMilliseconds: number;
  /** How many load balancers serve the pool. */
  balancers: 1 | 2;
  /** By what servers are charged: started hours, or seconds. Hosts whose hour is paid are kept to its end. */
  billing: 'Hour' | 'Second';
}

/** A whole random world, as JSON. */
export interface ChaosWorld {
  seed: number;
  nature: Nature;
  events: ChaosEvent[];
}
