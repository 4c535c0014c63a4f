import { type Membership, type PoolMembership, httpURL, messageOf } from '../../model/index.ts';
import { keyText } from '../../api/index.ts';

/** How Traefik connects to members. */
export interface MemberTransport {
  /** Seconds until a connection attempt is given up; Traefik's own 30 s hang every request to a host whose packets are lost. */
  dialTimeoutSeconds: number;
  /**
   * Seconds from the sent request to the first byte of the answer; absent: no limit. It frees requests on connections
   * that were open when a host vanished, and answers 504 to every honest request that takes longer.
   */
  responseHeaderTimeoutSeconds?: number;
}

export const DEFAULT_TRANSPORT: MemberTransport = { dialTimeoutSeconds: 2 };

/** The document as served, or why this membership must not be served. */
export type TraefikDocument = { kind: 'Document'; text: string } | { kind: 'Refused'; why: string };

/** Name of the servers transport in the document, `kamal-members@http` for Traefik's API. */
const TRANSPORT_NAME = 'kamal-members';

/**
 * Traefik's dynamic configuration for all pools: services only, the routers stay in the hands of people. Equal
 * memberships give equal text, whatever their order: each change makes Traefik rebuild all checks and call servers
 * that are down up again. Refused: no pool at all (Traefik would drop every route), a pool that is empty without
 * being wanted so, a service name of two pools.
 */
export function traefikDocument(membership: Membership, transport: MemberTransport = DEFAULT_TRANSPORT): TraefikDocument {
  const why = refusal(membership.pools);
  if (why !== undefined) return { kind: 'Refused', why };
  const pools = membership.pools.toSorted((a, b) => compare(a.service, b.service));
  const document = {
    http: {
      services: Object.fromEntries(pools.map((pool) => [pool.service, { loadBalancer: loadBalancer(pool) }])),
      serversTransports: { [TRANSPORT_NAME]: serversTransport(transport) },
    },
  };
  return { kind: 'Document', text: `${JSON.stringify(document, null, 1)}\n` };
}

function refusal(pools: readonly PoolMembership[]): string | undefined {
  if (pools.length === 0) return 'no pool has a load balancer yet';
  const owners = new Map<string, PoolMembership>();
  for (const pool of pools) {
    const other = owners.get(pool.service);
    if (other !== undefined) return `pools ${keyText(other.pool)} and ${keyText(pool.pool)} both name the Traefik service ${pool.service}: give one of them another name`;
    owners.set(pool.service, pool);
    const empty = emptiness(pool);
    if (empty !== undefined) return empty;
    const wrong = pool.members.map(badAddress).find((text) => text !== undefined);
    if (wrong !== undefined) return `pool ${keyText(pool.pool)}: ${wrong}`;
  }
  return undefined;
}

/** Why a pool may not be put into effect as empty as it is; undefined where it may. */
export const emptiness = ({ pool, members, emptyWanted }: PoolMembership): string | undefined =>
  (members.length === 0 && !emptyWanted ? `pool ${keyText(pool)} has no member and nobody asked for that` : undefined);

/** One unreadable URL would make Traefik drop the whole service. */
function badAddress({ name, address, port }: PoolMembership['members'][number]): string | undefined {
  if (address === '') return `member ${name} has no address`;
  // A URL is made of more than a host: what holds an @ or a slash leads elsewhere.
  if (!/^[A-Za-z0-9:][A-Za-z0-9._:-]*$/.test(address)) return `member ${name} has the address ${JSON.stringify(address.slice(0, 100))} and port ${port}, which make no URL`;
  try {
    void new URL(httpURL(address, port));
    return undefined;
  } catch (error) {
    return `member ${name} has the address ${address} and port ${port}, which make no URL (${messageOf(error)})`;
  }
}

// No weights: Traefik 3.7 can spin for ever on a weight of 0 beside a health check.
function loadBalancer(pool: PoolMembership) {
  const { path, hostname, intervalSeconds, timeoutSeconds } = pool.healthCheck;
  const urls = new Set(pool.members.map(({ address, port }) => httpURL(address, port)));
  return {
    // A wanted empty list stays in the document: Traefik then answers 503, while a service left out breaks its routers.
    servers: [...urls].toSorted(compare).map((url) => ({ url })),
    strategy: pool.strategy,
    healthCheck: {
      path,
      ...(hostname === undefined ? {} : { hostname }),
      interval: `${intervalSeconds}s`,
      timeout: `${timeoutSeconds}s`,
    },
    passHostHeader: true,
    serversTransport: TRANSPORT_NAME,
  };
}

function serversTransport({ dialTimeoutSeconds, responseHeaderTimeoutSeconds }: MemberTransport) {
  return {
    // A transport of one's own starts from Go's 2 idle connections a host, not from the 200 of Traefik's default one.
    maxIdleConnsPerHost: 200,
    forwardingTimeouts: {
      dialTimeout: `${dialTimeoutSeconds}s`,
      ...(responseHeaderTimeoutSeconds === undefined ? {} : { responseHeaderTimeout: `${responseHeaderTimeoutSeconds}s` }),
    },
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
