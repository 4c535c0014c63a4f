/** The part of Kubernetes' ObjectMeta that the controller reads or writes. */
export interface ObjectMeta {
  name: string;
  namespace: string;
  uid: string;
  resourceVersion: string;
  generation: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  finalizers?: string[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** Namespace and name: what a work queue carries and what references resolve to. */
export interface ObjectKey {
  namespace: string;
  name: string;
}

export const keyOf = (object: { metadata: ObjectKey }): ObjectKey => ({ namespace: object.metadata.namespace, name: object.metadata.name });

/** `namespace/name`; unique within a kind, used in labels of logs and state documents. */
export const keyText = (key: ObjectKey): string => `${key.namespace}/${key.name}`;

export const sameKey = (a: ObjectKey, b: ObjectKey): boolean => a.namespace === b.namespace && a.name === b.name;
