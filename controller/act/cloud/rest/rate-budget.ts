import type { Instant } from '../../../model/index.ts';

/** While fewer requests of the hour are left than these, looks come slowly: creates, deletes, and people with their own tools go before. */
const LEFT_BY_LOOKS = 200;
/** Slowly: this many at once, and one more each ten seconds. Without any look nothing could be bought or deleted either. */
const SLOW_LOOKS = 10;
const SLOW_LOOK_SECONDS = 10;
/** Of the requests of one minute this share is left to changes. */
const SHARE_OF_CHANGES = 0.2;

/** Requests that an account may send, before an answer has told. */
export interface RateLimits {
  perHour: number;
  perMinute?: number;
}

export interface RateHeaders {
  /** Of the hour. */
  limit: number | undefined;
  remaining: number | undefined;
}

/**
 * The account's request budget as the last answers told it. It is refilled evenly, so a wait is counted in single
 * requests. No header tells of the minute, so that is counted here alone.
 */
export interface RateBudget {
  /** Seconds until such a call may be sent; 0: now, and it is counted as under way. */
  take(kind: 'Look' | 'Change'): number;
  /** The call that was taken has ended; `headers` as its answer had them, after a 429 with the seconds for which nothing may be sent. */
  ended(headers: RateHeaders | 'NoAnswer', outcome: 'Answered' | { refusedForSeconds: number }): void;
}

export function createRateBudget(now: () => Instant, { perHour, perMinute }: RateLimits): RateBudget {
  let limit = perHour;
  let left = perHour;
  let slow = SLOW_LOOKS;
  let minute = perMinute ?? Infinity;
  let asOf = now();
  /** Seconds after a 429 for which nothing is sent; counted down, so that a clock that is set back does not stretch them. */
  let closed = 0;
  let underWay = 0;

  const refill = (): void => {
    const elapsed = Math.max(0, now() - asOf) / 1000;
    left = Math.min(limit, left + elapsed * (limit / 3600));
    slow = Math.min(SLOW_LOOKS, slow + elapsed / SLOW_LOOK_SECONDS);
    if (perMinute !== undefined) minute = Math.min(perMinute, minute + elapsed * (perMinute / 60));
    closed = Math.max(0, closed - elapsed);
    asOf = now();
  };
  const secondsUntil = (count: number): number => (count - left) / (limit / 3600);

  function wait(kind: 'Look' | 'Change'): number {
    return Math.max(closed, waitOfHour(kind), waitOfMinute(kind));
  }

  function waitOfHour(kind: 'Look' | 'Change'): number {
    if (left < 1) return secondsUntil(1);
    const plenty = 1 + Math.min(LEFT_BY_LOOKS, Math.floor(limit / 4));
    return kind === 'Change' || left >= plenty || slow >= 1 ? 0 : Math.min(secondsUntil(plenty), (1 - slow) * SLOW_LOOK_SECONDS);
  }

  function waitOfMinute(kind: 'Look' | 'Change'): number {
    if (perMinute === undefined) return 0;
    const needed = kind === 'Change' ? 1 : 1 + perMinute * SHARE_OF_CHANGES;
    return (needed - minute) / (perMinute / 60);
  }

  return {
    take(kind) {
      refill();
      const wanted = wait(kind);
      if (wanted > 0) return Math.max(1, Math.ceil(wanted));
      left -= 1;
      minute -= 1;
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
      if (outcome !== 'Answered') closed = Math.max(closed, outcome.refusedForSeconds);
    },
  };
}
