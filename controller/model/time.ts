/** A point in time: milliseconds since the epoch, UTC. */
export type Instant = number;

export const seconds = (count: number): number => count * 1000;

/** RFC 3339 text, as API objects carry times. */
export const toTimestamp = (instant: Instant): string => new Date(instant).toISOString();

/** Reads an RFC 3339 text; undefined for an absent or unreadable one. */
export function fromTimestamp(text: string | undefined): Instant | undefined {
  if (text === undefined) return undefined;
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? undefined : instant;
}

/** Whether something that was true at `asOf` is at most so old. A time that lies ahead says nothing: the clock was stepped back since. */
export const isYoung = (asOf: Instant, milliseconds: number, now: Instant): boolean => asOf <= now && now - asOf <= milliseconds;
