import type { HostPoolSpec, ObjectKey } from '../api/index.ts';
import type { AppFact, Endpoint, EvidenceFound, FleetReference, MachineFact, OperationFact, OperationKind } from '../model/index.ts';

/** Which role of which Kamal service a host runs. */
export type RoleRef = HostPoolSpec['kamal'];

/** A machine, and what it takes to reach it and to deploy to it. */
export interface DeployTarget {
  /** Name of the KamalHost or of the fixed host. */
  host: ObjectKey;
  endpoint: Endpoint;
  role: RoleRef;
  /** How SSH reaches hosts of the pool. */
  ssh: HostPoolSpec['ssh'];
  identity: HostIdentity;
}

/** How a machine proves who it is. Public keys are `type base64`, without a comment. */
export type HostIdentity =
  /** `hostKey` absent: what the installation's known_hosts file says. */
  | { kind: 'Fixed'; hostKey?: string }
  /** `ownKey` absent: only the key that user data delivered for this hostID is known. */
  | { kind: 'Bought'; hostID: string; ownKey?: string };

export interface Operation {
  /** Stored in the host's status before the call; the same id is the same operation. */
  id: string;
  kind: OperationKind;
  target: DeployTarget;
  /** Version to bring up, for Deploy; the one before, for Preseed. */
  version?: string;
  /** Longest wait for requests in flight, for Quiesce. */
  drainSeconds?: number;
  /** Longest time for all of it, the drain of a Quiesce aside; then it is ended, and facts say what came of it. */
  timeoutSeconds?: number;
  /** Asked right before the work begins, which may be long after the call: false where another process may lead by then. The work then ends with `NotLeader`. */
  mayBegin?: () => boolean;
}

/** Brings the app into and out of service on a machine, and says what is there. */
export interface Deployer {
  /** Machine and app as they are now, held against the fleet's. Does not throw for a host that cannot be reached: that is a fact. */
  inspect(target: DeployTarget, fleet?: FleetReference): Promise<{ machine: MachineFact; app: AppFact }>;
  /** Starts slow work and returns at once; an operation whose id is known is not started twice. */
  start(operation: Operation): Promise<void>;
  /** State of an operation in this process's table; `Lost` for an id it never started. */
  observe(operationID: string): OperationFact;
  /**
   * Whether work that an earlier process began under this id goes on without it. `Unknown`: it was begun where this
   * process cannot look, such as on another machine. Does not throw.
   */
  survives(operationID: string): Promise<'Running' | 'Ended' | 'Unknown'>;
  /** Calls back when an operation ends. */
  onEnd(listener: (host: ObjectKey) => void): void;
  /**
   * What earlier work on a host printed and what the machine says of itself, for people, before it is deleted. Redacted, at
   * most 50 KB, and had within so many seconds. Does not throw: what cannot be had is named.
   */
  evidence(target: DeployTarget, seconds: number): Promise<EvidenceFound>;
  /** What these hosts of one role serve, taken together. */
  reference(targets: readonly DeployTarget[], role: RoleRef): Promise<FleetReference>;
  /** Whether work on this target runs under Kamal's deploy lock. */
  needsLock(target: DeployTarget): boolean;
}
