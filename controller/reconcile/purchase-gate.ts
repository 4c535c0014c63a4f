import { type ObjectKey, keyText } from '../api/index.ts';
import { type ProviderName, type Server, isClass } from '../model/index.ts';
import type { Clock, Documents } from '../ports/index.ts';
import { type Ledger, living, markAlive, markRetained, prune, readLedger, release, reserve } from './ledger.ts';

export const LEDGER_DOCUMENT = 'ledger';

export interface PurchaseRequest {
  hostID: string;
  pool: ObjectKey;
  provider: ProviderName;
  placement: string;
  /** Of the pool: everything that exists at once counts. */
  maxReplicas: number;
  fixedHosts: number;
  /** Servers of the pool that the provider lists but no ledger entry knows. */
  unledgeredServers: number;
}

export type PurchaseAnswer = { kind: 'Reserved' } | { kind: 'Refused'; reason: 'MaxReplicas' | 'ProviderCeiling'; message: string };

/** The one place through which every create call goes, one at a time. The calls themselves then run in parallel. */
export interface PurchaseGate {
  /** Asked again with the same hostID it keeps its first answer. Rejects when the ledger cannot be written: then nothing is bought. */
  reserve(request: PurchaseRequest): Promise<PurchaseAnswer>;
  noteAlive(hostID: string, pool: ObjectKey, server: Server): Promise<void>;
  noteRetained(hostID: string): Promise<void>;
  noteReleased(hostID: string): Promise<void>;
  /** The ledger as last written. */
  read(): Promise<Ledger>;
}

/** `ceilings`: greatest number of living servers a provider, over all pools. */
export function createPurchaseGate(documents: Documents, clock: Clock, ceilings: Partial<Record<ProviderName, number>>): PurchaseGate {
  let last: Promise<unknown> = Promise.resolve();

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
    if (ledger === before) return result;
    try {
      await documents.save(LEDGER_DOCUMENT, prune(ledger, clock.now()), stored?.version);
      return result;
    } catch (error) {
      if (tries > 1 && isClass(error, 'Conflict', 'AlreadyExists')) return attempt(change, tries - 1);
      throw error;
    }
  }

  const note = (change: (ledger: Ledger) => Ledger): Promise<void> =>
    inTurn((ledger) => ({ ledger: change(ledger), result: undefined }));

  return {
    reserve: (request) => inTurn((ledger) => {
      const refusal = refuse(ledger, request, ceilings[request.provider]);
      if (refusal !== undefined) return { ledger, result: refusal };
      const { hostID, pool, provider, placement } = request;
      return { ledger: reserve(ledger, hostID, pool, provider, placement, clock.now()), result: { kind: 'Reserved' } };
    }),
    noteAlive: (hostID, pool, server) => note((ledger) => {
      const entry = ledger.entries[hostID];
      return entry?.state === 'Alive' && entry.placement === server.placement ? ledger : markAlive(ledger, hostID, pool, server);
    }),
    noteRetained: (hostID) => note((ledger) => markRetained(ledger, hostID)),
    noteReleased: (hostID) => note((ledger) => release(ledger, hostID, clock.now())),
    read: () => inTurn((ledger) => ({ ledger, result: ledger })),
  };
}

function refuse(ledger: Ledger, request: PurchaseRequest, ceiling: number | undefined): PurchaseAnswer | undefined {
  const others = living(ledger).filter(([hostID]) => hostID !== request.hostID);
  const ofPool = others.filter(([, entry]) => entry.pool === keyText(request.pool)).length;
  const total = request.fixedHosts + ofPool + request.unledgeredServers + 1;
  if (total > request.maxReplicas) {
    return { kind: 'Refused', reason: 'MaxReplicas', message: `host ${total} of pool ${keyText(request.pool)} would exceed maxReplicas ${request.maxReplicas}: raise spec.maxReplicas, or wait for a host to leave` };
  }
  const atProvider = others.filter(([, entry]) => entry.provider === request.provider).length + 1;
  if (ceiling !== undefined && atProvider > ceiling) {
    return { kind: 'Refused', reason: 'ProviderCeiling', message: `server ${atProvider} at ${request.provider} would exceed the installation's ceiling of ${ceiling}: raise the ceiling, or wait for a host to leave` };
  }
  return undefined;
}
