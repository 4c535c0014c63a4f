import type { HostPool, KamalHost } from '../api/index.ts';
import { type Endpoint, type Server, resolvePorts } from '../model/index.ts';

/** Where a bought host answers, once its provider told an address. */
export function hostEndpoint(host: KamalHost, pool: HostPool): Endpoint | undefined {
  const { address, ports } = host.status ?? {};
  return address === undefined ? undefined : { address, ports: resolvePorts(ports, pool.spec.ports) };
}

export function serverEndpoint(server: Server, pool: HostPool): Endpoint | undefined {
  return server.address === undefined ? undefined : { address: server.address, ports: resolvePorts(server.ports, pool.spec.ports) };
}

export const fixedEndpoints = (pool: HostPool): { name: string; endpoint: Endpoint }[] =>
  (pool.spec.fixedHosts ?? []).map(({ name, address, ports }) => ({ name, endpoint: { address, ports: resolvePorts(ports, pool.spec.ports) } }));
