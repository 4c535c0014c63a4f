import type { HostPool } from '../api/index.ts';
import { type DiscoveredHost, discoveryDocument, isDiscoveryTarget } from '../observe/index.ts';
import type { Store } from '../ports/index.ts';
import { fixedEndpoints, hostEndpoint } from '../reconcile/host-endpoint.ts';

/** The service-discovery document of all pools, from the store's cache; undefined for an unknown target. */
export async function discover(store: Store, target: string): Promise<unknown> {
  if (!isDiscoveryTarget(target)) return undefined;
  const [pools, hosts] = await Promise.all([store.list('HostPool', { from: 'Cached' }), store.list('KamalHost', { from: 'Cached' })]);
  const found = pools.flatMap((pool): DiscoveredHost[] => [
    ...fixedEndpoints(pool).map(({ name, endpoint }) => ({ ...labelsOf(pool), host: name, origin: { kind: 'Fixed' as const }, endpoint })),
    ...hosts.filter(({ metadata, spec }) => metadata.namespace === pool.metadata.namespace && spec.poolRef.name === pool.metadata.name).flatMap((host) => {
      const endpoint = hostEndpoint(host, pool);
      const { phase = 'Pending', provider = '', placement = '', version } = host.status ?? {};
      return endpoint === undefined ? [] : [{
        ...labelsOf(pool), host: host.metadata.name, origin: { kind: 'Bought' as const, provider, placement, phase }, endpoint,
        ...(version === undefined ? {} : { version }),
      }];
    }),
  ]);
  return discoveryDocument(target, found);
}

const labelsOf = (pool: HostPool): Pick<DiscoveredHost, 'namespace' | 'pool' | 'role'> =>
  ({ namespace: pool.metadata.namespace, pool: pool.metadata.name, role: pool.spec.kamal.role });
