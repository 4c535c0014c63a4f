import { keyText } from '../api/index.ts';
import { type Outcome, classOf, isClass, messageOf, seconds } from '../model/index.ts';
import type { Context, WorkKey } from './context.ts';
import { reconcileHost } from './host.ts';
import { reconcileMarks } from './marks.ts';
import { reconcileMembership } from './membership.ts';
import { reconcileOrphans } from './orphans.ts';
import { reconcilePolicy } from './policy.ts';
import { reconcilePool } from './pool.ts';
import { reconcileSession } from './session.ts';

export const workKeyText = (work: WorkKey): string => ('key' in work ? `${work.kind}/${keyText(work.key)}` : work.kind);

/** One pass over any key; throws what the pass throws. */
export function reconcile(context: Context, work: WorkKey): Promise<Outcome> {
  switch (work.kind) {
    case 'Policy': return reconcilePolicy(context, work.key);
    case 'Pool': return reconcilePool(context, work.key);
    case 'Host': return reconcileHost(context, work.key);
    case 'Session': return reconcileSession(context, work.key);
    case 'Membership': return reconcileMembership(context);
    case 'Orphans': return reconcileOrphans(context);
    case 'Marks': return reconcileMarks(context);
  }
}

export interface PassLog {
  failed(work: WorkKey, error: unknown, retryAfterMilliseconds: number): void;
}

const RESYNC_MILLISECONDS = seconds(60);
const LONGEST_BACKOFF_MILLISECONDS = seconds(60);

/** Passes with their failures counted, timed and backed off; what the work queue runs. */
export function createPasses(context: Context, log: PassLog): (work: WorkKey) => Promise<number | undefined> {
  const failures = new Map<string, number>();
  return async (work) => {
    const text = workKeyText(work);
    // Only the leader acts; the others keep their keys and look again when they lead.
    if (!context.leadership.isLeader()) return undefined;
    const started = context.clock.now();
    try {
      const outcome = await reconcile(context, work);
      failures.delete(text);
      context.meters.reconciled(work.kind, outcome.kind, (context.clock.now() - started) / seconds(1));
      return againAfter(outcome);
    } catch (error) {
      const count = (failures.get(text) ?? 0) + 1;
      failures.set(text, count);
      context.meters.reconciled(work.kind, classOf(error), (context.clock.now() - started) / seconds(1));
      const wait = backoffMilliseconds(error, count);
      // The store's way of saying "read again": another wrote, or deleted, in between. It is no failure until it repeats.
      if (!isClass(error, 'Conflict', 'NotFound') || count > 5) log.failed(work, error, wait);
      return wait;
    }
  };
}

function againAfter(outcome: Outcome): number | undefined {
  switch (outcome.kind) {
    case 'Done': return undefined;
    case 'RequeueAfter': return seconds(outcome.seconds);
    case 'Stalled': return RESYNC_MILLISECONDS;
  }
}

function backoffMilliseconds(error: unknown, count: number): number {
  if (isClass(error, 'RateLimited') && error.retryAfterSeconds !== undefined) return seconds(error.retryAfterSeconds);
  const base = isClass(error, 'Conflict') ? 50 : 500;
  return Math.min(LONGEST_BACKOFF_MILLISECONDS, base * 2 ** Math.min(count - 1, 12));
}

export const failureText = (error: unknown): string => `${classOf(error)}: ${messageOf(error)}`;
