import { type HostPool, type KamalHost, keyOf, sameKey } from '../api/index.ts';
import { type Inventory, type Outcome, type Server, type ServerPart, requeueAfter } from '../model/index.ts';
import type { Context } from './context.ts';
import { pinnedKey } from './host-endpoint.ts';
import { loadInventory } from './inventory.ts';

const LOOK_AGAIN_SECONDS = 60;
const NEXT_SECONDS = 1;
/** Calls to providers a pass; the rest follow. */
const MOST_MARKS = 10;

/** What a server should say of itself. */
interface Mark {
  server: Server;
  serving: ServerPart['serving'];
  hostKey?: string;
}

/**
 * One pass over the labels of servers: whoever asks for the inventory while no controller runs reads them. Best effort;
 * a server whose provider refuses is tried again with the next pass.
 */
export async function reconcileMarks(context: Context): Promise<Outcome> {
  const { inventory } = await loadInventory(context.documents);
  if (inventory === undefined) return requeueAfter(LOOK_AGAIN_SECONDS);
  const names = Object.values(context.providers).filter((provider) => 'mark' in provider).map(({ name }) => name);
  // A cloud that is away must not keep the servers of another one from being labelled.
  const answers = await Promise.allSettled(names.map((name) => context.servers.snapshot(name)));
  const snapshots = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  if (names.length > 0 && snapshots.length === 0) throw answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))[0];
  const [hosts, pools] = await Promise.all([context.store.list('KamalHost', { from: 'Fresh' }), context.store.list('HostPool', { from: 'Cached' })]);
  const wanted = snapshots.flatMap(({ servers }) => servers).flatMap((server) => markFor(server, inventory, pools, hosts) ?? []);
  if (wanted.length === 0 || !context.leadership.isLeader()) return requeueAfter(LOOK_AGAIN_SECONDS);
  await Promise.allSettled(wanted.slice(0, MOST_MARKS).map(async ({ server, serving, hostKey }) => context.providers[server.provider]?.mark?.(server, serving, hostKey)));
  for (const name of new Set(wanted.map(({ server }) => server.provider))) context.servers.forget(name);
  return requeueAfter(wanted.length > MOST_MARKS ? NEXT_SECONDS : LOOK_AGAIN_SECONDS);
}

/** What is to be changed; undefined for what is right, and for what is not ours to change. */
function markFor(server: Server, { pools: entries }: Inventory, pools: readonly HostPool[], hosts: readonly KamalHost[]): Mark | undefined {
  const { owner, part, state } = server;
  const host = hosts.find(({ spec }) => spec.hostID === owner.hostID);
  const pool = pools.find((candidate) => sameKey(keyOf(candidate), owner.pool));
  // A server that nobody owns yet keeps what it says: whoever adopts it reads that.
  if (host === undefined || part === undefined || state === 'Leaving' || pool?.spec.paused === true) return undefined;
  const serving = entries.some((entry) => entry.hosts.some(({ hostID }) => hostID === owner.hostID)) ? 'Serving' : 'NotServing';
  const hostKey = labelled(pinnedKey(host));
  if (part.serving === serving && (hostKey === undefined || part.hostKey === hostKey)) return undefined;
  return { server, serving, ...(hostKey === undefined ? {} : { hostKey }) };
}

/** Other keys are too long for a label. */
const labelled = (hostKey: string | undefined): string | undefined => (hostKey?.startsWith('ssh-ed25519 ') === true ? hostKey : undefined);
