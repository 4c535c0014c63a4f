import { type ObjectKey, keyText } from '../api/index.ts';
import { type Budget, type ErrorClass, type Instant, type ProviderName, type Server, type Tariff, isClass, isYoung, seconds, toTimestamp } from '../model/index.ts';
import type { Clock, Documents, Placement } from '../ports/index.ts';
import { type BudgetScope, INSTALLATION_BUDGET, POLICY_BUDGET, budgetFor, inCurrency, judgeBudget } from './budget.ts';
import { askedFor, pausesPlacement, quotaOf, withPause, withQuota, withoutPause } from './learned-limits.ts';
import { type KnownTariff, type Ledger, living, markAlive, markRetained, noteTariff, prune, readLedger, release, reserve } from './ledger.ts';
import { spendOf } from './spend.ts';

export const LEDGER_DOCUMENT = 'ledger';

export interface PurchaseRequest {
  hostID: string;
  pool: ObjectKey;
  placement: Placement;
  /** Of the pool: everything that exists at once counts. */
  maxReplicas: number;
  fixedHosts: number;
  /** Servers of the pool that the provider lists but no ledger entry knows. */
  unledgeredServers: number;
  tariff: Tariff;
  /** Of the pool's policy. */
  budget?: Budget;
  /** Below so many hosts no budget stops a purchase: a person wrote that so many must serve. */
  minHosts: number;
  /** UIDs of the pool's hosts that are unhealthy, leave or are in quarantine: they do not count towards minHosts, and are not projected. */
  lost: readonly string[];
  /** Those of them that are in quarantine: they are projected, for they stay. */
  kept?: readonly string[];
}

export type RefusalReason = 'MaxReplicas' | 'ProviderCeiling' | 'ProviderQuota' | 'Budget' | 'InstallationBudget' | 'BudgetCurrency' | 'PriceUnknown';

export type PurchaseAnswer = { kind: 'Reserved' } | { kind: 'Refused'; reason: RefusalReason; message: string };

/** Limits of the whole installation. */
export interface InstallationLimits {
  /** Greatest number of living servers a provider, over all pools. */
  ceilings: Partial<Record<ProviderName, number>>;
  /** Most that a calendar month may cost, by currency. */
  budgets: Readonly<Record<string, number>>;
}

/** A create call that the provider refused. */
export interface RefusedCall {
  placement: Placement;
  pool: ObjectKey;
  class: ErrorClass;
  message: string;
  /** Create calls of this host so far. */
  attempts: number;
}

/** The one place through which every create call goes, one at a time. The calls themselves then run in parallel. */
export interface PurchaseGate {
  /** Asked again with the same hostID it keeps its first answer. Rejects when the ledger cannot be written: then nothing is bought. */
  reserve(request: PurchaseRequest): Promise<PurchaseAnswer>;
  noteAlive(hostID: string, pool: ObjectKey, server: Server): Promise<void>;
  /** A create call went through: what stood against its placement is over. */
  noteBought(placement: Placement, pool: ObjectKey): Promise<void>;
  /** What one host learned holds for all of them. */
  noteRefused(call: RefusedCall): Promise<void>;
  /** Prices of servers that were not known when they came, by host UID. */
  noteTariffs(tariffs: Readonly<Record<string, KnownTariff>>): Promise<void>;
  noteRetained(hostID: string): Promise<void>;
  noteReleased(hostID: string): Promise<void>;
  /** The ledger as last written. */
  read(): Promise<Ledger>;
  /** The ledger as this process last saw it, at most some seconds old: for decisions, which the gate checks again. */
  glance(): Promise<Ledger>;
  readonly limits: InstallationLimits;
}

const GLANCE_SECONDS = 5;

export function createPurchaseGate(documents: Documents, clock: Clock, limits: InstallationLimits): PurchaseGate {
  let last: Promise<unknown> = Promise.resolve();
  let seen: { at: Instant; ledger: Ledger } | undefined;

  /** Runs one change after the other; a conflict with another writer is read again and repeated. */
  function inTurn<T>(change: (ledger: Ledger) => { ledger: Ledger; result: T }): Promise<T> {
    const turn = last.then(() => attempt(change, 5));
    last = turn.catch(() => undefined);
    return turn;
  }

  async function attempt<T>(change: (ledger: Ledger) => { ledger: Ledger; result: T }, tries: number): Promise<T> {
    const stored = await documents.load(LEDGER_DOCUMENT);
    const before = readLedger(stored?.value);
    const { ledger, result } = change(before);
    seen = { at: clock.now(), ledger };
    if (ledger === before) return result;
    try {
      await documents.save(LEDGER_DOCUMENT, prune(ledger, clock.now()), stored?.version);
      return result;
    } catch (error) {
      seen = undefined;
      if (tries > 1 && isClass(error, 'Conflict', 'AlreadyExists')) return attempt(change, tries - 1);
      throw error;
    }
  }

  const note = (change: (ledger: Ledger) => Ledger): Promise<void> =>
    inTurn((ledger) => ({ ledger: change(ledger), result: undefined }));
  const read = (): Promise<Ledger> => inTurn((ledger) => ({ ledger, result: ledger }));

  return {
    limits,
    reserve: (request) => inTurn((ledger) => {
      const refusal = refuse(ledger, request, limits, clock.now());
      if (refusal !== undefined) return { ledger, result: refusal };
      const { hostID, pool, placement, tariff } = request;
      return { ledger: reserve(ledger, hostID, pool, placement.provider, placement.name, tariff, clock.now()), result: { kind: 'Reserved' } };
    }),
    noteAlive: (hostID, pool, server) => note((ledger) => {
      const entry = ledger.entries[hostID];
      return entry?.state === 'Alive' && entry.placement === server.placement ? ledger : markAlive(ledger, hostID, pool, server);
    }),
    noteBought: (placement, pool) => note((ledger) => {
      const asked = askedFor(placement, keyText(pool));
      return ledger.limits?.pauses[asked] === undefined ? ledger : { ...ledger, limits: withoutPause(ledger.limits, asked) };
    }),
    noteRefused: (call) => note((ledger) => learn(ledger, call, clock.now())),
    noteTariffs: (tariffs) => note((ledger) => Object.entries(tariffs).reduce((filled, [hostID, tariff]) => noteTariff(filled, hostID, tariff), ledger)),
    noteRetained: (hostID) => note((ledger) => markRetained(ledger, hostID)),
    noteReleased: (hostID) => note((ledger) => release(ledger, hostID, clock.now())),
    read,
    glance: async () => (seen !== undefined && isYoung(seen.at, seconds(GLANCE_SECONDS), clock.now()) ? seen.ledger : read()),
  };
}

function learn(ledger: Ledger, { placement, pool, class: errorClass, message, attempts }: RefusedCall, now: Instant): Ledger {
  if (errorClass === 'Quota') return { ...ledger, limits: withQuota(ledger.limits, placement.provider, serversAt(ledger, placement.provider), message, now) };
  return pausesPlacement(errorClass, attempts) ? { ...ledger, limits: withPause(ledger.limits, askedFor(placement, keyText(pool)), errorClass, message, now) } : ledger;
}

/** Servers that are known to be there. A reservation is none yet: those that a provider refused must not hold the place of one that left. */
export const serversAt = (ledger: Ledger, provider: string): number =>
  living(ledger).filter(([, entry]) => entry.provider === provider && entry.launchedAt !== undefined).length;

function refuse(ledger: Ledger, request: PurchaseRequest, limits: InstallationLimits, now: Instant): PurchaseAnswer | undefined {
  return tooMany(ledger, request, limits.ceilings[request.placement.provider]) ?? overQuota(ledger, request, now) ?? overBudget(ledger, request, limits.budgets, now);
}

function tooMany(ledger: Ledger, request: PurchaseRequest, ceiling: number | undefined): PurchaseAnswer | undefined {
  const others = living(ledger).filter(([hostID]) => hostID !== request.hostID);
  const total = request.fixedHosts + ofPool(others, request.pool).length + request.unledgeredServers + 1;
  if (total > request.maxReplicas) {
    return { kind: 'Refused', reason: 'MaxReplicas', message: `host ${total} of pool ${keyText(request.pool)} would exceed maxReplicas ${request.maxReplicas}: raise spec.maxReplicas, or wait for a host to leave` };
  }
  const { provider } = request.placement;
  const atProvider = others.filter(([, entry]) => entry.provider === provider).length + 1;
  if (ceiling !== undefined && atProvider > ceiling) {
    return { kind: 'Refused', reason: 'ProviderCeiling', message: `server ${atProvider} at ${provider} would exceed the installation's ceiling of ${ceiling}: raise the ceiling, or wait for a host to leave` };
  }
  return undefined;
}

function overQuota(ledger: Ledger, { placement: { provider } }: PurchaseRequest, now: Instant): PurchaseAnswer | undefined {
  const quota = quotaOf(ledger.limits, provider, now);
  if (quota === undefined || serversAt(ledger, provider) < quota.servers) return undefined;
  return { kind: 'Refused', reason: 'ProviderQuota', message: `${quotaText(provider, quota)}: ${quota.message}` };
}

export const quotaText = (provider: string, { servers, untilAt }: { servers: number; untilAt: Instant }): string =>
  `${provider} refuses more than the ${servers} servers that are there; it is asked again when one has left, or at ${toTimestamp(untilAt)}`;

function overBudget(ledger: Ledger, request: PurchaseRequest, budgets: InstallationLimits['budgets'], now: Instant): PurchaseAnswer | undefined {
  const { hostID, pool, lost, kept = [], tariff, fixedHosts, unledgeredServers, minHosts } = request;
  const others = { ...ledger, entries: Object.fromEntries(Object.entries(ledger.entries).filter(([id]) => id !== hostID)) };
  const serving = fixedHosts + unledgeredServers + ofPool(living(others), pool).filter(([id]) => !lost.includes(id)).length;
  if (serving < minHosts) return undefined;
  const leaving = new Set(lost.filter((id) => !kept.includes(id)));
  const check = (scope: BudgetScope, budget: Budget | undefined, spend: ReturnType<typeof spendOf>, reason: RefusalReason): PurchaseAnswer | undefined => {
    const verdict = budget === undefined ? undefined : judgeBudget(scope, budget, spend, tariff, now);
    if (verdict === undefined || verdict.kind === 'Unlimited' || (verdict.kind === 'Room' && verdict.hosts > 0)) return undefined;
    return { kind: 'Refused', reason: verdict.kind === 'Blind' ? verdict.reason : reason, message: `${verdict.text}: ${verdict.liftedBy}` };
  };
  const installation = budgetFor(budgets, tariff);
  const all = spendOf(others, now, { leaving });
  return check(POLICY_BUDGET, request.budget, spendOf(others, now, { pool: keyText(pool), leaving }), 'Budget')
    ?? check(INSTALLATION_BUDGET, installation, installation === undefined ? all : inCurrency(all, installation.currency), 'InstallationBudget');
}

const ofPool = (entries: ReturnType<typeof living>, pool: ObjectKey): ReturnType<typeof living> => entries.filter(([, entry]) => entry.pool === keyText(pool));
