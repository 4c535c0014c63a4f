import type { ObjectKey } from '../api/meta.ts';

/** One server behind a load balancer. */
export interface Member {
  /** Name of the fixed host or of the KamalHost. */
  name: string;
  address: string;
  port: number;
  /** `Fixed` members are never removed by a scale-in. */
  kind: 'Fixed' | 'Bought';
}

/** A file that a Traefik reads. Pools with the same place share it. */
export interface TraefikFile {
  /** What people call this Traefik. */
  name: string;
  path: string;
  /** Absent: on this machine. */
  ssh?: { address: string; user: string; port: number; hostKey: string };
}

/** The members of one pool and how the load balancer treats them. */
export interface PoolMembership {
  pool: ObjectKey;
  /** The load balancer's name for the group of servers. */
  service: string;
  strategy: 'wrr' | 'p2c' | 'hrw' | 'leasttime';
  healthCheck: { path: string; hostname?: string; intervalSeconds: number; timeoutSeconds: number };
  /** An empty list was asked for (replicas 0 and no fixed host), not stumbled into. */
  emptyWanted: boolean;
  members: Member[];
  /** Where it is written too; absent where every load balancer asks for it. */
  files?: TraefikFile[];
  /** The load balancer of Hetzner Cloud whose targets the members are; absent where it is another kind. */
  hetzner?: { name: string };
}

/** Everything that every load balancer should serve. Persisted: it is the last-known-good state. */
export interface Membership {
  /** Grows with every change of content. */
  generation: number;
  pools: PoolMembership[];
}

/** What one load balancer instance lists for one pool. `Unwritten`: it could not be told the newest membership; what it lists is another entry. */
export type InstanceListing =
  | { instance: string; kind: 'Unknown'; why: string }
  | { instance: string; kind: 'Unwritten'; why: string }
  | { instance: string; kind: 'Listing'; servers: ListedServer[] };

/** `alias`: another address of a server that is listed by itself. Who leaves must not be listed under any; who counts servers leaves these out. */
export interface ListedServer {
  url: string;
  state: 'Up' | 'Down';
  alias?: true;
}
