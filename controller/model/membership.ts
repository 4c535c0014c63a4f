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
  /** The load balancer of Hetzner Cloud whose targets the members are; absent where it is another kind. With `label` servers are targets by it. */
  hetzner?: { name: string; label?: { key: string; value: string } };
  /** The load balancer of DigitalOcean; with `tag` Droplets are targets by it. */
  digitalocean?: { name: string; tag?: string };
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

/** One server that a load balancer sends requests to, by the address that it uses. */
export interface ListedServer {
  url: string;
  state: 'Up' | 'Down';
  /** Other addresses of the same server: who leaves must not be listed under any of them. */
  aliases?: string[];
  /** This installation did not buy it: where it is no member it is somebody else's target, and stays. */
  foreign?: true;
}

export const isListedAt = (server: ListedServer, url: string): boolean => server.url === url || server.aliases?.includes(url) === true;
