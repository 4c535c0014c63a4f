import type { LockFact } from '../model/index.ts';
import type { RoleRef } from './deployer.ts';

/** What a deploy lock guards. */
export type LockRef = Pick<RoleRef, 'service' | 'destination'>;

/**
 * Kamal's deploy lock, on the primary host of a service and destination. No call throws for a primary that cannot be
 * reached or a configuration that cannot be read: that is `Unknown`, with its class. Every call ends within 30 s.
 */
export interface DeployLock {
  look(lock: LockRef): Promise<LockFact>;
  /** Tries once, in words that let people's `--lock-wait` wait; answers what holds then. */
  acquire(lock: LockRef, operationID: string): Promise<LockFact>;
  /** Releases only what carries this operation id; answers what holds then. */
  release(lock: LockRef, operationID: string): Promise<LockFact>;
}
