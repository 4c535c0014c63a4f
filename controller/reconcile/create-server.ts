import { type HostPool, type KamalHost, keyOf } from '../api/index.ts';
import { type ErrorClass, type HostStep, type Outcome, type Server, classOf, fromTimestamp, isClass, messageOf, requeueAfter, seconds, toTimestamp } from '../model/index.ts';
import type { Placement } from '../ports/index.ts';
import { withHostStatus } from '../report/status.ts';
import { type Context, poolKeyOf } from './context.ts';
import { serverStatus } from './host-endpoint.ts';

/**
 * Spends money: gate, then intent, then the call. A refused reservation changes nothing; the numbered intent is stored
 * on the condition that nobody else wrote; only then is the provider asked, once. An unknown outcome is looked at in a
 * later pass, never answered by a second call in this one.
 */
export async function createServer(context: Context, host: KamalHost, pool: HostPool, step: HostStep & { kind: 'CreateServer' }): Promise<Outcome> {
  const wait = ((fromTimestamp(host.status?.nextAttemptAt) ?? 0) - context.clock.now()) / seconds(1);
  if (wait > 0) return requeueAfter(wait);
  const placement = placementFor(host, pool);
  const provider = context.providers[placement.provider];
  if (provider === undefined) return refuse(context, host, 'Invalid', `provider ${placement.provider} of placement ${placement.name} is not set up in this installation`, 60);

  const answer = await context.gate.reserve({
    hostID: host.spec.hostID, pool: poolKeyOf(host), provider: placement.provider, placement: placement.name,
    maxReplicas: pool.spec.maxReplicas, fixedHosts: pool.spec.fixedHosts?.length ?? 0, unledgeredServers: await unledgered(context, host, placement),
  });
  if (answer.kind === 'Refused') {
    context.meters.purchaseRefused(poolKeyOf(host), answer.reason);
    return refuse(context, host, 'Quota', answer.message, 5);
  }
  const intended = await context.store.updateStatus('KamalHost', withHostStatus(host, {
    createAttempts: step.attempt, lastCreateIntentAt: toTimestamp(context.clock.now()), placement: placement.name, provider: placement.provider, reason: step.why,
  }, context.clock.now()));
  if (!context.leadership.isLeader()) return requeueAfter(1);

  const owner = { installation: context.installation, pool: poolKeyOf(host), hostID: host.spec.hostID };
  try {
    const server = await provider.create({ name: host.metadata.name, owner, placement, pool: pool.spec });
    context.servers.forget(placement.provider);
    await noteServer(context, intended, pool, server);
    return requeueAfter(0);
  } catch (error) {
    context.servers.forget(placement.provider);
    return afterFailure(context, intended, pool, placement, error);
  }
}

async function noteServer(context: Context, host: KamalHost, pool: HostPool, server: Server): Promise<void> {
  await context.gate.noteAlive(host.spec.hostID, poolKeyOf(host), server);
  await context.store.updateStatus('KamalHost', withHostStatus(host, {
    ...serverStatus(server, pool), failure: undefined,
  }, context.clock.now()));
}

/** The placement that the host's status names, else the first; a capacity error has moved the status to the next. */
function placementFor(host: KamalHost, pool: HostPool): Placement {
  const { placements } = pool.spec;
  const chosen = placements.find(({ name }) => name === host.status?.placement) ?? placements[0];
  if (chosen === undefined) throw new Error(`pool ${pool.metadata.name} has no placement`);
  return chosen;
}

/** Servers of this pool that the ledger does not know, such as after a lost ledger: they count, so that max holds at the call too. */
async function unledgered(context: Context, host: KamalHost, placement: Placement): Promise<number> {
  const [ledger, snapshot] = await Promise.all([context.gate.read(), context.servers.snapshot(placement.provider, context.clock.now() - seconds(1))]);
  const { namespace, name } = poolKeyOf(host);
  return snapshot.servers.filter(({ owner }) => owner.pool.namespace === namespace && owner.pool.name === name
    && owner.hostID !== host.spec.hostID && ledger.entries[owner.hostID] === undefined).length;
}

async function afterFailure(context: Context, host: KamalHost, pool: HostPool, placement: Placement, error: unknown): Promise<Outcome> {
  if (isClass(error, 'Conflict', 'NotLeader')) throw error;
  const errorClass = classOf(error);
  const next = errorClass === 'Capacity' || errorClass === 'Quota' ? nextPlacement(pool, placement) : placement;
  // Back at the first placement all have refused: asking them in turn each second would help nobody.
  const untried = next !== placement && next !== pool.spec.placements[0];
  const afterSeconds = waitAfter(errorClass, untried, isClass(error, 'RateLimited') ? error.retryAfterSeconds : undefined);
  await context.store.recordEvent({ kind: 'KamalHost', key: keyOf(host), uid: host.metadata.uid, type: 'Warning', reason: 'CreateFailed', message: `${placement.name}: ${messageOf(error)}` });
  return refuse(context, host, errorClass, `${placement.name}: ${messageOf(error)}`, afterSeconds, next.name);
}

const nextPlacement = (pool: HostPool, placement: Placement): Placement => {
  const { placements } = pool.spec;
  return placements[(placements.findIndex(({ name }) => name === placement.name) + 1) % placements.length] ?? placement;
};

/** Seconds until the next look: soon where a placement that was not asked yet may help or the outcome is open, later where a person must act. */
function waitAfter(errorClass: ErrorClass, untriedPlacement: boolean, retryAfterSeconds: number | undefined): number {
  if (retryAfterSeconds !== undefined) return retryAfterSeconds;
  if (untriedPlacement || errorClass === 'OutcomeUnknown') return 1;
  if (errorClass === 'Transient' || errorClass === 'Unavailable') return 5;
  return 30;
}

async function refuse(context: Context, host: KamalHost, errorClass: ErrorClass, message: string, afterSeconds: number, placement?: string): Promise<Outcome> {
  const now = context.clock.now();
  const failure = { class: errorClass, message, at: toTimestamp(now), count: 0 };
  await context.store.updateStatus('KamalHost', withHostStatus(host, {
    reason: message, failure, nextAttemptAt: toTimestamp(now + seconds(afterSeconds)), ...(placement === undefined ? {} : { placement }),
  }, now));
  return requeueAfter(afterSeconds);
}
