import { type Instant, type Server, seconds } from '../model/index.ts';

/** A server of this installation whose UID no KamalHost carries, with what the store and the world say of it. */
export interface UnownedServer {
  server: Server;
  /** Time of the provider's snapshot; the KamalHosts must have been listed, uncached, after it. */
  asOf: Instant;
  /** `Released` and `Alive`: this store has bought or adopted the UID; `Retained`: it let the server go on purpose; `Unknown`: an empty or older store. */
  history: 'Unknown' | 'Alive' | 'Retained' | 'Released';
  /** Whether it serves: member of a load balancer, in the inventory, or running the app. `Unknown` where one of them could not be asked. */
  use: { kind: 'InUse'; why: string } | { kind: 'Idle' } | { kind: 'Unknown'; why: string };
  poolState: 'Live' | 'Paused' | 'Ending' | 'Absent';
  /** When an earlier pass first marked it as unowned. */
  markedAt?: Instant;
  /** When its provider last refused to delete it. */
  refusedAt?: Instant;
}

export interface OrphanInput {
  now: Instant;
  /** Of all clouds: a UID may be carried in two of them. */
  servers: readonly UnownedServer[];
  /** Shortest time between mark and sweep, or adoption where nobody can tell whether the server serves. */
  graceSeconds: number;
  /** Most servers that one pass sweeps. */
  maxSweeps: number;
}

/** What to do about a server without a KamalHost. */
export type OrphanStep =
  /** Make a KamalHost with the server's UID; its lifecycle finds the server. */
  | { kind: 'Adopt'; server: Server; why: string }
  /** Note that it was seen unowned; an earlier note keeps its time. Servers without this step or a sweep lose their note. */
  | { kind: 'Mark'; server: Server; why: string }
  /** Read its owner again, then delete it. */
  | { kind: 'Sweep'; server: Server; why: string }
  | { kind: 'Leave'; server: Server; why: string };

/**
 * One step a server, in their order. What serves and what this store has never known is adopted; only an idle server
 * of a known UID is swept, when an earlier pass marked it, the grace period passed and the pass has not swept its share.
 * Of that share those come last whose provider refused before: a few protected ones would use it up in each pass.
 * What nobody can tell of for that long is adopted too: left alone it would cost for ever, and no lifecycle harms what serves.
 * Without a live pool nothing is touched: nothing is deleted because something is absent.
 */
export function planOrphans(input: OrphanInput): OrphanStep[] {
  const adopted = new Set<string>();
  const steps = input.servers.map((unowned): OrphanStep => {
    const step = judge(unowned, input);
    const { hostID } = step.server.owner;
    const others = input.servers.filter((one) => one !== unowned && one.server.owner.hostID === hostID);
    // One KamalHost a UID: its lifecycle tells the twins apart. A sweep of one could take the twin that serves.
    if (others.some(mustKeep) && (step.kind === 'Sweep' || step.kind === 'Mark')) return leave(unowned, 'another server with its UID is kept: the lifecycle of their KamalHost deletes the extra one');
    if (step.kind === 'Adopt') {
      if (adopted.has(hostID)) return leave(unowned, 'another server with its UID is adopted: the lifecycle of their KamalHost deletes the extra one');
      adopted.add(hostID);
    }
    return step;
  });
  const due = input.servers.filter((_, index) => steps[index]?.kind === 'Sweep')
    .sort((a, b) => (a.refusedAt ?? -Infinity) - (b.refusedAt ?? -Infinity) || (a.markedAt ?? 0) - (b.markedAt ?? 0));
  const waiting = new Set(due.slice(input.maxSweeps).map(({ server }) => server));
  return steps.map((step) => (waiting.has(step.server) ? { kind: 'Mark', server: step.server, why: `${input.maxSweeps} servers are swept in this pass; this one waits for the next` } : step));
}

function judge(unowned: UnownedServer, { now, graceSeconds }: OrphanInput): OrphanStep {
  const { server, asOf, history, use, poolState, markedAt } = unowned;
  switch (poolState) {
    case 'Absent': return leave(unowned, `its pool ${server.owner.pool.namespace}/${server.owner.pool.name} does not exist: apply the pool again to adopt it, or delete the server by hand`);
    case 'Ending': return leave(unowned, 'its pool goes away and leaves its servers');
    case 'Paused': return leave(unowned, 'its pool is paused');
    case 'Live': break;
  }
  if (server.state === 'Leaving') return leave(unowned, 'the provider removes it already');
  if (use.kind === 'InUse') return { kind: 'Adopt', server, why: use.why };
  if (history === 'Unknown') return { kind: 'Adopt', server, why: 'this store has never known it: the store may be new or restored' };
  if (history === 'Retained') return { kind: 'Adopt', server, why: 'it was left when its pool went away, and the pool is there again' };
  if (markedAt === undefined) return { kind: 'Mark', server, why: 'no KamalHost carries its UID' };
  const graceEnds = markedAt + seconds(graceSeconds);
  const waits = now < graceEnds || asOf < graceEnds;
  if (use.kind === 'Unknown') return { kind: waits ? 'Mark' : 'Adopt', server, why: `whether it serves cannot be told: ${use.why}; adopted ${graceSeconds} s after it was first seen` };
  if (waits) return { kind: 'Mark', server, why: `no KamalHost carries its UID; swept ${graceSeconds} s after it was first seen` };
  return { kind: 'Sweep', server, why: `idle and unowned for more than ${graceSeconds} s, and this store bought it` };
}

const mustKeep = ({ use, history, poolState }: UnownedServer): boolean =>
  use.kind !== 'Idle' || history === 'Unknown' || history === 'Retained' || poolState !== 'Live';

const leave = ({ server }: UnownedServer, why: string): OrphanStep => ({ kind: 'Leave', server, why });
