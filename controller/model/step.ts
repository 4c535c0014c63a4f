import type { ObjectKey } from '../api/meta.ts';
import type { Server } from './server.ts';
import type { ErrorClass } from './errors.ts';
import type { Phase } from './phase.ts';
import type { Instant } from './time.ts';

/** What a pool's plan asks for. */
export type Step =
  /** `replaces` names the unhealthy or outdated host whose successor this is; store it with the new host. */
  | { kind: 'CreateHost'; slot: number; replaces?: string; why: string }
  | { kind: 'SetIntent'; host: ObjectKey; intent: 'Serve' | 'Drain'; why: string };

/**
 * Slow work on one host. `Rotate`: the host's own SSH key takes over from the delivered one. `Deploy`, `Resume`,
 * `Quiesce`, `Stop`: as Kamal's setup or app boot, app live, app maintenance, app stop. `Preseed`: create, and never
 * start, the container of the previous version, so that a rollback finds it.
 */
export type OperationKind = 'Rotate' | 'Deploy' | 'Resume' | 'Quiesce' | 'Stop' | 'Preseed';

/** The one thing to do for a host in this pass. */
export type HostStep =
  /** Write the next phase; nothing else happens in this pass. `failure` counts as a failed start of the pool. */
  | { kind: 'Advance'; to: Phase; why: string; failure?: { class: ErrorClass; message: string } }
  /** Store the host key that the machine made itself; only then may it take over. */
  | { kind: 'PinHostKey'; hostKey: string; why: string }
  /** Note the numbered attempt, then call create. */
  | { kind: 'CreateServer'; attempt: number; why: string }
  /** `version` goes with Deploy and Preseed, `drainSeconds` with Quiesce. */
  | { kind: 'StartOperation'; operation: OperationKind; version?: string; drainSeconds?: number; why: string }
  /** Delete a second server that carries the same UID. */
  | { kind: 'DeleteExtra'; server: Server; why: string }
  /** Give the KamalHost its deletionTimestamp: the point of no return of a drain. */
  | { kind: 'DeleteObject'; why: string }
  | { kind: 'DeleteServer'; server: Server; why: string }
  /** Let the finalizer go while server and membership stay: the pool, its namespace or its kind is going away under `Retain`. */
  | { kind: 'Retain'; why: string }
  /** Let the finalizer go: no server is left. */
  | { kind: 'Release'; why: string }
  | { kind: 'Wait'; why: string; until?: Instant; afterSeconds: number };
