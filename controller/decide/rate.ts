import type { ScalingPolicySpec } from '../api/index.ts';
import type { Instant } from '../model/index.ts';
import * as reasons from './reasons.ts';
import type { Memory } from './state.ts';
import { addChange, within } from './timeline.ts';
import type { Timeline } from './timeline.ts';
import type { Verdict } from './verdict.ts';

type Behavior = ScalingPolicySpec['behavior'];
type RatePolicy = NonNullable<Behavior['scaleOut']['policies']>[number];

const DEFAULT_OUT: readonly RatePolicy[] = [
  { type: 'Hosts', value: 4, periodSeconds: 60 },
  { type: 'Percent', value: 100, periodSeconds: 60 },
];
const DEFAULT_IN: readonly RatePolicy[] = [
  { type: 'Hosts', value: 2, periodSeconds: 60 },
  { type: 'Percent', value: 20, periodSeconds: 60 },
];
/** The CRD's greatest periodSeconds: older changes count for nobody. */
const LONGEST_PERIOD_SECONDS = 1800;

/** Holds a change to what its direction may still do in each policy's period. */
export function limitRate(verdict: Verdict, current: number, memory: Memory, behavior: Behavior, now: Instant): Verdict {
  const { scaleOut, scaleIn } = behavior;
  if (verdict.hosts > current) {
    if (scaleOut.selectPolicy === 'Disabled') return stopped(verdict, current, 'scaleOut');
    const most = mostOut(current, memory, behavior, now);
    return verdict.hosts <= most ? verdict : limited(verdict, most, 'scaleOut');
  }
  if (verdict.hosts < current) {
    if (scaleIn.selectPolicy === 'Disabled') return stopped(verdict, current, 'scaleIn');
    const least = leastIn(current, memory, behavior, now);
    return verdict.hosts >= least ? verdict : limited(verdict, least, 'scaleIn');
  }
  return verdict;
}

/**
 * The most that scale-out may reach now. A period starts from what there was: hosts removed in it are given back
 * first, so that a scale-in just before a spike takes nothing from the answer to it.
 */
function mostOut(current: number, memory: Memory, { scaleOut }: Behavior, now: Instant): number {
  const limits = policiesOr(scaleOut.policies, DEFAULT_OUT).map(({ type, value, periodSeconds }) => {
    const start = Math.max(0, current - sum(memory.added, periodSeconds, now) + sum(memory.removed, periodSeconds, now));
    return type === 'Hosts' ? start + value : Math.max(start + 1, Math.ceil(start * (1 + value / 100) - 1e-9));
  });
  return Math.max(current, scaleOut.selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits));
}

/** The least that scale-in may reach now. */
function leastIn(current: number, memory: Memory, { scaleIn }: Behavior, now: Instant): number {
  const limits = policiesOr(scaleIn.policies, DEFAULT_IN).map(({ type, value, periodSeconds }) => {
    const start = current + sum(memory.removed, periodSeconds, now);
    return type === 'Hosts' ? start - value : Math.floor(start * (1 - value / 100) + 1e-9);
  });
  return Math.max(0, Math.min(current, scaleIn.selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits)));
}

const policiesOr = (own: readonly RatePolicy[] | undefined, defaults: readonly RatePolicy[]): readonly RatePolicy[] =>
  own === undefined || own.length === 0 ? defaults : own;

/** Changes inside the period; one exactly a period ago has left it. */
const sum = (changes: Timeline, periodSeconds: number, now: Instant): number =>
  within(changes, periodSeconds, now).reduce((total, [at, hosts]) => total + (now - at < periodSeconds * 1000 ? hosts : 0), 0);

const limited = (verdict: Verdict, hosts: number, direction: 'scaleOut' | 'scaleIn'): Verdict =>
  ({ hosts, reasons: [...verdict.reasons, reasons.rateLimited(hosts, direction)], heldBy: 'RateLimit' });

const stopped = (verdict: Verdict, current: number, direction: 'scaleOut' | 'scaleIn'): Verdict =>
  ({ hosts: current, reasons: [...verdict.reasons, reasons.disabled(current, direction)], heldBy: 'Disabled' });

/**
 * Counts the last decision as far as the hosts followed it. In `Observe` mode they never do, and what a person changes
 * by hand is nobody's quota.
 */
export function settlePending(memory: Memory, current: number, now: Instant): Memory {
  const { pending, ...rest } = memory;
  const added = within(memory.added, LONGEST_PERIOD_SECONDS, now);
  const removed = within(memory.removed, LONGEST_PERIOD_SECONDS, now);
  if (pending === undefined) return { ...rest, added, removed };
  const { at, from, to } = pending;
  const grown = Math.min(current, to) - from;
  if (to > from && grown > 0) return { ...rest, added: addChange(added, [at, grown]), removed };
  const shrunk = from - Math.max(current, to);
  if (to < from && shrunk > 0) return { ...rest, added, removed: addChange(removed, [at, shrunk]) };
  return { ...rest, added, removed };
}
