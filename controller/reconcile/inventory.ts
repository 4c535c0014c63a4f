import type { HostPool, KamalHost } from '../api/index.ts';
import { type Inventory, isClass, seconds } from '../model/index.ts';
import type { Documents } from '../ports/index.ts';
import { assembleInventory } from './assemble-inventory.ts';
import type { KnownServers } from './assemble-membership.ts';
import type { Context } from './context.ts';

export const INVENTORY_DOCUMENT = 'inventory';
/** An unchanged inventory is written again so often, to say that it was looked at. */
const NOTE_EVERY_SECONDS = 300;

/** The stored inventory and the version under which it was read; undefined before the first. Throws for one that cannot be read: an empty one in its place would leave hosts out of every deploy. */
export async function loadInventory(documents: Pick<Documents, 'load'>): Promise<{ inventory: Inventory | undefined; version: string | undefined }> {
  const stored = await documents.load(INVENTORY_DOCUMENT);
  if (stored === undefined) return { inventory: undefined, version: undefined };
  const inventory = stored.value as Partial<Inventory> | null;
  if (typeof inventory?.generation !== 'number' || !Array.isArray(inventory.pools) || !Array.isArray(inventory.authorizedKeys)) {
    throw new Error('the inventory document is unreadable: restore it, or delete it to rebuild it from the hosts');
  }
  return { inventory: inventory as Inventory, version: stored.version };
}

/**
 * The part of a membership pass before any load balancer is told: who serves is stored and published, so that a host is
 * out of people's deploys before it is stopped. Answers whether the pass may go on; not when another instance wrote.
 */
export async function reconcileInventory(context: Context, pools: readonly HostPool[], hosts: readonly KamalHost[], servers: KnownServers): Promise<'Stored' | 'Conflict'> {
  const { inventory: last, version } = await loadInventory(context.documents);
  const now = context.clock.now();
  const content = { pools: assembleInventory(last ?? { pools: [] }, pools, hosts, servers), authorizedKeys: context.authorizedKeys ?? [] };
  const same = last !== undefined && JSON.stringify(content) === JSON.stringify({ pools: last.pools, authorizedKeys: last.authorizedKeys });
  const next: Inventory = { generation: same ? last.generation : (last?.generation ?? 0) + 1, changedAt: same ? last.changedAt : now, checkedAt: now, ...content };
  if (!same || now - last.checkedAt >= seconds(NOTE_EVERY_SECONDS)) {
    try {
      await context.documents.save(INVENTORY_DOCUMENT, next, version);
    } catch (error) {
      if (isClass(error, 'Conflict', 'AlreadyExists')) return 'Conflict';
      throw error;
    }
  }
  await context.publishInventory?.(next);
  if (!same) context.enqueue({ kind: 'Marks' });
  return 'Stored';
}
