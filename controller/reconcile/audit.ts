import { type HostPool, type KamalHost, keyOf, keyText } from '../api/index.ts';
import { type Audit, type InstanceListing, type Server, adviceOf } from '../model/index.ts';
import type { CloudProvider, DeployTarget } from '../ports/index.ts';
import { hostsAudit } from './audit-hosts.ts';
import { type AuditFinding, unasked } from './audit-finding.ts';
import { inventoryAudit, listingsAudit, membershipAudit } from './audit-members.ts';
import { serversAudit } from './audit-servers.ts';
import type { Context } from './context.ts';
import { fixedTargets, hostTarget } from './host-endpoint.ts';
import { loadInventory } from './inventory.ts';
import { loadMembership } from './membership-document.ts';

export type AuditParts = Pick<Context, 'installation' | 'clock' | 'store' | 'documents' | 'providers' | 'loadBalancer' | 'deployer'>;

/** Phases in which a host should serve. */
export const serves = ({ status, metadata }: KamalHost): boolean => status?.phase === 'InService' && metadata.deletionTimestamp === undefined;

/**
 * Compares what clouds, store, load balancers, inventory and hosts say of the same installation. Reads only; a part that
 * cannot be asked is named, and the rest is compared nevertheless.
 */
export async function auditInstallation(parts: AuditParts, namespace?: string): Promise<Audit> {
  const { store, documents, clock, loadBalancer, deployer } = parts;
  // Before the hosts: a server that is made in between must not look as if nobody owned it.
  const clouds = await Promise.all(Object.values(parts.providers).map((provider) => listed(provider, parts.installation)));
  const scope = namespace === undefined ? {} : { namespace };
  const [pools, hosts, { membership }, { inventory }] = await Promise.all([
    store.list('HostPool', { ...scope, from: 'Fresh' }), store.list('KamalHost', { ...scope, from: 'Fresh' }), loadMembership(documents), loadInventory(documents),
  ]);
  const servers = clouds.flatMap((cloud) => cloud.servers ?? []).filter(({ owner }) => namespace === undefined || owner.pool.namespace === namespace);
  const asked = new Set<string>(clouds.flatMap((cloud) => (cloud.servers === undefined ? [] : [cloud.name])));
  const findings: AuditFinding[] = [
    ...clouds.flatMap(({ name, why }) => (why === undefined ? [] : [unasked('Cloud', name, why)])),
    ...providersWithoutAccess(pools, hosts, parts),
    ...serversAudit(pools, hosts, servers, asked),
    ...membershipAudit(pools, hosts, membership), ...inventoryAudit(pools, hosts, inventory, clock.now()),
  ];
  for (const pool of pools) {
    const own = hosts.filter(({ spec, metadata }) => spec.poolRef.name === pool.metadata.name && metadata.namespace === pool.metadata.namespace);
    const { loadBalancer: balancer } = pool.spec;
    const listings: InstanceListing[] = balancer === undefined ? [] : await loadBalancer.confirm(balancer);
    findings.push(...listingsAudit(pool, listings, membership));
    const fixed = fixedTargets(pool);
    const fleet = await deployer.reference(fixed, pool.spec.kamal);
    const targets: DeployTarget[] = [...fixed, ...own.filter(serves).flatMap((host) => hostTarget(host, pool) ?? [])];
    const looks = await Promise.all(targets.map(async (target) => ({ target, ...await deployer.inspect(target, fleet) })));
    findings.push(...hostsAudit(pool, fleet, looks));
  }
  return {
    differences: findings.flatMap((finding) => (finding.kind === 'Difference' ? [finding.difference] : [])),
    unasked: findings.flatMap((finding) => (finding.kind === 'Unasked' ? [finding.unasked] : [])),
    compared: { pools: pools.length, hosts: hosts.length, servers: servers.length },
  };
}

async function listed(provider: CloudProvider, installation: string): Promise<{ name: string; servers?: Server[]; why?: string }> {
  try {
    return { name: provider.name, servers: (await provider.list(installation)).servers };
  } catch (error) {
    return { name: provider.name, why: adviceOf(error) };
  }
}

/** A cloud that pools or hosts name and that nobody here has a token of. */
function providersWithoutAccess(pools: readonly HostPool[], hosts: readonly KamalHost[], { providers }: AuditParts): AuditFinding[] {
  const named = new Map<string, string>();
  for (const pool of pools) for (const { provider } of pool.spec.placements) named.set(provider, `pool ${keyText(keyOf(pool))}`);
  for (const { metadata, status } of hosts) if (status?.provider !== undefined) named.set(status.provider, `host ${metadata.namespace}/${metadata.name}`);
  return [...named].flatMap(([name, by]) => (Object.hasOwn(providers, name) ? [] : [unasked('Cloud', name, `${by} names it, and it is not set up here`)]));
}
