import type { WorstMinutes } from '../measures/worst.ts';

/** Why the worst ten minutes were bad, in sentences for somebody who was not there. */
export function whyText(worst: WorstMinutes, maxHosts: number): string {
  const { rateBefore, rateMost, neededMost, readyLeast, bootingMost, shortSeconds, releasedBefore, turnedAway } = worst;
  const growth = rateMost / Math.max(rateBefore, 1e-9);
  const load = growth > 1.15
    ? `The load went from ${rounded(rateBefore)} to ${rounded(rateMost)} requests/s in less than twenty minutes`
    : `The load stayed at about ${rounded(rateMost)} requests/s`;
  const short = shortSeconds.Ceiling + shortSeconds.Booting + shortSeconds.NotOrdered;
  const clauses = [`${load}; ${hosts(neededMost)} ${neededMost === 1 ? 'was' : 'were'} needed and as few as ${readyLeast} served.`];
  if (short === 0) clauses.push('There were enough hosts: what had waited before was being worked off.');
  if (shortSeconds.Ceiling > 0) clauses.push(`For ${shortSeconds.Ceiling} s more hosts were needed than the maximum of ${maxHosts} allows.`);
  if (shortSeconds.NotOrdered > 0) clauses.push(`For ${shortSeconds.NotOrdered} s too few were ordered.`);
  if (shortSeconds.Booting > 0) clauses.push(`For ${shortSeconds.Booting} s enough were ordered, and up to ${bootingMost} still booted.`);
  if (releasedBefore > 0) clauses.push(`${hosts(releasedBefore)} had been let go within the ten minutes before.`);
  if (turnedAway >= 1) clauses.push(`${rounded(turnedAway)} requests were turned away.`);
  return clauses.join(' ');
}

const hosts = (count: number): string => (count === 1 ? '1 host' : `${count} hosts`);
const rounded = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(2).replace(/\.0+$/, ''));
