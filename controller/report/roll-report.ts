import type { ConditionDraft } from './conditions.ts';

/** How the replacement of outdated hosts stands. `why`: clauses. */
export interface RollSeen {
  pool: string;
  /** What the plan says; `left`: hosts that it still has to replace. */
  verdict: { kind: 'None' } | { kind: 'Rolls'; left: number } | { kind: 'Paused' | 'Waits'; why: string; left: number };
  /** Bought hosts that are as one that is bought today, and those that are not. */
  updated: number;
  outdated: number;
  /** Why the outdated ones are. */
  reasons: readonly string[];
}

/** How far it is, in words of a condition, of the state and of the command line. */
export function rollText({ verdict, updated, outdated, reasons }: RollSeen): string {
  if (verdict.kind === 'None') return `${updated} of ${updated + outdated} bought hosts are as one that is bought today`;
  const leaving = verdict.left === 0 ? 'the last ones leave' : `${verdict.left} of ${updated + outdated} bought hosts are still to be replaced${reasons.length === 0 ? '' : ` (${reasons.join('; ')})`}`;
  return verdict.kind === 'Rolls' ? leaving : `${leaving}; ${verdict.why}`;
}

export function rollCondition(seen: RollSeen): ConditionDraft {
  const type = 'HostsCurrent';
  const message = rollText(seen);
  switch (seen.verdict.kind) {
    case 'Rolls': return { type, status: 'False', reason: 'Rolling', message };
    case 'Paused': return { type, status: 'False', reason: 'RollPaused', message: `${message}: go on with kamal-autoscaler roll ${seen.pool} --resume` };
    case 'Waits': return { type, status: 'False', reason: 'RollWaits', message };
    case 'None': return seen.outdated === 0
      ? { type, status: 'True', reason: 'AllCurrent', message: 'no bought host is known to differ from one that is bought today' }
      : { type, status: 'False', reason: 'Outdated', message: `${message} (${seen.reasons.join('; ')}). Replace the others with kamal-autoscaler roll ${seen.pool}; protected hosts stay` };
  }
}
