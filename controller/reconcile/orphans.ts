import { ADOPTED_ANNOTATION, API_VERSION, HOST_FINALIZER, HOST_KEY_ANNOTATION, type HostPool, type KamalHost, POOL_LABEL, keyOf, keyText, sameKey } from '../api/index.ts';
import { type Instant, type Outcome, type Server, type ServerSnapshot, adviceOf, fromTimestamp, isClass, membershipFact, requeueAfter, seconds, serverURL, toTimestamp } from '../model/index.ts';
import { type OrphanStep, type UnownedServer, planOrphans } from '../plan/index.ts';
import type { Documents } from '../ports/index.ts';
import { sameJSON } from '../report/status.ts';
import { slotIn } from './assemble-fleet.ts';
import type { Context } from './context.ts';
import { serverEndpoint, serverTarget } from './host-endpoint.ts';
import type { Ledger } from './ledger.ts';
import { loadInventory } from './inventory.ts';
import { lostEntries } from './lost-entries.ts';
import { isFuture } from './present-times.ts';
import { loadMembership } from './membership-document.ts';

const MARKS_DOCUMENT = 'orphans';
const LOOK_AGAIN_SECONDS = 30;
const GRACE_SECONDS = 600;
const MAX_SWEEPS = 2;

/** What earlier passes saw of each UID that nothing owns. */
export type Marks = Record<string, Mark>;

interface Mark {
  /** When it was first seen so. */
  since: string;
  /** What the provider last said when it refused to delete the server. */
  refused?: { at: string; why: string };
}

/**
 * What the controller has noted of servers and ledger entries that no KamalHost owns. What is not understood begins anew, a
 * grace period more, and so does the mark of a clock that was set back since: it would be none until its time has come again.
 */
export async function loadMarks(documents: Pick<Documents, 'load'>, now: Instant): Promise<{ marks: Marks; version: string | undefined }> {
  const stored = await documents.load(MARKS_DOCUMENT);
  const marks = Object.entries((stored?.value ?? {}) as Marks).filter(([, mark]) => fromTimestamp(mark?.since) !== undefined && !isFuture(mark.since, now));
  return { marks: Object.fromEntries(marks), version: stored?.version };
}

/** One pass over the servers that no KamalHost owns: adopt what may serve, sweep what is known, idle and seen twice. */
export async function reconcileOrphans(context: Context): Promise<Outcome> {
  const { marks, version } = await loadMarks(context.documents, context.clock.now());
  const seen = await Promise.allSettled(Object.values(context.providers).map(async ({ name }) => lookAt(context, await context.servers.snapshot(name), marks)));
  const servers = seen.flatMap((one) => (one.status === 'fulfilled' ? one.value.servers : []));
  const lost = seen.flatMap((one) => (one.status === 'fulfilled' ? one.value.lost : []));
  const next: Marks = {};
  const mark = (hostID: string): Mark => (next[hostID] ??= marks[hostID] ?? { since: toTimestamp(context.clock.now()) });
  for (const { hostID, asOf } of lost) await strikeOff(context, hostID, asOf, marks, mark);
  const failures: unknown[] = seen.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  for (const step of planOrphans({ now: context.clock.now(), servers, graceSeconds: GRACE_SECONDS, maxSweeps: MAX_SWEEPS })) {
    switch (step.kind) {
      case 'Adopt': {
        await adopt(context, step.server);
        break;
      }
      case 'Mark': {
        mark(step.server.owner.hostID);
        break;
      }
      case 'Sweep': {
        const { hostID } = step.server.owner;
        const marked = mark(hostID);
        try {
          await sweep(context, step);
        } catch (error) {
          // One that cannot be deleted, as it is protected, must not keep the others from being looked at.
          failures.push(error);
          next[hostID] = { ...marked, refused: { at: toTimestamp(context.clock.now()), why: adviceOf(error) } };
        }
        break;
      }
      case 'Leave': break;
    }
  }
  if (!sameJSON(next, marks)) await context.documents.save(MARKS_DOCUMENT, next, version);
  // One provider that is away must not keep the servers of the others from being looked at; its own marks begin anew.
  if (failures.length > 0) throw failures[0];
  return requeueAfter(LOOK_AGAIN_SECONDS);
}

/** What the ledger counts and nothing carries is struck off the ledger when it was seen so twice, a grace period apart. */
async function strikeOff(context: Context, hostID: string, asOf: Instant, marks: Marks, mark: (hostID: string) => void): Promise<void> {
  const markedAt = fromTimestamp(marks[hostID]?.since);
  if (markedAt !== undefined && asOf >= markedAt + seconds(GRACE_SECONDS)) await context.gate.noteReleased(hostID);
  else mark(hostID);
}

async function lookAt(context: Context, snapshot: ServerSnapshot, marks: Marks): Promise<{ servers: UnownedServer[]; lost: { hostID: string; asOf: Instant }[] }> {
  // Listed after the snapshot: a host that was made in between must not look as if its server had no owner.
  const hosts = await context.store.list('KamalHost', { from: 'Fresh' });
  const owned = new Set(hosts.map(({ spec }) => spec.hostID));
  const unowned = snapshot.servers.filter(({ owner }) => !owned.has(owner.hostID));
  const ledger = await context.gate.read();
  const lost = lostEntries(ledger, snapshot, hosts).map((hostID) => ({ hostID, asOf: snapshot.asOf }));
  if (unowned.length === 0) return { servers: [], lost };
  const pools = await context.store.list('HostPool', { from: 'Fresh' });
  const servers = await Promise.all(unowned.map((server) => describeServer(context, server, snapshot.asOf, pools, ledger, marks)));
  return { servers, lost };
}

async function describeServer(context: Context, server: Server, asOf: Instant, pools: readonly HostPool[], ledger: Ledger, marks: Marks): Promise<UnownedServer> {
  const pool = pools.find((candidate) => sameKey(keyOf(candidate), server.owner.pool));
  const { since, refused } = marks[server.owner.hostID] ?? {};
  const [markedAt, refusedAt] = [fromTimestamp(since), fromTimestamp(refused?.at)];
  const entry = ledger.entries[server.owner.hostID];
  const result: UnownedServer = {
    server, asOf,
    history: entry === undefined ? 'Unknown' : entry.state === 'Reserved' ? 'Alive' : entry.state,
    use: await useOf(context, server, pool),
    poolState: pool === undefined ? 'Absent' : pool.metadata.deletionTimestamp !== undefined ? 'Ending' : pool.spec.paused ? 'Paused' : 'Live',
  };
  return { ...result, ...(markedAt === undefined ? {} : { markedAt }), ...(refusedAt === undefined ? {} : { refusedAt }) };
}

/** Whether anything relies on the server: the membership document, the inventory, a load balancer, or the app that runs on it. */
async function useOf(context: Context, server: Server, pool: HostPool | undefined): Promise<UnownedServer['use']> {
  const [{ membership }, { inventory }] = await Promise.all([loadMembership(context.documents), loadInventory(context.documents)]);
  const port = server.ports?.http ?? pool?.spec.ports.http ?? 80;
  const addresses = [server.address, ...Object.values(server.addresses ?? {})];
  if (membership.pools.some(({ members }) => members.some((member) => addresses.includes(member.address) && member.port === port))) {
    return { kind: 'InUse', why: 'it is in the membership document' };
  }
  if (inventory?.pools.some(({ hosts }) => hosts.some(({ hostID }) => hostID === server.owner.hostID)) === true) return { kind: 'InUse', why: 'it is in the inventory' };
  if (pool === undefined) return { kind: 'Unknown', why: `its pool ${keyText(server.owner.pool)} does not exist` };
  const endpoint = serverEndpoint(server, pool);
  if (endpoint === undefined) return { kind: 'Idle' };
  if (pool.spec.loadBalancer !== undefined) {
    const fact = membershipFact(await context.loadBalancer.confirm(pool.spec.loadBalancer), endpoint);
    if (fact.kind === 'Unknown') return { kind: 'Unknown', why: fact.why };
    if (fact.kind !== 'NotListed') return { kind: 'InUse', why: `a load balancer lists ${serverURL(endpoint)}` };
  }
  const { app, machine } = await context.deployer.inspect(serverTarget(server, endpoint, pool));
  if (app.kind === 'Running' || app.kind === 'Quiesced') return { kind: 'InUse', why: `it runs version ${app.version}` };
  return machine.kind === 'Unknown' || app.kind === 'Unknown' ? { kind: 'Unknown', why: 'the machine does not say what it runs' } : { kind: 'Idle' };
}

/** Makes a KamalHost for a server that is there; its lifecycle then looks at the server and touches nothing that serves. */
const adopt = (context: Context, server: Server): Promise<void> => context.slotsInTurn(keyText(server.owner.pool), async () => {
  const { namespace, name: pool } = server.owner.pool;
  const siblings = await context.store.list('KamalHost', { namespace, from: 'Fresh' });
  // Another instance may have adopted it meanwhile, under another name: two hosts of one server would delete it under each other.
  if (siblings.some(({ spec }) => spec.hostID === server.owner.hostID) || !context.leadership.isLeader()) return;
  const { name, slot } = identityFor(server, siblings);
  try {
    const host = await context.store.create('KamalHost', {
      apiVersion: API_VERSION, kind: 'KamalHost',
      metadata: {
        name, namespace, labels: { [POOL_LABEL]: pool }, finalizers: [HOST_FINALIZER], annotations: { [ADOPTED_ANNOTATION]: server.providerID, ...(server.part?.hostKey === undefined ? {} : { [HOST_KEY_ANNOTATION]: server.part.hostKey }) },
      },
      spec: { poolRef: { name: pool }, hostID: server.owner.hostID, slot, intent: 'Serve', intentReason: `adopted ${server.providerID}` },
    });
    await context.store.recordEvent({ kind: 'KamalHost', key: keyOf(host), uid: host.metadata.uid, type: 'Normal', reason: 'Adopted', message: `server ${server.providerID} carries this installation's labels and had no KamalHost` });
    // Not before: the ledger's word that it was left is what the next process adopts it for when this one ends here.
    await context.gate.noteAlive(server.owner.hostID, server.owner.pool, server);
  } catch (error) {
    // Labels that no host of ours could carry must not keep the other servers from being looked at.
    if (!isClass(error, 'AlreadyExists', 'Invalid')) throw error;
  }
});

/** The server's own name and slot where they are free, else the UID as name. */
function identityFor(server: Server, siblings: readonly KamalHost[]): { name: string; slot: number } {
  const slot = slotIn(server.name, server.owner.pool.name);
  const slots = new Set(siblings.filter(({ spec }) => spec.poolRef.name === server.owner.pool.name).map(({ spec }) => spec.slot));
  const taken = slot === undefined || slots.has(slot) || siblings.some(({ metadata }) => metadata.name === server.name);
  if (!taken) return { name: server.name, slot };
  const highest = Math.max(0, ...slots);
  return { name: `${server.owner.pool.name}-${highest + 1}-${server.owner.hostID.slice(0, 8)}`, slot: highest + 1 };
}

async function sweep(context: Context, step: OrphanStep & { kind: 'Sweep' }): Promise<void> {
  if (!context.leadership.isLeader()) return;
  const { server } = step;
  // It was looked at for seconds: whoever owns it by now is asked again, here and, by its label, at the provider.
  const hosts = await context.store.list('KamalHost', { from: 'Fresh' });
  if (hosts.some(({ spec }) => spec.hostID === server.owner.hostID)) return;
  await context.providers[server.provider]?.delete(server);
  context.servers.forget(server.provider);
  await context.gate.noteReleased(server.owner.hostID);
}
