import { type HostPool, type KamalHost, type KamalHostStatus, ROLL_ANNOTATION, keyOf } from '../api/index.ts';
import { type ErrorClass, type HostStep, type Instant, type Outcome, type Server, adviceOf, classOf, fromTimestamp, isClass, requeueAfter, seconds, toTimestamp } from '../model/index.ts';
import type { Placement } from '../ports/index.ts';
import { isQuarantined } from '../report/kept-hosts.ts';
import { withHostStatus } from '../report/status.ts';
import { isLeaving } from './assemble-fleet.ts';
import { type ProvidersSeen, choosePlacement, notSetUp } from './choose-placement.ts';
import { type Context, poolKeyOf } from './context.ts';
import { serverStatus } from './host-endpoint.ts';
import type { Ledger } from './ledger.ts';
import { policyOfPool } from './policy-of-pool.ts';
import { templateHash } from './outdated.ts';
import type { PurchaseRequest } from './purchase-gate.ts';

const LOOK_AGAIN_SECONDS = 30;

/**
 * Spends money: gate, then intent, then the call. A refused reservation changes nothing; the numbered intent is stored
 * on the condition that nobody else wrote; only then is the provider asked, once. An unknown outcome is looked at in a
 * later pass, never answered by a second call in this one.
 */
export async function createServer(context: Context, host: KamalHost, pool: HostPool, step: HostStep & { kind: 'CreateServer' }): Promise<Outcome> {
  const now = context.clock.now();
  const wait = ((fromTimestamp(host.status?.nextAttemptAt) ?? 0) - now) / seconds(1);
  if (wait > 0) return requeueAfter(wait);
  const ledger = await context.gate.read();
  const choice = choosePlacement(pool, ledger, providersSeen(context), now);
  if (choice.kind === 'Wait') return refuse(context, host, choice.class, choice.message, pauseSeconds(choice.until, now), choice.placement.name);
  const { placement } = choice;
  const provider = context.providers[placement.provider];
  if (provider === undefined) throw new Error(notSetUp(placement));

  const name = await freeName(context, host, placement);
  const answer = await context.gate.reserve(await purchase(context, host, pool, placement, ledger));
  if (answer.kind === 'Refused') {
    context.meters.purchaseRefused(poolKeyOf(host), answer.reason);
    return refuse(context, host, 'Quota', answer.message, answer.reason === 'MaxReplicas' || answer.reason === 'ProviderCeiling' ? 5 : LOOK_AGAIN_SECONDS);
  }
  const intended = await context.store.updateStatus('KamalHost', withHostStatus(host, {
    createAttempts: step.attempt, lastCreateIntentAt: toTimestamp(context.clock.now()), placement: placement.name, provider: placement.provider, reason: step.why,
    templateHash: templateHash(pool, placement), rollID: pool.metadata.annotations?.[ROLL_ANNOTATION],
  }, context.clock.now()));
  if (!context.leadership.isLeader()) return requeueAfter(1);

  const owner = { installation: context.installation, pool: poolKeyOf(host), hostID: host.spec.hostID };
  try {
    const server = await provider.create({ name, owner, placement, pool: pool.spec });
    context.servers.forget(placement.provider);
    await noteServer(context, intended, pool, server);
    await context.gate.noteBought(placement, poolKeyOf(host));
    return requeueAfter(0);
  } catch (error) {
    context.servers.forget(placement.provider);
    return afterFailure(context, intended, pool, placement, error);
  }
}

const providersSeen = ({ providers, servers }: Context): ProvidersSeen => ({ isSetUp: (name) => providers[name] !== undefined, away: (name) => servers.away(name) });

/**
 * The host's own name, unless another server of ours carries it: one that was bought after the backup that this store comes
 * from was adopted as another host, and where names can be taken once only, this host would wait for its name for ever.
 */
async function freeName(context: Context, { metadata: { name }, spec: { hostID, poolRef, slot } }: KamalHost, placement: Placement): Promise<string> {
  const { servers } = await context.servers.snapshot(placement.provider, context.clock.now() - seconds(1));
  return servers.some((server) => server.name === name && server.owner.hostID !== hostID) ? `${poolRef.name}-${slot}-${hostID.slice(0, 8)}` : name;
}

/** All that the gate judges a purchase by. */
async function purchase(context: Context, host: KamalHost, pool: HostPool, placement: Placement, ledger: Ledger): Promise<PurchaseRequest> {
  const [tariff, policy, siblings, unledgeredServers] = await Promise.all([
    context.prices.tariffOf(placement), policyOfPool(context, pool),
    context.store.list('KamalHost', { namespace: host.metadata.namespace, from: 'Cached' }), unledgered(context, host, placement, ledger),
  ]);
  const lost = siblings.filter((sibling) => sibling.spec.poolRef.name === pool.metadata.name && (sibling.status?.health === 'Unhealthy' || isLeaving(sibling) || isQuarantined(sibling)));
  return {
    hostID: host.spec.hostID, pool: poolKeyOf(host), placement, tariff, unledgeredServers,
    maxReplicas: pool.spec.maxReplicas, fixedHosts: pool.spec.fixedHosts?.length ?? 0,
    minHosts: policy?.spec.minHosts ?? 0, lost: lost.map(({ spec }) => spec.hostID), kept: lost.filter(isQuarantined).map(({ spec }) => spec.hostID), ...(policy?.spec.budget === undefined ? {} : { budget: policy.spec.budget }),
  };
}

async function noteServer(context: Context, host: KamalHost, pool: HostPool, server: Server): Promise<void> {
  await context.gate.noteAlive(host.spec.hostID, poolKeyOf(host), server);
  await context.store.updateStatus('KamalHost', withHostStatus(host, {
    ...serverStatus(server, pool), failure: undefined, lastCreateEndedAt: toTimestamp(context.clock.now()),
  }, context.clock.now()));
}

/** Servers of this pool that the ledger does not know, such as after a lost ledger: they count, so that max holds at the call too. */
async function unledgered(context: Context, host: KamalHost, placement: Placement, ledger: Ledger): Promise<number> {
  const snapshot = await context.servers.snapshot(placement.provider, context.clock.now() - seconds(1));
  const { namespace, name } = poolKeyOf(host);
  return snapshot.servers.filter(({ owner }) => owner.pool.namespace === namespace && owner.pool.name === name
    && owner.hostID !== host.spec.hostID && ledger.entries[owner.hostID] === undefined).length;
}

async function afterFailure(context: Context, host: KamalHost, pool: HostPool, placement: Placement, error: unknown): Promise<Outcome> {
  if (isClass(error, 'Conflict', 'NotLeader')) throw error;
  const endedAt = context.clock.now();
  const errorClass = classOf(error);
  const words = adviceOf(error);
  await context.gate.noteRefused({ placement, pool: poolKeyOf(host), class: errorClass, message: words, attempts: host.status?.createAttempts ?? 1 });
  const message = `${placement.name}: ${words}`;
  await context.store.recordEvent({ kind: 'KamalHost', key: keyOf(host), uid: host.metadata.uid, type: 'Warning', reason: 'CreateFailed', message });
  const now = context.clock.now();
  const next = choosePlacement(pool, await context.gate.read(), providersSeen(context), now);
  const untried = next.kind === 'Take' && next.placement !== placement;
  const paused = next.kind === 'Wait' ? pauseSeconds(next.until, now) : 0;
  const afterSeconds = Math.max(paused, waitAfter(errorClass, untried, isClass(error, 'RateLimited') ? error.retryAfterSeconds : undefined));
  return refuse(context, host, errorClass, message, afterSeconds, next.placement.name, { lastCreateEndedAt: toTimestamp(endedAt) });
}

/** What is paused is free earlier when a server leaves; looking costs no call. */
const pauseSeconds = (until: Instant, now: Instant): number => Math.min(LOOK_AGAIN_SECONDS, (until - now) / seconds(1));

/** Seconds until the next look: soon where another placement may help or the outcome is open, later where a person must act. */
function waitAfter(errorClass: ErrorClass, untriedPlacement: boolean, retryAfterSeconds: number | undefined): number {
  if (retryAfterSeconds !== undefined) return retryAfterSeconds;
  if (untriedPlacement || errorClass === 'OutcomeUnknown') return 1;
  if (errorClass === 'Transient' || errorClass === 'Unavailable') return 5;
  return LOOK_AGAIN_SECONDS;
}

async function refuse(context: Context, host: KamalHost, errorClass: ErrorClass, message: string, afterSeconds: number, placement?: string, more: Partial<KamalHostStatus> = {}): Promise<Outcome> {
  const now = context.clock.now();
  const failure = { class: errorClass, message, at: toTimestamp(now), count: 0 };
  await context.store.updateStatus('KamalHost', withHostStatus(host, {
    ...more, reason: message, failure, nextAttemptAt: toTimestamp(now + seconds(afterSeconds)), ...(placement === undefined ? {} : { placement }),
  }, now));
  return requeueAfter(afterSeconds);
}
