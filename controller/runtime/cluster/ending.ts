import { GROUP, PLURAL } from '../../api/index.ts';
import type { Kind } from '../../api/index.ts';
import { isClass } from '../../model/index.ts';
import { calling } from './api.ts';
import type { ClusterApi } from './api.ts';

interface Surroundings {
  metadata?: { deletionTimestamp?: unknown };
  status?: { phase?: string };
}

/** Whether the definition of a kind or a namespace is going away; one that is gone already counts too. */
export async function endingOf(api: ClusterApi, kind: Kind, namespace: string): Promise<'No' | 'NamespaceEnding' | 'KindEnding'> {
  const name = `${PLURAL[kind]}.${GROUP}`;
  const [definition, surroundings] = await Promise.all([
    presence(`get CustomResourceDefinition ${name}`, async (): Promise<Surroundings> =>
      await api.custom.getClusterCustomObject({ group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions', name })),
    presence(`get Namespace ${namespace}`, async (): Promise<Surroundings> => await api.core.readNamespace({ name: namespace })),
  ]);
  if (definition === 'Ending') return 'KindEnding';
  return surroundings === 'Ending' ? 'NamespaceEnding' : 'No';
}

async function presence(what: string, read: () => Promise<Surroundings>): Promise<'Live' | 'Ending'> {
  try {
    const { metadata, status } = await calling({ verb: 'Read', what }, read);
    return metadata?.deletionTimestamp !== undefined || status?.phase === 'Terminating' ? 'Ending' : 'Live';
  } catch (error) {
    if (isClass(error, 'NotFound')) return 'Ending';
    throw error;
  }
}
