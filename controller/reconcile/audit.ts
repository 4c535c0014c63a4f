import { type HostPool, type KamalHost, keyOf, keyText } from '../api/index.ts';
import { type Audit, type InstanceListing, type ProviderName, type ServerSnapshot, adviceOf } from '../model/index.ts';
import type { Clock, CloudProvider, DeployLock, DeployTarget, Deployer, Documents, LoadBalancer, Store } from '../ports/index.ts';
import { hostsAudit } from './audit-hosts.ts';
import { type AuditFinding, RUN, difference, unasked } from './audit-finding.ts';
import { lockText, locksAudit } from './audit-locks.ts';
import { inventoryAudit, isOf, listingsAudit, membershipAudit } from './audit-members.ts';
import { serversAudit } from './audit-servers.ts';
import { fixedTargets, hostTarget } from './host-endpoint.ts';
import { loadInventory } from './inventory.ts';
import { type Ledger, readLedger } from './ledger.ts';
import { lostEntries } from './lost-entries.ts';
import { loadMembership } from './membership-document.ts';
import { loadMarks } from './orphans.ts';
import { LEDGER_DOCUMENT } from './purchase-gate.ts';
import { lockOf } from './session-key.ts';

/** All that an audit may do: nothing among it writes. */
export interface AuditParts {
  installation: string;
  clock: Pick<Clock, 'now'>;
  store: Pick<Store, 'list'>;
  documents: Pick<Documents, 'load'>;
  providers: Partial<Record<ProviderName, Lister>>;
  loadBalancer: Pick<LoadBalancer, 'confirm'>;
  deployer: Pick<Deployer, 'reference' | 'inspect' | 'needsLock'>;
  deployLock: Pick<DeployLock, 'look'>;
}

type Lister = Pick<CloudProvider, 'name' | 'list'>;

/** Phases in which a host should serve. */
const serves = ({ status, metadata }: KamalHost): boolean => status?.phase === 'InService' && metadata.deletionTimestamp === undefined;

/**
 * Compares what clouds, store, load balancers, inventory, hosts and deploy locks say of the same installation, or of one
 * namespace of it. Reads only; a part that cannot be asked is named, and the rest is compared nevertheless. Rejects as the
 * store does where that cannot be read.
 */
export async function auditInstallation(parts: AuditParts, namespace?: string): Promise<Audit> {
  const { store, documents, clock, loadBalancer, deployer } = parts;
  // Before the hosts: a server that is made in between must not look as if nobody owned it.
  const clouds = await Promise.all(Object.values(parts.providers).map((provider) => listed(provider, parts.installation)));
  const scope = namespace === undefined ? {} : { namespace };
  const [pools, hosts] = await Promise.all([store.list('HostPool', { ...scope, from: 'Fresh' }), store.list('KamalHost', { ...scope, from: 'Fresh' })]);
  // After snapshots and hosts, as the controller reads them: an entry comes before its server.
  const [ledger, membership, inventory, { marks }] = await Promise.all([
    readable('Ledger', async () => readLedger((await documents.load(LEDGER_DOCUMENT))?.value)), readable('Membership', async () => (await loadMembership(documents)).membership),
    readable('Inventory', async () => (await loadInventory(documents)).inventory), loadMarks(documents, clock.now()),
  ]);
  const servers = clouds.flatMap(({ snapshot }) => snapshot?.servers ?? []).filter(({ owner }) => namespace === undefined || owner.pool.namespace === namespace);
  const asked = new Set<string>(clouds.flatMap(({ name, snapshot }) => (snapshot === undefined ? [] : [name])));
  const findings: AuditFinding[] = [
    ...clouds.flatMap(({ name, why }) => (why === undefined ? [] : [unasked('Cloud', name, why)])),
    ...providersWithoutAccess(pools, hosts, parts),
    ...serversAudit(pools, hosts, servers, asked, marks),
    ...ledger.compare((read) => clouds.flatMap(({ snapshot }) => (snapshot === undefined ? [] : ledgerAudit(read, snapshot, hosts, namespace)))),
    ...membership.compare((read) => membershipAudit(pools, hosts, read)), ...inventory.compare((read) => inventoryAudit(pools, hosts, read, clock.now())),
  ];
  for (const pool of pools) {
    const own = hosts.filter((host) => isOf(host, pool));
    const { loadBalancer: balancer } = pool.spec;
    const listings: InstanceListing[] = balancer === undefined ? [] : await loadBalancer.confirm(balancer);
    findings.push(...membership.compare((read) => listingsAudit(pool, listings, read)));
    const fixed = fixedTargets(pool);
    const fleet = await deployer.reference(fixed, pool.spec.kamal);
    const targets: DeployTarget[] = [...fixed, ...own.filter(serves).flatMap((host) => hostTarget(host, pool) ?? [])];
    const looks = await Promise.all(targets.map(async (target) => ({ target, ...await deployer.inspect(target, fleet) })));
    findings.push(...hostsAudit(pool, fleet, looks));
  }
  const { findings: ofLocks, locks } = await auditLocks(parts, pools, hosts, namespace);
  findings.push(...ofLocks);
  return {
    differences: findings.flatMap((finding) => (finding.kind === 'Difference' ? [finding.difference] : [])),
    unasked: findings.flatMap((finding) => (finding.kind === 'Unasked' ? [finding.unasked] : [])),
    locks,
    compared: { pools: pools.length, hosts: hosts.length, servers: servers.length },
  };
}

async function auditLocks({ store, deployer, deployLock, clock, installation }: AuditParts, pools: readonly HostPool[], hosts: readonly KamalHost[], namespace: string | undefined): Promise<ReturnType<typeof locksAudit>> {
  const needing = pools.filter((pool) => {
    const target = fixedTargets(pool)[0] ?? hosts.filter((host) => isOf(host, pool)).flatMap((host) => hostTarget(host, pool) ?? [])[0];
    return target !== undefined && deployer.needsLock(target);
  });
  const known = new Map(needing.map((pool) => [lockText(lockOf(pool)), lockOf(pool)]));
  // A session is stored before its lock is taken, so it is looked for after the lock was seen.
  const looks = await Promise.all([...known.values()].map(async (lock) => ({
    lock, fact: await deployLock.look(lock),
    longestRunSeconds: Math.max(...needing.filter((pool) => lockText(lockOf(pool)) === lockText(lock)).map(({ spec }) => spec.limits.deployTimeoutSeconds)),
  })));
  const sessions = looks.length === 0 ? [] : await store.list('DeploySession', { ...(namespace === undefined ? {} : { namespace }), from: 'Fresh' });
  return locksAudit(looks, sessions, installation, namespace !== undefined, clock.now());
}

/** What the ledger counts against maximum and budget, and nothing carries. */
const ledgerAudit = (ledger: Ledger, snapshot: ServerSnapshot, hosts: readonly KamalHost[], namespace: string | undefined): AuditFinding[] => lostEntries(ledger, snapshot, hosts)
  .flatMap((hostID) => ({ hostID, pool: ledger.entries[hostID]?.pool ?? '' })).filter(({ pool }) => namespace === undefined || pool.startsWith(`${namespace}/`))
  .map(({ hostID, pool }) => difference('Ledger', pool, `it counts a server of ${snapshot.provider} for host ${hostID}, which neither a KamalHost nor a server carries`, RUN));

/** A document that cannot be understood is named, and the rest is compared. */
async function readable<T>(place: 'Ledger' | 'Membership' | 'Inventory', read: () => Promise<T>): Promise<{ compare(by: (value: T) => AuditFinding[]): AuditFinding[] }> {
  try {
    const value = await read();
    return { compare: (by) => by(value) };
  } catch (error) {
    const told = [unasked(place, place.toLowerCase(), adviceOf(error))];
    // Told once, although it is compared with each pool.
    return { compare: () => told.splice(0) };
  }
}

async function listed(provider: Lister, installation: string): Promise<{ name: string; snapshot?: ServerSnapshot; why?: string }> {
  try {
    return { name: provider.name, snapshot: await provider.list(installation) };
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
