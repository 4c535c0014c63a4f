import type { Instant, Server } from '../model/index.ts';

/** A server of this installation whose UID no KamalHost carries, with what the store and the world say of it. */
export interface UnownedServer {
  server: Server;
  /** `Released` and `Alive`: this store has bought or adopted the UID; `Retained`: it let the server go on purpose; `Unknown`: an empty or older store. */
  history: 'Unknown' | 'Alive' | 'Retained' | 'Released';
  /** Whether it serves: member of a load balancer, in the inventory, or running the app. `Unknown` where one of them could not be asked. */
  use: { kind: 'InUse'; why: string } | { kind: 'Idle' } | { kind: 'Unknown'; why: string };
  poolState: 'Live' | 'Paused' | 'Ending' | 'Absent';
  /** When an earlier pass first marked it as unowned. */
  markedAt?: Instant;
}

export interface OrphanInput {
  now: Instant;
  /** Time of the provider's snapshot; the KamalHosts must have been listed, uncached, after it. */
  asOf: Instant;
  servers: readonly UnownedServer[];
  /** Shortest time between mark and sweep. */
  graceSeconds: number;
  /** Most servers that one pass sweeps. */
  maxSweeps: number;
}

/** What to do about a server without a KamalHost. */
export type OrphanStep =
  /** Make a KamalHost with the server's UID; its lifecycle finds the server. */
  | { kind: 'Adopt'; server: Server; why: string }
  /** Note that it was seen unowned. */
  | { kind: 'Mark'; server: Server; why: string }
  /** Read its owner again, then delete it. */
  | { kind: 'Sweep'; server: Server; why: string }
  | { kind: 'Leave'; server: Server; why: string };

export function planOrphans(input: OrphanInput): OrphanStep[] {
  throw new Error(`planOrphans of ${input.servers.length}`);
}
