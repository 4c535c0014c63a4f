/** Which percentile `p95` is, and the requests that it needs: with fewer, a single slow one decides. */
export const QUANTILE = 0.95;
export const LEAST_REQUESTS = 50;

/** Whose histogram it is decides who can change its buckets. */
export type BucketOwner = 'Traefik' | 'kamal-proxy';

/** A quantile between two bounds is a guess; within this part of the target a bound makes the comparison sound. */
const NEAR = 0.25;

/**
 * A quantile as Prometheus computes it from cumulative buckets: linear within a bucket, the highest finite bound when
 * it falls into the last one, NaN without requests or without a `+Inf` bucket. `buckets` maps bound to count or rate.
 */
export function histogramQuantile(quantile: number, buckets: ReadonlyMap<number, number>): number {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  if (sorted.length < 2 || sorted.at(-1)![0] !== Infinity) return Number.NaN;
  // Buckets are scraped one by one; a lower one may be ahead of a higher one by a request.
  let highest = 0;
  const counts = sorted.map(([, count]) => (highest = Math.max(highest, count)));
  const total = counts.at(-1)!;
  if (total === 0) return Number.NaN;
  const rank = quantile * total;
  const index = counts.findIndex((count) => count >= rank);
  if (index === sorted.length - 1) return sorted.at(-2)![0];
  const end = sorted[index]![0];
  if (index === 0 && end <= 0) return end;
  const start = index === 0 ? 0 : sorted[index - 1]![0];
  const below = index === 0 ? 0 : counts[index - 1]!;
  return start + (end - start) * ((rank - below) / (counts[index]! - below));
}

/** What to tell a person whose target these buckets cannot show; undefined when they can. */
export function bucketWarning(owner: BucketOwner, bounds: readonly number[], targetSeconds: number): string | undefined {
  const finite = [...new Set(bounds.filter((bound) => Number.isFinite(bound)))].sort((a, b) => a - b);
  const highest = finite.at(-1);
  if (highest === undefined || finite.some((bound) => Math.abs(bound - targetSeconds) <= NEAR * targetSeconds)) return undefined;
  const above = finite.find((bound) => bound > targetSeconds);
  const below = finite.findLast((bound) => bound < targetSeconds) ?? 0;
  const problem =
    above === undefined
      ? `the highest bucket of ${owner} ends at ${highest} s, so that no P95 above it, and none above the target of ${targetSeconds} s, is ever seen`
      : `${owner} has no bucket bound near the target of ${targetSeconds} s: a P95 between ${below} and ${above} s is a guess`;
  return `${problem}. ${mend(owner, finite, targetSeconds)}`;
}

function mend(owner: BucketOwner, bounds: readonly number[], target: number): string {
  switch (owner) {
    case 'Traefik': {
      const wanted = [...bounds, ...[0.5, 0.75, 1, 1.25, 1.5, 2].map((factor) => Number((target * factor).toPrecision(3)))];
      const list = [...new Set(wanted)].sort((a, b) => a - b).join(', ');
      return `Write in Traefik's static configuration and restart Traefik: metrics: {prometheus: {buckets: [${list}]}}`;
    }
    case 'kamal-proxy':
      return `Its buckets are fixed: choose a target near one of ${bounds.join(', ')}, or give Traefik's metrics with buckets of your own`;
  }
}
