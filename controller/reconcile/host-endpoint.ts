import { type HostPool, HOST_KEY_ANNOTATION, type KamalHost, keyOf } from '../api/index.ts';
import { type Addresses, type Endpoint, type Server, resolvePorts, toTimestamp } from '../model/index.ts';
import type { DeployTarget } from '../ports/index.ts';

type Which = NonNullable<HostPool['spec']['addresses']>['ssh'];

/** Where a bought host answers, once its provider told an address. */
export function hostEndpoint(host: KamalHost, pool: HostPool): Endpoint | undefined {
  const { address, sshAddress, metricsAddress, ports } = host.status ?? {};
  return address === undefined ? undefined : {
    address, ports: resolvePorts(ports, pool.spec.ports),
    ...(sshAddress === undefined ? {} : { sshAddress }), ...(metricsAddress === undefined ? {} : { metricsAddress }),
  };
}

/** Where a server answers, by the pool's choice among its addresses; undefined until one that is needed is there. */
export function serverEndpoint(server: Server, pool: HostPool): Endpoint | undefined {
  const ports = resolvePorts(server.ports, pool.spec.ports);
  if (server.addresses === undefined) return server.address === undefined ? undefined : { address: server.address, ports };
  const { ssh = 'Auto', loadBalancer = 'Auto', metrics = 'Auto' } = pool.spec.addresses ?? {};
  const [address, sshAddress, metricsAddress] = [loadBalancer, ssh, metrics].map((which) => chosen(server.addresses, which, hasNetwork(server, pool)));
  if (address === undefined || sshAddress === undefined || metricsAddress === undefined) return undefined;
  return { address, ports, ...(sshAddress === address ? {} : { sshAddress }), ...(metricsAddress === address ? {} : { metricsAddress }) };
}

/** Its private address may come later than its public one: what is on a private network waits for it. */
function hasNetwork(server: Server, pool: HostPool): boolean {
  const { hetzner, digitalocean } = pool.spec.placements.find(({ name }) => name === server.placement) ?? {};
  return hetzner?.networks !== undefined || digitalocean?.vpc !== undefined;
}

function chosen(addresses: Addresses = {}, which: Which, onNetwork: boolean): string | undefined {
  switch (which) {
    case 'Private': return addresses.private;
    case 'PublicIPv4': return addresses.publicIPv4;
    case 'PublicIPv6': return addresses.publicIPv6;
    case 'Auto': return onNetwork ? addresses.private : addresses.publicIPv4 ?? addresses.publicIPv6;
  }
}

/** What a server says of itself, for the status of its host. */
export function serverStatus(server: Server, pool: HostPool): Partial<NonNullable<KamalHost['status']>> {
  const { provider, placement, providerID, ports, createdAt } = server;
  const { address, sshAddress, metricsAddress } = serverEndpoint(server, pool) ?? {};
  const where = Object.fromEntries(Object.entries({ address, sshAddress, metricsAddress, ports }).filter(([, value]) => value !== undefined));
  return { provider, placement, providerID, launchedAt: toTimestamp(createdAt), ...where };
}

export const fixedEndpoints = (pool: HostPool): { name: string; endpoint: Endpoint }[] =>
  (pool.spec.fixedHosts ?? []).map(({ name, address, ports, sshAddress, metricsAddress }) => ({
    name, endpoint: {
      address, ports: resolvePorts(ports, pool.spec.ports),
      ...(sshAddress === undefined ? {} : { sshAddress }), ...(metricsAddress === undefined ? {} : { metricsAddress }),
    },
  }));

/** What a person vouches for, else what was pinned at first contact. */
export const pinnedKey = ({ metadata, status }: KamalHost): string | undefined => metadata.annotations?.[HOST_KEY_ANNOTATION] ?? status?.hostKey;

/** What a deployer needs to work on a bought host; undefined before its provider told an address. */
export function hostTarget(host: KamalHost, pool: HostPool): DeployTarget | undefined {
  const endpoint = hostEndpoint(host, pool);
  const hostKey = pinnedKey(host);
  return endpoint === undefined ? undefined : {
    host: keyOf(host), endpoint, role: pool.spec.kamal, ssh: pool.spec.ssh,
    identity: { kind: 'Bought', hostID: host.spec.hostID, ...(hostKey === undefined ? {} : { ownKey: hostKey }) },
  };
}

/** The same for a server that no KamalHost owns yet. */
export const serverTarget = (server: Server, endpoint: Endpoint, pool: HostPool): DeployTarget => ({
  host: { namespace: pool.metadata.namespace, name: server.name }, endpoint, role: pool.spec.kamal, ssh: pool.spec.ssh,
  identity: { kind: 'Bought', hostID: server.owner.hostID, ...(server.part?.hostKey === undefined ? {} : { ownKey: server.part.hostKey }) },
});

export const fixedTargets = (pool: HostPool): DeployTarget[] =>
  fixedEndpoints(pool).map(({ name, endpoint }, index) => {
    const hostKey = pool.spec.fixedHosts?.[index]?.hostKey;
    return {
      host: { namespace: pool.metadata.namespace, name }, endpoint, role: pool.spec.kamal, ssh: pool.spec.ssh,
      identity: { kind: 'Fixed', ...(hostKey === undefined ? {} : { hostKey }) },
    };
  });
