import type { ObjectKey } from '../api/meta.ts';
import type { Ports } from './endpoint.ts';
import type { Instant } from './time.ts';

export type ProviderName = 'Local' | 'Static';

/** How a provider charges: by started hours, by the second, or not at all. */
export type Billing = 'Hour' | 'Second' | 'None';

/** `Starting`, `Running`, `Off` and `Leaving` servers are all paid for. `Off` means that the provider knows it has no power. */
export type ServerState = 'Starting' | 'Running' | 'Off' | 'Leaving';

/** Who a server belongs to, as its labels say. */
export interface ServerOwner {
  installation: string;
  pool: ObjectKey;
  hostID: string;
}

/** A server at a provider. */
export interface Server {
  provider: ProviderName;
  placement: string;
  /** Unique at the provider. */
  providerID: string;
  name: string;
  owner: ServerOwner;
  state: ServerState;
  address?: string;
  ports?: Partial<Ports>;
  createdAt: Instant;
}

/** All servers of one installation at one provider, at one time. */
export interface ServerSnapshot {
  provider: ProviderName;
  asOf: Instant;
  servers: Server[];
}
