import { isClass } from '../../model/index.ts';
import { calling } from './api.ts';
import type { ClusterApi } from './api.ts';

/** What a Lease says. Its times are for people: no decision here compares the clocks of two machines. */
export interface LeaseSpec {
  /** Empty: given back, to be taken at once. */
  holderIdentity: string;
  leaseDurationSeconds: number;
  acquireTime: string;
  renewTime: string;
  leaseTransitions: number;
}

export interface LeaseRecord {
  spec: LeaseSpec;
  resourceVersion: string;
}

/** One Lease object. Writes are conditioned on resourceVersion: `Conflict` and `AlreadyExists` mean that another wrote. */
export interface LeaseObject {
  read(): Promise<LeaseRecord | undefined>;
  create(spec: LeaseSpec): Promise<LeaseRecord>;
  replace(record: LeaseRecord): Promise<LeaseRecord>;
}

interface Lease {
  metadata: { resourceVersion: string };
  spec?: Partial<LeaseSpec>;
}

/** The Lease of this name over coordination.k8s.io/v1. */
export function leaseObject(api: ClusterApi, namespace: string, name: string): LeaseObject {
  const resource = { group: 'coordination.k8s.io', version: 'v1', namespace, plural: 'leases' };
  const lease = (spec: LeaseSpec, resourceVersion?: string): object =>
    ({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name, ...(resourceVersion === undefined ? {} : { resourceVersion }) }, spec });
  const what = (doing: string): string => `${doing} Lease ${namespace}/${name}`;
  return {
    async read() {
      try {
        return recordOf(await calling({ verb: 'Read', what: what('get') }, async (): Promise<Lease> =>
          await api.custom.getNamespacedCustomObject({ ...resource, name })));
      } catch (error) {
        if (isClass(error, 'NotFound')) return undefined;
        throw error;
      }
    },
    create: async (spec) => recordOf(await calling({ verb: 'Write', what: what('create') }, async (): Promise<Lease> =>
      await api.custom.createNamespacedCustomObject({ ...resource, body: lease(spec) }))),
    replace: async ({ spec, resourceVersion }) => recordOf(await calling({ verb: 'Write', what: what('update') }, async (): Promise<Lease> =>
      await api.custom.replaceNamespacedCustomObject({ ...resource, name, body: lease(spec, resourceVersion) }))),
  };
}

/** A Lease that somebody made by hand may lack fields. */
const recordOf = ({ metadata, spec = {} }: Lease): LeaseRecord => ({
  resourceVersion: metadata.resourceVersion,
  spec: {
    holderIdentity: spec.holderIdentity ?? '',
    leaseDurationSeconds: spec.leaseDurationSeconds ?? 0,
    acquireTime: spec.acquireTime ?? '',
    renewTime: spec.renewTime ?? '',
    leaseTransitions: spec.leaseTransitions ?? 0,
  },
});
