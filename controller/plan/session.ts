import { type Instant, type LockFact, type OperationKind, seconds, toTimestamp } from '../model/index.ts';

/** A hold takes no new work after this time, so that people's deploys have their turn. */
const HOLD_SECONDS = 120;
/** Longer than the 15 s that pass between two looks of a person's `kamal deploy --lock-wait`. */
const PEOPLE_FIRST_SECONDS = 20;
/** Between two tries for a lock that somebody holds. */
export const POLL_SECONDS = 5;
/** Between two looks whether the lock is still held. */
export const LOOK_SECONDS = 10;
/** A session that is deleted waits so long for a primary that cannot be reached. */
const FAREWELL_SECONDS = 60;
/** A lock of ours that nobody knows any more is older than the longest hold and run by so much before it is broken. */
const ORPHAN_GRACE_SECONDS = 60;
/** A stored time that lies further ahead is none: the clock was set back since. */
const AHEAD_SECONDS = 60;

/** A DeploySession as its plan sees it. All of it was stored; nothing was observed. */
export interface SessionView {
  phase: 'Waiting' | 'Held' | 'Releasing' | 'Released';
  operationID: string;
  /** No new work from then on. */
  deadline: Instant;
  /** When it was last released. */
  releasedAt?: Instant;
  members: readonly string[];
  /** When somebody deleted it. */
  endingSince?: Instant;
}

/** A host that asks for the lock, or works under it. */
export interface Claim {
  host: string;
  pool: string;
  /** How many hosts of its pool may work at the same time. */
  parallel: number;
  operation: OperationKind;
  since: Instant;
  /** `Runs`: also what an earlier process began, and what may go on elsewhere. */
  work: 'Asked' | 'Runs';
}

export interface SessionFacts {
  claims: readonly Claim[];
  /** The newest word of the lock; undefined where the last one is too old to act on. */
  lock: LockFact | undefined;
  /** The lock carries an id of this installation that no session knows: a store was lost, or a session deleted by force. */
  orphaned: boolean;
  /** Longest time that one run may take. */
  longestRunSeconds: number;
}

/** The one thing to do for a session in this pass. */
export type SessionStep =
  /** Store a session with a new operation id, before anything is acquired. */
  | { kind: 'Create'; deadline: Instant }
  /** Try once; what holds then is looked at in the next pass. */
  | { kind: 'Acquire' }
  | { kind: 'Look' }
  /** The lock is ours: let these hosts work. */
  | { kind: 'Hold'; deadline: Instant; members: string[] }
  | { kind: 'Admit'; members: string[] }
  /** No new work; what runs goes on. `TakenAway`: the lock is not ours any more. */
  | { kind: 'Close'; reason: 'Empty' | 'Deadline' | 'TakenAway' | 'Deleted'; why: string }
  | { kind: 'Release' }
  /** The lock is not ours, or not any more. */
  | { kind: 'Settle'; why: string }
  /** Store a new operation id, to acquire anew. */
  | { kind: 'Reopen'; deadline: Instant }
  /** Release a lock that carries this other id of our own. */
  | { kind: 'Break'; operationID: string; why: string }
  | { kind: 'Delete' }
  /** Let the finalizer go. `Abandoned`: whether the lock is still there cannot be told. */
  | { kind: 'LetGo'; lock: 'NotHeld' | 'Abandoned' }
  | { kind: 'Nothing' }
  | { kind: 'Wait'; why: string; afterSeconds: number };

/** What to do about Kamal's deploy lock now. Pure; the phases change only by what it says. */
export function nextSessionStep(session: SessionView | undefined, facts: SessionFacts, now: Instant): SessionStep {
  if (session === undefined) return facts.claims.length === 0 && !facts.orphaned ? { kind: 'Nothing' } : { kind: 'Create', deadline: holdFrom(now) };
  switch (session.phase) {
    case 'Waiting': return waiting(session, facts, now);
    case 'Held': return held(session, facts, now);
    case 'Releasing': return releasing(session, facts, now);
    case 'Released': return released(session, facts, now);
  }
}

const holdFrom = (now: Instant): Instant => now + seconds(HOLD_SECONDS);

function waiting(session: SessionView, facts: SessionFacts, now: Instant): SessionStep {
  const { lock, claims } = facts;
  const { endingSince } = session;
  // Nobody of ours waits for it, but people do.
  if (claims.length === 0 && endingSince === undefined && lock?.kind === 'Held' && facts.orphaned) return behindOther(lock, facts, now);
  if (claims.length === 0 || endingSince !== undefined) return claims.some(({ work }) => work === 'Runs') ? endsFirst(claims) : giveUp(session, lock, now);
  switch (lock?.kind) {
    case undefined:
    case 'Free': return { kind: 'Acquire' };
    case 'Unknown': return wait(unknownText(lock), POLL_SECONDS);
    case 'Held':
      if (lock.operationID === session.operationID) return { kind: 'Hold', deadline: deadlineOf(session, now), members: admitted([], claims) };
      return behindOther(lock, facts, now);
  }
}

/** A hold that follows another within the time in which people had no turn ends when the first one would have. */
function deadlineOf(session: SessionView, now: Instant): Instant {
  const { releasedAt, deadline } = session;
  const gap = releasedAt === undefined ? Infinity : now - releasedAt;
  return gap < seconds(PEOPLE_FIRST_SECONDS) && deadline > now && !isVoid(session, now) ? deadline : holdFrom(now);
}

/** No hold lasts so long: the deadline was stored by a clock that was ahead. A hold that ends by it and one that begins with it would chase each other. */
const isVoid = ({ deadline }: SessionView, now: Instant): boolean => deadline > now + seconds(HOLD_SECONDS + AHEAD_SECONDS);

/** An acquire whose answer was lost may have had its effect. */
function giveUp(session: SessionView, lock: LockFact | undefined, now: Instant): SessionStep {
  switch (lock?.kind) {
    case undefined: return { kind: 'Look' };
    case 'Unknown': return lastLook(session, lock, now);
    case 'Free': return { kind: 'Settle', why: 'nobody asks for the deploy lock any more' };
    case 'Held': return lock.operationID === session.operationID ? { kind: 'Release' } : { kind: 'Settle', why: 'nobody asks for the deploy lock any more' };
  }
}

function behindOther(lock: LockFact & { kind: 'Held' }, { orphaned, claims, longestRunSeconds }: SessionFacts, now: Instant): SessionStep {
  if (!orphaned || lock.operationID === undefined) return wait(holderText(lock), POLL_SECONDS);
  const ours = `${holderText(lock)}; it is of this installation, but no session knows it`;
  if (claims.some(({ work }) => work === 'Runs')) return wait(`${ours}: broken when the work that still runs has ended`, POLL_SECONDS);
  if (lock.since === undefined) return wait(`${ours}, nor when it was taken: release it by hand`, POLL_SECONDS);
  const breaksAt = lock.since + seconds(HOLD_SECONDS + longestRunSeconds + ORPHAN_GRACE_SECONDS);
  if (now < breaksAt) return wait(`${ours}: broken at ${toTimestamp(breaksAt)}, when nothing can run under it any more`, Math.min(POLL_SECONDS, (breaksAt - now) / seconds(1)));
  return { kind: 'Break', operationID: lock.operationID, why: `${ours}, and nothing runs under it any more` };
}

function held(session: SessionView, { claims, lock }: SessionFacts, now: Instant): SessionStep {
  if (session.endingSince !== undefined) return { kind: 'Close', reason: 'Deleted', why: 'the session was deleted' };
  if (lock?.kind === 'Free') return { kind: 'Close', reason: 'TakenAway', why: 'somebody released the lock while it was held here' };
  if (lock?.kind === 'Held' && lock.operationID !== session.operationID) return { kind: 'Close', reason: 'TakenAway', why: `the lock was taken away: ${holderText(lock)}` };
  if (claims.length === 0) return { kind: 'Close', reason: 'Empty', why: 'nobody asks for the deploy lock any more' };
  if (now >= session.deadline || isVoid(session, now)) return { kind: 'Close', reason: 'Deadline', why: 'held for long enough: what runs ends, then people go first' };
  const members = admitted(session.members, claims);
  if (members.join(' ') !== session.members.join(' ')) return { kind: 'Admit', members };
  if (lock === undefined) return { kind: 'Look' };
  return wait(`held, at the latest until ${toTimestamp(session.deadline)}`, Math.min(LOOK_SECONDS, (session.deadline - now) / seconds(1)));
}

/** Hosts that may work: those that may already, and as many more as their pools allow. Rollbacks are prepared when nothing else waits. */
function admitted(members: readonly string[], claims: readonly Claim[]): string[] {
  const kept = claims.filter(({ host, work }) => work === 'Runs' || members.includes(host));
  const next = [...kept];
  for (const claim of claims.filter((one) => !kept.includes(one)).sort((a, b) => rank(a) - rank(b) || a.since - b.since || a.host.localeCompare(b.host))) {
    if (next.filter(({ pool }) => pool === claim.pool).length < claim.parallel) next.push(claim);
  }
  return next.map(({ host }) => host).sort();
}

const rank = ({ operation }: Claim): number => (operation === 'Preseed' ? 1 : 0);

function releasing(session: SessionView, { claims, lock }: SessionFacts, now: Instant): SessionStep {
  if (claims.some(({ work }) => work === 'Runs')) return endsFirst(claims);
  switch (lock?.kind) {
    case 'Free': return { kind: 'Settle', why: 'released' };
    case 'Held': return lock.operationID === session.operationID ? { kind: 'Release' } : { kind: 'Settle', why: holderText(lock) };
    case 'Unknown': return lastLook(session, lock, now);
    case undefined: return { kind: 'Release' };
  }
}

function endsFirst(claims: readonly Claim[]): SessionStep {
  const running = claims.filter(({ work }) => work === 'Runs').length;
  return wait(`released when the work of ${running} ${running === 1 ? 'host' : 'hosts'} has ended`, 2);
}

/** A lock that may still be ours is not forgotten; only who deletes the session, as with its namespace, is not held up for ever. */
function lastLook({ endingSince }: SessionView, lock: LockFact & { kind: 'Unknown' }, now: Instant): SessionStep {
  if (endingSince !== undefined && now >= endingSince + seconds(FAREWELL_SECONDS)) return { kind: 'LetGo', lock: 'Abandoned' };
  return wait(`whether the deploy lock is released is not known: ${unknownText(lock)}`, POLL_SECONDS);
}

/** After a hold that ran into its deadline nobody of ours takes the lock until people had their turn. */
function released(session: SessionView, { claims }: SessionFacts, now: Instant): SessionStep {
  const { endingSince, releasedAt, deadline } = session;
  if (endingSince !== undefined) return { kind: 'LetGo', lock: 'NotHeld' };
  const turnEnds = releasedAt === undefined || releasedAt > now + seconds(AHEAD_SECONDS) ? 0 : releasedAt + seconds(PEOPLE_FIRST_SECONDS);
  const left = (turnEnds - now) / seconds(1);
  if (claims.length === 0) return left > 0 ? wait('released', left) : { kind: 'Delete' };
  if (left > 0 && releasedAt !== undefined && (releasedAt >= deadline || isVoid(session, now))) return wait('people who wait for the deploy lock go first', left);
  return { kind: 'Reopen', deadline: deadlineOf(session, now) };
}

/** Who holds the lock, since when and in which words. */
export const holderText = ({ by, since, message }: LockFact & { kind: 'Held' }): string =>
  `held by ${by}${since === undefined ? '' : ` since ${toTimestamp(since)}`}: ${message}`;

const unknownText = ({ class: errorClass, why }: LockFact & { kind: 'Unknown' }): string => `the deploy lock cannot be asked (${errorClass}): ${why}`;

const wait = (why: string, afterSeconds: number): SessionStep => ({ kind: 'Wait', why, afterSeconds });
