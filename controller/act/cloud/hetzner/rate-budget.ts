import type { Instant } from '../../../model/index.ts';

/** Looks stop while so many requests are left: creates, deletes, and people with their own tools go before. */
const LEFT_BY_LOOKS = 200;
const USUAL_LIMIT = 3600;

export interface RateHeaders {
  limit: number | undefined;
  remaining: number | undefined;
}

/**
 * The project's request budget as the last answers told it. It is refilled evenly, `limit` an hour, so a wait is counted
 * in single requests; `RateLimit-Reset` says when it is full again, which nobody needs to wait for.
 */
export interface RateBudget {
  /** Seconds until such a call may be sent; 0: now, and it is counted as under way. */
  take(kind: 'Look' | 'Change'): number;
  /** The call that was taken has ended; `headers` as its answer had them, `Refused` after a 429. */
  ended(headers: RateHeaders | 'NoAnswer', outcome: 'Answered' | 'Refused'): void;
}

export function createRateBudget(now: () => Instant): RateBudget {
  let limit = USUAL_LIMIT;
  let left = USUAL_LIMIT;
  let asOf = now();
  let underWay = 0;

  const refill = (): void => {
    const time = now();
    left = Math.min(limit, left + Math.max(0, time - asOf) / 1000 * (limit / 3600));
    asOf = time;
  };

  return {
    take(kind) {
      refill();
      const needed = 1 + (kind === 'Look' ? Math.min(LEFT_BY_LOOKS, Math.floor(limit / 4)) : 0);
      if (left < needed) return Math.max(1, Math.ceil((needed - left) / (limit / 3600)));
      left -= 1;
      underWay += 1;
      return 0;
    },
    ended(headers, outcome) {
      underWay -= 1;
      refill();
      if (headers !== 'NoAnswer') {
        if (headers.limit !== undefined && headers.limit > 0) limit = headers.limit;
        // What is still under way is not in this answer's number yet.
        if (headers.remaining !== undefined) left = Math.min(limit, Math.max(0, headers.remaining - underWay));
      }
      if (outcome === 'Refused') left = 0;
    },
  };
}
