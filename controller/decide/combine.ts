import * as reasons from './reasons.ts';
import type { Proposal } from './recommend.ts';
import type { Verdict } from './verdict.ts';

/**
 * The highest proposal wins. While a metric is absent or a threshold exceeded, nothing below the current number does.
 * Without any number, from a policy of thresholds and guards that are all content, the pool stays as it is: nothing
 * said how many hosts would be enough.
 */
export function combine(proposals: readonly Proposal[], current: number): Verdict {
  const numbers = numbersOf(proposals);
  const highest = highestOf(proposals) ?? current;
  const winner = numbers.find(({ hosts }) => hosts === highest);
  const absent = proposals.filter(({ kind }) => kind === 'Absent');
  const others = [...absent, ...proposals.filter(({ kind }) => kind === 'Vetoes')].map(({ reason }) => reason);

  if (winner === undefined) {
    const said = [...others, reasons.noOpinion(current)];
    return { hosts: current, reasons: said, ...(absent.length > 0 && { heldBy: 'Absent' as const }) };
  }
  const said = [winner.reason, ...others];
  if (absent.length > 0 && highest < current) {
    return { hosts: current, reasons: [...said, reasons.blocked(current, names(absent), 'Absent')], heldBy: 'Absent' };
  }
  if (highest > current) return { hosts: highest, reasons: said };

  const exceeded = proposals.filter(({ kind }) => kind === 'StepsUp');
  const sizedBelow = numbers.some(({ kind, hosts }) => kind === 'Sizes' && hosts < current);
  if (exceeded.length > 0 && sizedBelow && highest === current) {
    return { hosts: current, reasons: [...said, reasons.blocked(current, names(exceeded), 'Threshold')], heldBy: 'Threshold' };
  }
  const tolerated = winner.kind === 'Sizes' && winner.tolerated;
  return { hosts: highest, reasons: said, ...(tolerated && { heldBy: 'Tolerance' as const }) };
}

/** The highest number that any metric asks for, before anything blocks; undefined when none gives a number. */
export function highestOf(proposals: readonly Proposal[]): number | undefined {
  const numbers = numbersOf(proposals);
  return numbers.length === 0 ? undefined : Math.max(...numbers.map(({ hosts }) => hosts));
}

const numbersOf = (proposals: readonly Proposal[]) =>
  proposals.filter((proposal) => proposal.kind === 'Sizes' || proposal.kind === 'StepsUp');

const names = (proposals: readonly Proposal[]): string[] => proposals.map(({ rule }) => rule.name);
