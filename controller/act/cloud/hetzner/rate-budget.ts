import type { Instant } from '../../../model/index.ts';

/** While fewer requests are left than these, looks come slowly: creates, deletes, and people with their own tools go before. */
const LEFT_BY_LOOKS = 200;
/** Slowly: this many at once, and one more each ten seconds. Without any look nothing could be bought or deleted either. */
const SLOW_LOOKS = 10;
const SLOW_LOOK_SECONDS = 10;
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
  let slow = SLOW_LOOKS;
  let asOf = now();
  let underWay = 0;

  const refill = (): void => {
    const elapsed = Math.max(0, now() - asOf) / 1000;
    left = Math.min(limit, left + elapsed * (limit / 3600));
    slow = Math.min(SLOW_LOOKS, slow + elapsed / SLOW_LOOK_SECONDS);
    asOf = now();
  };
  const secondsUntil = (count: number): number => (count - left) / (limit / 3600);

  function wait(kind: 'Look' | 'Change'): number {
    if (left < 1) return secondsUntil(1);
    const plenty = 1 + Math.min(LEFT_BY_LOOKS, Math.floor(limit / 4));
    return kind === 'Change' || left >= plenty || slow >= 1 ? 0 : Math.min(secondsUntil(plenty), (1 - slow) * SLOW_LOOK_SECONDS);
  }

  return {
    take(kind) {
      refill();
      const seconds = wait(kind);
      if (seconds > 0) return Math.max(1, Math.ceil(seconds));
      left -= 1;
      if (kind === 'Look' && left < LEFT_BY_LOOKS) slow = Math.max(0, slow - 1);
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
