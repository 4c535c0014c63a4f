import { ClassifiedError, type InstanceListing, type Membership } from '../../model/index.ts';
import type { Clock, Leadership, LoadBalancer, LoadBalancerSpec } from '../../ports/index.ts';
import { type ConfigRequest, type ConfigResponse, carriesToken, documentResponse, refusalResponse } from './config-endpoint.ts';
import type { TraefikAPISettings } from './traefik-api.ts';
import { DEFAULT_TRANSPORT, type MemberTransport, traefikDocument } from './traefik-document.ts';
import { type TraefikListings, createTraefikListings } from './traefik-listings.ts';

export interface TraefikSettings {
  /** Traefik must send `Authorization: Bearer TOKEN`; absent: whoever reaches the port may read the members. */
  token?: string;
  transport: MemberTransport;
  api: TraefikAPISettings;
}

export const DEFAULT_TRAEFIK_SETTINGS: TraefikSettings = {
  transport: DEFAULT_TRANSPORT,
  api: { timeoutMilliseconds: 2_000, headers: {} },
};

interface Served {
  generation: number;
  text: string;
}

/**
 * Traefik instances that poll this controller with their HTTP provider. The membership is kept in memory only:
 * the caller stores it before `apply`, and applies the stored one again when this process becomes the leader.
 */
export class TraefikHTTP implements LoadBalancer {
  readonly #leadership: Leadership;
  readonly #settings: TraefikSettings;
  readonly #listings: TraefikListings;
  #served: Served | undefined;

  constructor(clock: Clock, leadership: Leadership, settings: TraefikSettings = DEFAULT_TRAEFIK_SETTINGS) {
    this.#leadership = leadership;
    this.#settings = settings;
    this.#listings = createTraefikListings(clock, settings.api);
    // What was served in an earlier term may be older than what another leader has served since.
    leadership.onChange(() => {
      this.#served = undefined;
    });
  }

  /** Throws `Invalid` for a membership that must not be served; the one before it stays. */
  async apply(membership: Membership): Promise<void> {
    if (this.#served !== undefined && membership.generation <= this.#served.generation) return;
    const document = traefikDocument(membership, this.#settings.transport);
    switch (document.kind) {
      case 'Document':
        this.#served = { generation: membership.generation, text: document.text };
        this.#listings.forget();
        return;
      case 'Refused':
        throw new ClassifiedError('Invalid', `membership ${membership.generation} is not served to Traefik: ${document.why}`);
    }
  }

  /** The answer to Traefik's poll of `CONFIG_PATH`. */
  respond(request: ConfigRequest): ConfigResponse {
    const { token } = this.#settings;
    if (token !== undefined && !carriesToken(request, token)) return refusalResponse(401, 'the token is missing or wrong: set providers.http.headers.Authorization');
    if (request.method !== 'GET') return refusalResponse(405, `${request.method} is not answered here, GET is`);
    if (!this.#leadership.isLeader()) return refusalResponse(503, 'this instance does not lead: keep what you have, ask the leader');
    if (this.#served === undefined) return refusalResponse(503, 'no membership is known yet: keep what you have');
    return documentResponse(this.#served.text);
  }

  async confirm({ traefik }: LoadBalancerSpec): Promise<InstanceListing[]> {
    return traefik === undefined ? [] : await this.#listings.of(traefik.apiURLs, `${traefik.service}@http`);
  }
}
