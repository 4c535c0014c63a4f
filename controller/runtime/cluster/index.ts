export * from './api.ts';
export * from './cluster-store.ts';
export * from './connection.ts';
export * from './documents.ts';
export { LEASE_TIMEOUT_MILLISECONDS, LeaseElection, processIdentity } from './lease.ts';
export type { LeaseOptions } from './lease.ts';
export { leaseObject } from './lease-record.ts';
