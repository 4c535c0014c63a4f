import { type Outcome, isClass, requeueAfter } from '../model/index.ts';
import { assembleMembership, type KnownServers } from './assemble-membership.ts';
import type { Context } from './context.ts';
import { reconcileInventory } from './inventory.ts';
import { MEMBERSHIP_DOCUMENT, loadMembership } from './membership-document.ts';

const LOOK_AGAIN_SECONDS = 15;

/**
 * One pass over the one membership document of all pools: read what is known good, compute what the hosts' phases ask
 * for, store it, let people's deploys have who serves, then the load balancers their members. The store's version check
 * fences a leader that was replaced.
 */
export async function reconcileMembership(context: Context): Promise<Outcome> {
  const { membership: last, version } = await loadMembership(context.documents);
  const pools = await context.store.list('HostPool', { from: 'Fresh' });
  // Before the hosts: a server that is made in between must not look as if nobody owned it.
  const servers = await knownServers(context);
  const hosts = await context.store.list('KamalHost', { from: 'Fresh' });
  const next = assembleMembership(last, pools, hosts, servers);
  if (next !== last) {
    try {
      await context.documents.save(MEMBERSHIP_DOCUMENT, next, version);
    } catch (error) {
      if (isClass(error, 'Conflict', 'AlreadyExists')) return requeueAfter(0.2);
      throw error;
    }
    wakeHosts(context, hosts.map(({ metadata }) => metadata));
  }
  const inventory = await reconcileInventory(context, pools, hosts, servers).catch((error: unknown) => ({ error }));
  if (inventory === 'Conflict') return requeueAfter(0.2);
  // Before the first pool with a load balancer there is nothing that could be served, and an empty document would wipe routes.
  if (next.pools.length > 0) await context.loadBalancer.apply(next);
  // Told only now: an inventory in trouble must not keep a dead host in a load balancer.
  if (inventory !== 'Stored') throw inventory.error;
  return requeueAfter(LOOK_AGAIN_SECONDS);
}

async function knownServers(context: Context): Promise<KnownServers> {
  try {
    const names = Object.values(context.providers).map(({ name }) => name);
    const snapshots = await Promise.all(names.map((name) => context.servers.snapshot(name)));
    return snapshots.flatMap(({ servers }) => servers);
  } catch {
    // A provider that does not answer says nothing about its servers: members without a KamalHost stay.
    return undefined;
  }
}

function wakeHosts(context: Context, hosts: readonly { namespace: string; name: string }[]): void {
  for (const { namespace, name } of hosts) context.enqueue({ kind: 'Host', key: { namespace, name } });
}
