import { type LockFact, classOf, ClassifiedError, messageOf } from '../../../model/index.ts';
import type { Clock, DeployLock, DeployTarget, LockRef } from '../../../ports/index.ts';
import { lockAcquireArguments, lockReleaseArguments, lockStatusArguments, type LockRun } from './arguments.ts';
import type { Fleets } from './fleets.ts';
import type { KamalRuns } from './kamal-runs.ts';
import { lockMessage, readLockStatus } from './lock-status.ts';
import { type Preflight, lockOf } from './preflight.ts';
import { addressOf } from './project-checks.ts';
import { failureOfEnd } from './read-end.ts';
import type { Redact } from './redact.ts';
import type { ProcessEnd } from './run-process.ts';

export interface KamalLockSettings {
  runs: Pick<KamalRuns, 'run'>;
  preflight: Pick<Preflight, 'ofProject'>;
  fixedHosts(lock: LockRef): Promise<readonly DeployTarget[]>;
  fleets: Pick<Fleets, 'versionOf'>;
  clock: Clock;
}

/** For the whole of a call; for one run of Kamal in it. */
const CALL_SECONDS = 28;
const RUN_SECONDS = 20;

type Verb = 'look' | 'acquire' | 'release';

/** Kamal's own lock, through Kamal: its directory on the primary host, in its own format. */
export function createKamalLock(settings: KamalLockSettings): DeployLock {
  const { clock, fleets } = settings;

  async function kamal(lock: LockRef, operationID: string, words: (run: LockRun) => string[]): Promise<{ end: ProcessEnd; redact: Redact }> {
    const fixed = await settings.fixedHosts(lockOf(lock));
    const known = fleets.versionOf(lock);
    const ready = await settings.preflight.ofProject(lock, hooksOf(fixed), known);
    const primary = fixed.find((target) => addressOf(target) === ready.config.primaryHost);
    if (primary === undefined) {
      throw new ClassifiedError('Invalid', `the primary host ${ready.config.primaryHost ?? '(none)'} of ${lock.service} is no fixed host of any pool`, { mend: 'add it to fixedHosts with its hostKey' });
    }
    const version = known ?? 'unknown';
    const end = await settings.runs.run({
      arguments: words({ ...lockOf(lock), version }), folder: ready.folder, version, timeoutSeconds: RUN_SECONDS,
      targets: [primary], lock: 'None', mark: { ...lockOf(lock), operationID },
    });
    return { end, redact: ready.redact };
  }

  async function look(lock: LockRef): Promise<LockFact> {
    const { end, redact } = await kamal(lock, 'lock', lockStatusArguments);
    if (end.kind === 'Exited' && end.code === 0) return readLockStatus(end.stdout) ?? { kind: 'Free' };
    return unknown(lock, end, redact);
  }

  async function acquire(lock: LockRef, operationID: string): Promise<LockFact> {
    const { end, redact } = await kamal(lock, operationID, (run) => lockAcquireArguments(run, lockMessage(operationID)));
    if (end.kind === 'Exited' && end.code === 0) return { kind: 'Held', operationID, by: 'kamal-autoscaler', message: lockMessage(operationID), since: clock.now() };
    // A run that was cut off may have taken it.
    if (end.kind !== 'Exited') return look(lock);
    return readLockStatus(end.stdout) ?? unknown(lock, end, redact);
  }

  async function release(lock: LockRef, operationID: string): Promise<LockFact> {
    const before = await look(lock);
    // Kamal releases whatever is there, so what is not ours must not be touched.
    if (before.kind !== 'Held' || before.operationID !== operationID) return before;
    const { end, redact } = await kamal(lock, operationID, lockReleaseArguments);
    if (end.kind === 'Exited' && end.code === 0) return { kind: 'Free' };
    return end.kind === 'Exited' ? unknown(lock, end, redact) : look(lock);
  }

  /** A password manager or a remote that hangs must not hold the pass. */
  async function within(lock: LockRef, verb: Verb, call: Promise<LockFact>): Promise<LockFact> {
    const settled = new AbortController();
    const late = clock.sleep(CALL_SECONDS * 1_000, settled.signal).then((): LockFact => ({ kind: 'Unknown', class: 'Transient', why: `${verb} of the deploy lock took longer than ${CALL_SECONDS} s${byHand(lock)}` }));
    const answer = call.catch((error: unknown): LockFact => ({ kind: 'Unknown', class: classOf(error), why: words(error) + byHand(lock) }));
    try {
      return await Promise.race([answer, late]);
    } finally {
      settled.abort();
    }
  }

  return {
    look: (lock) => within(lock, 'look', look(lock)),
    acquire: (lock, operationID) => within(lock, 'acquire', acquire(lock, operationID)),
    release: (lock, operationID) => within(lock, 'release', release(lock, operationID)),
  };
}

function unknown(lock: LockRef, end: ProcessEnd, redact: Redact): LockFact {
  const { class: errorClass, message } = failureOfEnd(end, RUN_SECONDS, redact);
  return { kind: 'Unknown', class: errorClass, why: message + byHand(lock) };
}

const words = (error: unknown): string => (error instanceof ClassifiedError && error.mend !== undefined ? `${error.message}; ${error.mend}` : messageOf(error));

/** Hooks of one pool and of another run in the same connection to the primary: `pre-connect` of either opens the way. */
const hooksOf = (targets: readonly DeployTarget[]): NonNullable<DeployTarget['role']['hooks']> => [...new Set(targets.flatMap(({ role: { hooks = [] } }) => hooks))];

function byHand({ destination }: LockRef): string {
  const of = destination === undefined ? '' : ` -d ${destination}`;
  return `; by hand: kamal lock status -p${of}, and kamal lock release -p${of} once nothing works under it`;
}
