import type { HostPoolSpec, ObjectKey } from '../api/index.ts';
import type { AppFact, Endpoint, MachineFact, OperationFact, OperationKind } from '../model/index.ts';

/** Which role of which Kamal service a host runs. */
export type RoleRef = HostPoolSpec['kamal'];

export interface Operation {
  /** Stored in the host's status before the call; the same id is the same operation. */
  id: string;
  kind: OperationKind;
  host: ObjectKey;
  endpoint: Endpoint;
  role: RoleRef;
  /** Version to bring up; required for Deploy. */
  version?: string;
  /** Longest wait for requests in flight, for Quiesce. */
  drainSeconds?: number;
}

/** Brings the app into and out of service on a machine, and says what is there. */
export interface Deployer {
  /** Machine and app as they are now. Does not throw for a host that cannot be reached: that is a fact. */
  inspect(endpoint: Endpoint, role: RoleRef): Promise<{ machine: MachineFact; app: AppFact }>;
  /** Starts slow work and returns at once; an operation whose id is known is not started twice. */
  start(operation: Operation): Promise<void>;
  /** State of an operation in this process's table; `Lost` for an id it never started. */
  observe(operationID: string): OperationFact;
  /** Calls back when an operation ends. */
  onEnd(listener: (host: ObjectKey) => void): void;
  /** The version that these reference hosts serve; undefined while they disagree or none answers. */
  runningVersion(references: readonly Endpoint[], role: RoleRef): Promise<string | undefined>;
}
