import { type Instant, type Observation, seconds } from '../model/index.ts';

/** From the time that a sample carries, which is when its scrape began, until a query finds it. */
const JOURNEY_SECONDS = 0.5;
const LATE_SECONDS = 1;
const BLIND_SECONDS = 5;

/**
 * Seconds until the next new sample of any metric can be read, so that a spike is judged when it is first seen. Pages
 * are scraped at times of their own: the metric that is due first counts, not the one that was read last. A sample
 * that is late is looked for each second, up to one scrape interval; after that its page is gone and waits for the
 * policy's interval, as everything does at the latest. Without any value it is looked for every 5 s.
 */
export function secondsToNextSample(
  observations: readonly Observation[], scrapeIntervalSeconds: number, policyIntervalSeconds: number, now: Instant,
): number {
  const waits = observations.flatMap(({ asOf }) => {
    const wait = (asOf - now) / seconds(1) + scrapeIntervalSeconds + JOURNEY_SECONDS;
    if (wait > 0) return [wait];
    return wait > -scrapeIntervalSeconds ? [LATE_SECONDS] : [];
  });
  const blind = observations.some(({ kind }) => kind === 'Value') ? [] : [BLIND_SECONDS];
  return Math.max(JOURNEY_SECONDS, Math.min(policyIntervalSeconds, ...waits, ...blind));
}
