import { type HostPool, keyOf, keyText } from '../api/index.ts';
import type { Fleet } from '../model/index.ts';
import { type ReplacementVerdict, judgeReplacement } from '../plan/index.ts';
import { replacementCondition } from '../report/pool-report.ts';
import type { Context } from './context.ts';
import { askedFor, pauseOf } from './learned-limits.ts';

/** Whether unhealthy hosts are replaced now. Told when that ends and begins; a placement that is down is not bought from for a while. */
export async function judgeCause(context: Context, pool: HostPool, fleet: Fleet): Promise<ReplacementVerdict> {
  const verdict = judgeReplacement(fleet);
  const { status, reason, message } = replacementCondition(verdict);
  const before = pool.status?.conditions?.find(({ type }) => type === 'ReplacementAllowed')?.status ?? 'True';
  if (before !== status) {
    await context.store.recordEvent({
      kind: 'HostPool', key: keyOf(pool), uid: pool.metadata.uid, type: status === 'True' ? 'Normal' : 'Warning',
      reason: status === 'True' ? 'ReplacementAllowed' : 'ReplacementHeld', message: `${reason}: ${message}`,
    });
  }
  if (verdict.kind === 'Allowed' && verdict.placementDown !== undefined) await avoid(context, pool, verdict.placementDown);
  return verdict;
}

/** What it sells may be down as well. Nothing is noted anew before the last note has run out. */
async function avoid(context: Context, pool: HostPool, name: string): Promise<void> {
  const placement = pool.spec.placements.find((candidate) => candidate.name === name);
  if (placement === undefined) return;
  const key = keyOf(pool);
  if (pauseOf((await context.gate.glance()).limits, askedFor(placement, keyText(key)), context.clock.now()) !== undefined) return;
  await context.gate.noteRefused({ placement, pool: key, class: 'Capacity', message: `every host in placement ${name} is down, while hosts elsewhere serve`, attempts: 1 });
}
