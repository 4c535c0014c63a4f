import { GROUP, PLURAL, VERSION } from '../../api/index.ts';
import type { Kind, ResourceByKind } from '../../api/index.ts';
import { ClassifiedError, isClass } from '../../model/index.ts';
import { calling } from './api.ts';
import type { ClusterApi } from './api.ts';
import type { ListWatch } from './reflector.ts';
import { readWatch } from './watch-stream.ts';
import type { WatchLine } from './watch-stream.ts';

const PAGE_SIZE = 500;

interface Page<K extends Kind> {
  items: ResourceByKind[K][];
  metadata: { resourceVersion: string; continue?: string };
}

export interface ListScope {
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  /** Objects in one answer. */
  pageSize?: number;
}

/** Everything of a kind in the scope, read page by page; when a page's token expires, once more without pages. */
export async function listKind<K extends Kind>(api: ClusterApi, kind: K, scope: ListScope = {}): Promise<{ objects: ResourceByKind[K][]; resourceVersion: string }> {
  try {
    const objects: ResourceByKind[K][] = [];
    let token: string | undefined;
    for (;;) {
      const page: Page<K> = await listPage<K>(api, kind, scope, { limit: scope.pageSize ?? PAGE_SIZE, ...(token === undefined ? {} : { _continue: token }) });
      objects.push(...page.items.map((item) => trimmed(kind, item)));
      token = page.metadata.continue;
      if (!token) return { objects, resourceVersion: page.metadata.resourceVersion };
    }
  } catch (error) {
    // Of a list a Conflict can only be a page token that expired.
    if (!isClass(error, 'Conflict')) throw error;
    const page = await listPage<K>(api, kind, scope, {});
    return { objects: page.items.map((item) => trimmed(kind, item)), resourceVersion: page.metadata.resourceVersion };
  }
}

async function listPage<K extends Kind>(api: ClusterApi, kind: K, scope: ListScope, paging: { limit?: number; _continue?: string }): Promise<Page<K>> {
  const { namespace, labelSelector } = scope;
  const selection = { ...paging, ...(labelSelector === undefined ? {} : { labelSelector }) };
  return await calling({ verb: 'Read', what: `list ${PLURAL[kind]}` }, async (): Promise<Page<K>> => namespace === undefined
    ? await api.custom.listCustomObjectForAllNamespaces({ group: GROUP, version: VERSION, resourcePlural: PLURAL[kind], ...selection })
    : await api.custom.listNamespacedCustomObject({ group: GROUP, version: VERSION, namespace, plural: PLURAL[kind], ...selection }));
}

/** List and watch of a kind in all namespaces, for the reflector. */
export function listWatchOf<K extends Kind>(api: ClusterApi, kind: K): ListWatch<ResourceByKind[K]> {
  return {
    list: async () => await listKind(api, kind),
    async watch({ resourceVersion, timeoutSeconds }, onEvent, signal) {
      const query = { resourceVersion, timeoutSeconds: String(timeoutSeconds), allowWatchBookmarks: 'true' };
      const onOpen = (): void => onEvent({ kind: 'Opened' });
      const onLine = ({ type, object }: WatchLine): void => {
        switch (type) {
          case 'ADDED':
          case 'MODIFIED':
            onEvent({ kind: 'Changed', object: resourceIn(kind, object) });
            break;
          case 'DELETED':
            onEvent({ kind: 'Deleted', object: resourceIn(kind, object) });
            break;
          case 'BOOKMARK':
            onEvent({ kind: 'Bookmark', resourceVersion: textIn(kind, metadataOf(object), 'resourceVersion') });
            break;
        }
      };
      return await readWatch(api, `/apis/${GROUP}/${VERSION}/${PLURAL[kind]}`, query, { onOpen, onLine }, signal);
    },
  };
}

/** What a watch sends as an object; throws Unrecognised where it lacks what every object has. */
function resourceIn<K extends Kind>(kind: K, object: unknown): ResourceByKind[K] {
  const metadata = metadataOf(object);
  for (const field of ['name', 'namespace', 'uid', 'resourceVersion']) textIn(kind, metadata, field);
  return trimmed(kind, object as ResourceByKind[K]);
}

const metadataOf = (object: unknown): Record<string, unknown> => (object as { metadata?: Record<string, unknown> } | undefined)?.metadata ?? {};

function textIn(kind: Kind, metadata: Record<string, unknown>, field: string): string {
  const value = metadata[field];
  if (typeof value !== 'string' || value === '') throw new ClassifiedError('Unrecognised', `watch ${PLURAL[kind]}: an object has no metadata.${field}`);
  return value;
}

/** Without managedFields, which are often larger than the object; items of a list come without their kind. */
export function trimmed<K extends Kind>(kind: K, object: ResourceByKind[K]): ResourceByKind[K] {
  const { managedFields: _, ...metadata } = object.metadata as ResourceByKind[K]['metadata'] & { managedFields?: unknown };
  return { ...object, apiVersion: `${GROUP}/${VERSION}`, kind, metadata };
}
