import type { Billing, Price, ProviderName, Server, ServerOwner, ServerPart, ServerSnapshot } from '../model/index.ts';
import type { HostPoolSpec } from '../api/index.ts';

export type Placement = HostPoolSpec['placements'][number];

export interface CreateRequest {
  /** Deterministic: the KamalHost's name. */
  name: string;
  owner: ServerOwner;
  placement: Placement;
  /** Of the pool: what the server must know of SSH, role and addresses. */
  pool: Pick<HostPoolSpec, 'kamal' | 'ssh' | 'addresses'>;
}

/**
 * Where servers are bought. Errors are ClassifiedErrors: `Capacity`, `Quota`, `RateLimited`, `Unauthorized`, `Invalid`,
 * `Transient`, `Unavailable`, and `OutcomeUnknown` when a create may or may not have happened. No call retries `create`.
 */
export interface CloudProvider {
  readonly name: ProviderName;
  readonly billing: Billing;
  /** How long a new server may be missing from lists. A second create attempt waits for a snapshot this much younger than the first. */
  readonly settleSeconds: number;
  /** Every server of the installation, in every state that is paid for. */
  list(installation: string): Promise<ServerSnapshot>;
  /** Servers that carry this UID, asked for anew. */
  find(owner: ServerOwner): Promise<Server[]>;
  /** Makes one server; the answer may come before it runs. */
  create(request: CreateRequest): Promise<Server>;
  /** Reads the owner again, then deletes; an absent server counts as deleted. A server of another owner is `Conflict`. */
  delete(server: Server): Promise<void>;
  /** How old a list may be where no paid call hinges on it: a provider that counts requests is asked less often. Absent: a second. */
  readonly listMaxAgeSeconds?: number;
  /** What a host of this placement costs now; undefined where nothing is charged. Rejects as list does, and with `Invalid` where the provider has no price for it. */
  price?(placement: Placement): Promise<Price | undefined>;
  /** What makes a placement unusable, as a sentence that names field, value and mend; undefined where nothing is known against it. Rejects as list does. */
  problemOf?(placement: Placement): Promise<string | undefined>;
  /**
   * Notes at the provider whether the server serves, and the host key that it made itself, for those who read its labels
   * while no controller runs. Best effort: a failure is no error of the host.
   */
  mark?(server: Server, serving: ServerPart['serving'], hostKey?: string): Promise<void>;
  /** Calls back when something about a server changed, where the provider can tell; else changes show in the next list. */
  watch?(listener: (owner: ServerOwner) => void): { close(): void };
}
