import type { HostPoolSpec, ObjectKey } from '../api/index.ts';
import type { HostFacts, HostStep, Instant, OperationKind, Phase } from '../model/index.ts';

export type RoleKind = NonNullable<HostPoolSpec['roleKind']>;

export interface JoinHold {
  host: string;
  version: string;
  why: string;
}

/** One KamalHost with what its pool and provider add, as the lifecycle sees it. All of it was stored; nothing was observed. */
export interface HostView {
  key: ObjectKey;
  hostID: string;
  phase: Phase;
  phaseSince: Instant;
  createdAt: Instant;
  intent: 'Serve' | 'Drain';
  /** The KamalHost has a deletionTimestamp. */
  deleting: boolean;
  /** A person wants it out of service, with its server kept; its deletion ends that. */
  quarantined: boolean;
  /** `Ending`: the pool, its namespace or its kind goes away or is gone, and the deletionPolicy is Retain. */
  poolState: 'Live' | 'Paused' | 'Ending';
  roleKind: RoleKind;
  hasLoadBalancer: boolean;
  /** Create calls that were intended; 0 for an adopted server too. */
  createAttempts: number;
  /** When the last create call was intended or, where that was noted, ended: some calls take long, and only then does the settle time begin. */
  lastCreateIntentAt?: Instant;
  /** How long a new server may be missing from the provider's lists. */
  settleSeconds: number;
  /** Set as soon as a server was seen; from then on an absence means that it vanished. */
  providerID?: string;
  /** The SSH host key that the machine made itself, once it was pinned. */
  ownKey?: string;
  /** The slow work that was started last; one from an earlier phase is told by its `startedAt`. */
  operation?: { id: string; kind: OperationKind; version?: string; startedAt: Instant };
  /** Since when no load balancer lists it, in a drain. */
  unlistedSince?: Instant;
  /** The look before this one found nothing wrong, so that others may not have been looked at since. */
  wasHealthy?: boolean;
  /** Boot of the machine after which it was last found as it should be; a newer one is checked. */
  bootID?: string;
  /** Set while the pool lets no host of this version join, for the errors of `host`. */
  joinHold?: JoinHold;
  /** Set while nothing is replaced, for many hosts fail at once; why, as a clause. */
  replacementHeld?: string;
  /** Whether its slow work waits for Kamal's deploy lock, which keeps people's deploys out as long as it is held. */
  worksUnder: 'DeployLock' | 'NoLock';
  /** End of the wait for requests in flight; by default `drainSeconds` after the drain began. */
  drainDeadline?: Instant;
  /** Phase from which the drain began. A host that drains because its start failed keeps intent Serve, and is told by this. */
  drainOrigin?: Phase;
  drainSeconds: number;
  /** How long leaving waits for load balancers that cannot be asked, while others answer that they do not list the host. */
  silentSeconds: number;
  startTimeoutSeconds: number;
  /** When the host was first put into the membership; earlier than `phaseSince` for a host that came back from a drain. */
  joiningSince?: Instant;
  /** Since when every load balancer has listed it up without a break, where that is recorded. */
  listedUpSince?: Instant;
  healthIntervalSeconds: number;
  /** Failed operations in a row that were noted. */
  operationFailures: number;
}

/** What a phase does, or waits for, while none of its guards lets the host go on. */
export type Work = (host: HostView, facts: HostFacts, now: Instant) => HostStep;
