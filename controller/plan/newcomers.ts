/** Requests that a host, or several together, answered in the same stretch of time. `errors`: with a status of 500 or more. */
export interface Answered {
  requests: number;
  errors: number;
}

export type ErrorVerdict =
  /** Nothing can be said yet. */
  | { kind: 'TooFew' }
  | { kind: 'Alike' }
  /** `why`: the numbers, as a clause. */
  | { kind: 'Exceeds'; why: string };

/** Fewer requests than that say nothing, on either side. */
const FEWEST_REQUESTS = 50;
/** What the newcomer's rate surely is must be so much more than what its siblings' can be. */
const CLEAR_FACTOR = 2;
/** A rate of siblings below this is taken for it: one broken page is no reason to stop a pool. */
const LOWEST_RATE = 0.005;
/** Standard deviations of the bounds: by chance one verdict in several hundred would be beyond them, on both sides at once far fewer. */
const DEVIATIONS = 3;

/** Whether a newcomer answers with clearly more errors than its siblings did meanwhile. Pure. */
export function judgeErrors(name: string, newcomer: Answered, siblings: Answered): ErrorVerdict {
  if (newcomer.requests < FEWEST_REQUESTS || siblings.requests < FEWEST_REQUESTS) return { kind: 'TooFew' };
  const clear = rateBound(newcomer, 'Least') > CLEAR_FACTOR * Math.max(LOWEST_RATE, rateBound(siblings, 'Most'));
  return clear ? { kind: 'Exceeds', why: `${name} answered ${shareText(newcomer)} with errors, its siblings ${shareText(siblings)}` } : { kind: 'Alike' };
}

/** Wilson's bound of a rate that was seen as `errors` of `requests`: sound for few requests, and for none that failed. */
function rateBound({ requests, errors }: Answered, which: 'Least' | 'Most'): number {
  const rate = errors / requests;
  const square = DEVIATIONS ** 2;
  const centre = rate + square / (2 * requests);
  const spread = DEVIATIONS * Math.sqrt((rate * (1 - rate)) / requests + square / (4 * requests ** 2));
  return (which === 'Least' ? centre - spread : centre + spread) / (1 + square / requests);
}

const shareText = ({ requests, errors }: Answered): string => `${errors} of ${requests} requests (${(100 * errors / requests).toFixed(errors === 0 ? 0 : 1)} %)`;
