import type { ObjectKey } from '../api/meta.ts';
import type { Phase } from './phase.ts';
import type { Billing } from './server.ts';
import type { Instant } from './time.ts';

/** A bought host as the pool's plan sees it. */
export interface FleetHost {
  key: ObjectKey;
  slot: number;
  phase: Phase;
  intent: 'Serve' | 'Drain';
  /** Down in every load balancer *and* for the controller for longer than the pool allows. */
  health: 'Healthy' | 'Unhealthy';
  /** Its order went to a cloud that cannot be asked: it may come or not. Neither capacity nor gone, and it takes up room until that cloud answers. */
  stranded?: boolean;
  /** It served, left service to be checked anew, and has not passed for longer than the pool allows. */
  failsChecks?: boolean;
  /** Since when it is down; an unhealthy host without it is not replaced while the pool only holds what is there. */
  unhealthySince?: Instant;
  /** Why it is to be replaced by one that is made anew, as a clause. */
  outdated?: string;
  /** Name of the unhealthy or outdated host for which it was bought. */
  replaces?: string;
  /** When its drain began; the newest drain is taken back first. */
  drainingSince?: Instant;
  /** A person asked to keep it from scale-in. */
  protected: boolean;
  /** A person set it apart: neither capacity nor on its way out, and it takes up room until it is released. */
  quarantined: boolean;
  /** Its KamalHost has a deletionTimestamp. */
  deleting: boolean;
  createdAt: Instant;
  launchedAt?: Instant;
  /** Name of the placement in which it was bought, once it was. */
  placement?: string;
  billing: Billing;
}

/** One pool with all its hosts, at one time. */
export interface Fleet {
  pool: ObjectKey;
  asOf: Instant;
  /** Hosts that people own; they count and are never touched. */
  fixedHosts: number;
  hosts: FleetHost[];
  /** Servers of this pool that no KamalHost owns; they count against maxReplicas. */
  unownedServers: number;
  /** Those of them that are about to be adopted; so many fewer are bought. */
  returningServers?: number;
  /** Slots in the names of those servers: a provider refuses the same name twice. */
  unownedSlots?: readonly number[];
  maxReplicas: number;
  maxSurge: number;
  /** Servers that may exist above what is wanted while outdated hosts are replaced. */
  rollSurge: number;
  /** A person stopped the replacement of outdated hosts. */
  rollPaused: boolean;
  /** Share of hosts that may be down at once for causes of their own. */
  maxUnhealthyPercent: number;
  /** Fixed hosts that every load balancer calls down and that do not answer; asked only where something else is wrong. */
  fixedDown?: number;
  /** Hosts were adopted so recently that the number wanted may be older than they are: nothing leaves for being too many. */
  adoptedLately?: boolean;
  /** In a row. */
  failedStarts: number;
  /** Names of the pool's placements. */
  placements: readonly string[];
  paused: boolean;
  /** No host is created before; set after failed starts. */
  startBackoffUntil?: Instant;
}

/** Hosts of a pool by what they can do now; the decision's base. */
export interface HostCounts {
  /** Fixed hosts and hosts in service; `warming` ones included. */
  inService: number;
  /** In service for less than a minute: not yet in the averages. */
  warming: number;
  booting: number;
  draining: number;
}
