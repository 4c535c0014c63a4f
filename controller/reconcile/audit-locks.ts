import { type DeploySession, keyOf, keyText } from '../api/index.ts';
import { type AuditLock, type Instant, type LockFact, fromTimestamp, seconds, toTimestamp } from '../model/index.ts';
import { holderText } from '../plan/index.ts';
import type { LockRef } from '../ports/index.ts';
import { type AuditFinding, RUN, difference, unasked } from './audit-finding.ts';

/** Hardly any deploy of a person takes longer; a lock that is older was likely left behind. */
const LONG_SECONDS = 3600;

/** One deploy lock, and how long work under it may take that has begun. */
export interface LockLook {
  lock: LockRef;
  fact: LockFact;
  longestRunSeconds: number;
}

/** As a session of it is named where names need no spelling: `shop`, `shop.production`. */
export const lockText = ({ service, destination }: LockRef): string => (destination === undefined ? service : `${service}.${destination}`);

/**
 * Who holds Kamal's deploy locks, against the sessions under which this installation may. `sessions`: those of all
 * namespaces, unless `partial`. Pure.
 */
export function locksAudit(looks: readonly LockLook[], sessions: readonly DeploySession[], installation: string, partial: boolean, now: Instant): { findings: AuditFinding[]; locks: AuditLock[] } {
  const findings: AuditFinding[] = [];
  const locks: AuditLock[] = [];
  for (const look of looks) {
    const { lock, fact } = look;
    switch (fact.kind) {
      case 'Unknown': {
        findings.push(unasked('DeployLock', lockText(lock), fact.why));
        break;
      }
      case 'Free': {
        findings.push(...heldByNobody(lock, sessions));
        break;
      }
      case 'Held': {
        const session = sessions.find(({ spec }) => spec.operationID === fact.operationID);
        const outlived = session !== undefined && now >= endOf(session, look.longestRunSeconds);
        if (session === undefined || outlived) findings.push(withoutSession(look, fact, session, installation, partial, now));
        locks.push({
          ...lock, by: fact.by, message: fact.message,
          ...(fact.since === undefined ? {} : { since: toTimestamp(fact.since) }), ...(session === undefined || outlived ? {} : { session: keyText(keyOf(session)) }),
        });
      }
    }
  }
  return { findings, locks };
}

/** By then a controller that runs has seen its last work under the lock to its end. */
const endOf = ({ spec }: DeploySession, longestRunSeconds: number): Instant => (fromTimestamp(spec.deadline) ?? 0) + seconds(longestRunSeconds);

const heldByNobody = (lock: LockRef, sessions: readonly DeploySession[]): AuditFinding[] => sessions
  .filter(({ spec, status }) => spec.service === lock.service && spec.destination === lock.destination && status?.phase === 'Held')
  .map((session) => difference('DeployLock', lockText(lock), `DeploySession ${keyText(keyOf(session))} takes it for its own, and nobody holds it`, RUN));

function withoutSession({ lock, longestRunSeconds }: LockLook, fact: LockFact & { kind: 'Held' }, session: DeploySession | undefined, installation: string, partial: boolean, now: Instant): AuditFinding {
  const age = fact.since === undefined ? undefined : Math.max(0, Math.round((now - fact.since) / seconds(1)));
  const held = `${holderText(fact)}${age === undefined ? '' : ` (for ${age} s)`}`;
  const ours = fact.operationID?.startsWith(`${installation}/`) === true;
  if (session === undefined && ours && partial) return unasked('DeployLock', lockText(lock), `${held}; it is of this installation, and its session may be in a namespace that was not asked`);
  // Work that was begun elsewhere may go on under a lock that is young: look first, release by hand later.
  const old = age !== undefined && age >= Math.max(LONG_SECONDS, longestRunSeconds);
  const verb = old || session !== undefined ? 'release' : 'status';
  const whose = session !== undefined ? `DeploySession ${keyText(keyOf(session))} should have released it by ${toTimestamp(endOf(session, longestRunSeconds))}: no controller works on it`
    : ours ? 'it is of this installation, and no DeploySession knows it' : 'no DeploySession of this installation holds it';
  return difference('DeployLock', lockText(lock), `${held}; ${whose}${verb === 'status' ? '. Release it where nobody deploys any more' : ''}`, `kamal lock ${verb}${lock.destination === undefined ? '' : ` -d ${lock.destination}`}`);
}
