import type { Instant } from './time.ts';
import type { Server } from './server.ts';
import type { ErrorClass } from './errors.ts';

/** What the provider says of the server with this host's UID. */
export type ServerFact =
  | { kind: 'Unknown'; why: string }
  | { kind: 'Absent'; asOf: Instant }
  | { kind: 'Found'; server: Server; asOf: Instant }
  /** More than one server carries the UID; `keep` is the one that serves or is recorded, else the oldest. */
  | { kind: 'Duplicate'; keep: Server; extra: Server[]; asOf: Instant };

/** What can be said of the machine itself: SSH with the pinned key, Docker, cloud-init. */
export type MachineFact =
  | { kind: 'Unknown' }
  | { kind: 'Unreachable'; why: string }
  | { kind: 'Preparing'; why: string }
  /** Prepared, and reached under the host key that came with its user data. `ownKey` is the public key that it made itself; it waits to take over. */
  | { kind: 'Delivered'; ownKey: string }
  /** It shows a host key that is neither the pinned nor the delivered one. */
  | { kind: 'Mismatch'; why: string }
  /** Reached under its own, pinned key. `bootID` changes with every boot, where the machine tells it. */
  | { kind: 'Ready'; bootID?: string };

/** What runs on the machine. `Quiesced`: the proxy refuses new requests, as in Kamal's maintenance. */
export type AppFact =
  | { kind: 'Unknown' }
  | { kind: 'NotRunning' }
  /**
   * `routed`: the proxy sends requests to the container of this very version. `matchesFleet`: image, environment, command
   * and options are the reference's; `why` names what is not. `rollback`: whether the fleet's previous version could be
   * brought back here; absent where that means nothing.
   */
  | { kind: 'Running'; version: string; routed: boolean; matchesFleet: boolean; why?: string; rollback?: 'Ready' | 'Missing' }
  | { kind: 'Quiesced'; version: string };

/** The controller's own probe of the health path. */
export type ProbeFact = { kind: 'Unknown' } | { kind: 'Answers' } | { kind: 'Fails'; why: string };

/** What every load balancer says of this host, taken together. `NoLoadBalancer` for roles without one. */
export type MembershipFact =
  | { kind: 'NoLoadBalancer' }
  /** At least one load balancer could not be asked. `others`: those that answered do not list it, and there are some. */
  | { kind: 'Unknown'; why: string; others?: 'NotListed' }
  | { kind: 'ListedUp' }
  /** Every load balancer lists it and at least one calls it down; `everywhere` when all do. */
  | { kind: 'ListedDown'; everywhere: boolean }
  /** Listed by some but not all. */
  | { kind: 'Partial'; why: string }
  | { kind: 'NotListed' };

/** State of the slow work that the host's status names. */
export type OperationFact =
  | { kind: 'None' }
  | { kind: 'Running' }
  | { kind: 'Succeeded' }
  | { kind: 'Failed'; class: ErrorClass; message: string; replaceHost: boolean }
  /** Its process table does not know it: the controller was restarted. Facts decide, not memory. */
  | { kind: 'Lost' };

/** Requests in flight at the host's proxy. Unknown is not zero. */
export type InFlightFact = { kind: 'Unknown' } | { kind: 'Count'; requests: number };

/** Requests that the host's proxy has answered for one service since it started. `errors`: those with a status of 500 or more. */
export type RequestsFact = { kind: 'Unknown' } | { kind: 'Count'; requests: number; errors: number };

/** What a container was made from besides its version, to compare hosts by. */
export interface Fingerprint {
  /** Digest of the image. */
  image: string;
  /** Digest of the sorted environment; values are secrets. */
  environment: string;
  command: string;
  /** Labels left out, for they carry the host's own. */
  options: string;
}

/** What the hosts that people deploy to say together. */
export type FleetReference =
  /** `previousVersion`: what a rollback would bring back, where every reference host has it. */
  | { kind: 'Agreed'; version: string; fingerprint?: Fingerprint; previousVersion?: string }
  /** A deploy is under way, a canary, or they are in maintenance: newcomers wait, nothing is healed. */
  | { kind: 'Disagree'; why: string }
  | { kind: 'Unknown'; why: string };

/** Kamal's deploy lock on one service and destination. */
export type LockFact =
  | { kind: 'Free' }
  | { kind: 'Held'; /** The operation id in its message, where it is one of ours. */ operationID?: string; by: string; message: string; since?: Instant }
  | { kind: 'Unknown'; class: ErrorClass; why: string };

/** All that one pass saw of one host. */
export interface HostFacts {
  server: ServerFact;
  machine: MachineFact;
  app: AppFact;
  probe: ProbeFact;
  membership: MembershipFact;
  operation: OperationFact;
  inFlight: InFlightFact;
  /** The pool's further paths, where it has any; Unknown until the host is ready but for them. */
  preJoin?: ProbeFact;
  /** Whether the pool's warm-up paths were asked, where it has any. */
  warmUp?: 'NotBegun' | 'Running' | 'Done';
  /** The other members that a load balancer lists for the pool, and those of them that none calls down. */
  siblings?: { listed: number; up: number };
  /** What the fleet runs: what a newcomer must run before it joins, and what a host in service is held against. */
  fleet: FleetReference;
}

/** The version that a host must run; undefined while the fleet does not agree or cannot be asked. */
export const wantedVersion = ({ fleet }: Pick<HostFacts, 'fleet'>): string | undefined => (fleet.kind === 'Agreed' ? fleet.version : undefined);
