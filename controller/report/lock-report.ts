import { type LockFact, toTimestamp } from '../model/index.ts';
import type { ConditionDraft } from './conditions.ts';

/** What a pass saw of Kamal's deploy lock; undefined where the pool's hosts need none, or nobody has looked yet. */
export interface LockSeen {
  lock: LockFact;
  service: string;
  destination: string | undefined;
  /** Whether the lock carries the id of this installation's own session. */
  ours: boolean;
  /** Hosts whose work waits for it. */
  waiting: readonly string[];
}

/** Whether work can have the lock, and what a person can do where it cannot. Pure. */
export function lockCondition({ lock, service, destination, ours, waiting }: LockSeen): ConditionDraft {
  const type = 'DeployLockAvailable';
  const flag = destination === undefined ? '' : ` -d ${destination}`;
  switch (lock.kind) {
    case 'Free': return { type, status: 'True', reason: 'Free', message: `nobody holds the deploy lock of ${service}` };
    case 'Held': {
      if (ours) return { type, status: 'True', reason: 'HeldHere', message: 'this installation deploys' };
      const held = `held by ${lock.by}${lock.since === undefined ? '' : ` since ${toTimestamp(lock.since)}`}: ${lock.message}`;
      return {
        type, status: 'False', reason: 'HeldByOther',
        message: waiting.length === 0 ? held : `${held}; ${waiting.join(', ')} ${waiting.length === 1 ? 'waits' : 'wait'} for it. If nobody deploys any more: kamal lock release${flag}`,
      };
    }
    case 'Unknown': return { type, status: 'Unknown', reason: lock.class, message: `the deploy lock of ${service} cannot be asked: ${lock.why}. ${consequences(waiting)} ${mend(lock, flag)}` };
  }
}

function consequences(waiting: readonly string[]): string {
  const waits = waiting.length === 0 ? '' : ` (${waiting.join(', ')} ${waiting.length === 1 ? 'waits' : 'wait'})`;
  return `What serves goes on serving, new servers are bought and boot, and hosts that cannot be reached leave; no host is deployed, stopped or mended until it answers${waits}.`;
}

function mend({ class: errorClass }: LockFact & { kind: 'Unknown' }, flag: string): string {
  switch (errorClass) {
    case 'Unavailable':
    case 'Transient':
    case 'OutcomeUnknown': return `Bring the primary back; where it is lost, put another host first under servers of deploy.yml and into spec.fixedHosts, then look with: kamal lock status${flag}`;
    default: return `Look with: kamal lock status${flag}`;
  }
}
