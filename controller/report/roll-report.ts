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
  /** Outdated ones that a person keeps: no roll takes them. */
  kept: readonly { name: string; by: 'Protection' | 'Quarantine' }[];
  /** What keeps a host that was bought for an outdated one from coming up, as a clause. */
  trouble?: string | undefined;
}

/** How far it is, in words of a condition, of the state and of the command line. */
export function rollText({ verdict, updated, outdated, reasons, kept, trouble }: RollSeen): string {
  const of = `of ${updated + outdated} bought hosts`;
  const why = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
  if (verdict.kind === 'None') return `${updated} ${of} are as one that is bought today${outdated === 0 ? '' : why}${keptText(kept)}`;
  const leaving = verdict.left === 0 ? 'the last ones leave' : `${verdict.left} ${of} are still to be replaced${why}`;
  const held = verdict.kind === 'Rolls' ? trouble : verdict.why;
  return `${leaving}${held === undefined ? '' : `; ${held}`}${keptText(kept)}`;
}

/** Who stays as it is, and what would let it be replaced. */
export const keptText = (kept: RollSeen['kept']): string =>
  kept.map(({ name, by }) => (by === 'Protection' ? `; ${name} stays, as it is protected (kamal-autoscaler protect ${name} --off)` : `; ${name} stays, as it is in quarantine`)).join('');

export function rollCondition(seen: RollSeen): ConditionDraft {
  const type = 'HostsCurrent';
  const message = rollText(seen);
  switch (seen.verdict.kind) {
    case 'Rolls': return { type, status: 'False', reason: 'Rolling', message };
    case 'Paused': return { type, status: 'False', reason: 'RollPaused', message: `${message}: go on with kamal-autoscaler roll ${seen.pool} --resume` };
    case 'Waits': return { type, status: 'False', reason: 'RollWaits', message };
    case 'None': {
      if (seen.outdated === 0) return { type, status: 'True', reason: 'AllCurrent', message: 'no bought host is known to differ from one that is bought today' };
      if (seen.outdated === seen.kept.length) return { type, status: 'False', reason: 'OutdatedKept', message };
      return { type, status: 'False', reason: 'Outdated', message: `${message}. Replace the others with kamal-autoscaler roll ${seen.pool}` };
    }
  }
}
