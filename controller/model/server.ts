import type { ObjectKey } from '../api/meta.ts';
import type { Ports } from './endpoint.ts';
import type { ErrorClass } from './errors.ts';
import type { Instant } from './time.ts';

export type ProviderName = 'Local' | 'Static' | 'Hetzner' | 'DigitalOcean';

/** How a provider charges: by started hours, by the second, or not at all. */
export type Billing = 'Hour' | 'Second' | 'None';

/** `Starting`, `Running`, `Off` and `Leaving` servers are all paid for. `Off` means that the provider knows it has no power. */
export type ServerState = 'Starting' | 'Running' | 'Off' | 'Leaving';

/** The addresses that a cloud gave a server. */
export interface Addresses {
  private?: string;
  publicIPv4?: string;
  publicIPv6?: string;
}

/** What a server costs. Amounts are what the provider bills, without discounts, and net of tax. */
export interface Price {
  /** ISO 4217, as the provider says. */
  currency: string;
  /** Of one hour; of each started one where hours are billed. */
  hour: number;
  /** The most that one calendar month costs, where the provider caps it. */
  monthCap?: number;
}

/** What is known of a server's cost. `Free`: nothing is charged. */
export type Tariff =
  | { kind: 'Free' }
  | { kind: 'Priced'; price: Price; billing: 'Hour' | 'Second' }
  | { kind: 'Unknown'; why: string };

/** The most that a calendar month (UTC) may cost, net of tax. */
export interface Budget {
  perMonth: number;
  /** ISO 4217; nothing is converted. */
  currency: string;
}

/** Who a server belongs to, as its labels say. */
export interface ServerOwner {
  installation: string;
  pool: ObjectKey;
  hostID: string;
}

/** What the labels of a server say of its part, for those who look while no controller runs. */
export interface ServerPart {
  service: string;
  role: string;
  destination?: string;
  serving: 'Serving' | 'NotServing';
  /** Where SSH and Kamal reach it, once its provider told. */
  sshAddress?: string;
  sshPort: number;
  /** The host key that it made itself, as `type base64`. */
  hostKey?: string;
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
  /** Where it answers, from a provider whose servers have one address. */
  address?: string;
  /** By network, from a provider whose servers have several; the pool says which of them counts for what. */
  addresses?: Addresses;
  ports?: Partial<Ports>;
  /** From a provider whose servers carry labels. */
  part?: ServerPart;
  createdAt: Instant;
  /** What the provider says went wrong while it made the server, which will not come up by itself. Known to the process that ordered it alone. */
  trouble?: { class: ErrorClass; message: string };
}

/** All servers of one installation at one provider, at one time. */
export interface ServerSnapshot {
  provider: ProviderName;
  asOf: Instant;
  servers: Server[];
}
