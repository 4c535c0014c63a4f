import { keyText } from '../../api/index.ts';
import { ClassifiedError, seconds } from '../../model/index.ts';
import type { Instant, Observation } from '../../model/index.ts';
import type { Clock, MetricQuery, MetricsSource } from '../../ports/index.ts';
import { absent, toObservation } from '../outcome-of-rows.ts';
import type { Outcome } from '../outcome-of-rows.ts';
import { inParallel } from '../parallel.ts';
import { readSignal } from '../read-signal.ts';
import { isSignalQuery, seriesNames, staleAfter, windowOf } from '../rows.ts';
import type { Basis, SignalQuery } from '../rows.ts';
import { fetchExposition } from './fetch-exposition.ts';
import { scrapedRows } from './signals-scrape.ts';
import { exporterURL, sourceOfSignal, TargetTable, traefikURLs, urlsOf } from './targets.ts';
import type { SourceOfSignal, Target } from './targets.ts';

export interface ScrapeSettings {
  intervalSeconds: number;
  /** Longest wait for one page; at most the interval. */
  timeoutSeconds: number;
  /** Pages at the same time; default 16. */
  parallelScrapes?: number;
}

const PARALLEL_SCRAPES = 16;
/** A policy may be read every five minutes; a target that three readings passed over is nobody's. */
const WANTED_SECONDS = 900;

/** Metrics from the exporters themselves, for people without Prometheus. Scrapes by itself between `start` and `stop`. */
export class DirectScrapeSource implements MetricsSource {
  readonly #settings: ScrapeSettings;
  readonly #clock: Clock;
  readonly #targets = new TargetTable();
  readonly #listeners = new Set<(at: Instant) => void>();
  #longestWindowSeconds: number;
  #loop: { end: AbortController; ended: Promise<void> } | undefined;
  #nap = new AbortController();

  /** Throws `Invalid` for settings that cannot work. */
  constructor(settings: ScrapeSettings, clock: Clock) {
    const { intervalSeconds, timeoutSeconds } = settings;
    if (!(intervalSeconds > 0)) throw new ClassifiedError('Invalid', `direct scrape: intervalSeconds is ${intervalSeconds}: write a number above 0`);
    if (!(timeoutSeconds > 0 && timeoutSeconds <= intervalSeconds)) {
      throw new ClassifiedError('Invalid', `direct scrape: timeoutSeconds is ${timeoutSeconds}: write a number above 0 and at most intervalSeconds (${intervalSeconds})`);
    }
    this.#settings = settings;
    this.#clock = clock;
    this.#longestWindowSeconds = windowOf({}, intervalSeconds);
  }

  get scrapeIntervalSeconds(): number {
    return this.#settings.intervalSeconds;
  }

  /** Calls back after each round of scrapes with its time, so that new samples are evaluated at once. Listeners must not throw. */
  onScrape(listener: (at: Instant) => void): { close(): void } {
    this.#listeners.add(listener);
    return { close: () => void this.#listeners.delete(listener) };
  }

  start(): void {
    if (this.#loop !== undefined) return;
    const end = new AbortController();
    this.#loop = { end, ended: this.#run(end.signal) };
  }

  /** Ends the rounds and waits for the scrapes under way, which are broken off. */
  async stop(): Promise<void> {
    const loop = this.#loop;
    this.#loop = undefined;
    loop?.end.abort();
    await loop?.ended;
  }

  async read(queries: readonly MetricQuery[]): Promise<Observation[]> {
    const now = this.#clock.now();
    const signals = queries.filter(isSignalQuery);
    this.#longestWindowSeconds = Math.max(this.#longestWindowSeconds, ...signals.map((query) => windowOf(query, this.scrapeIntervalSeconds)));
    this.#want(signals, now);
    return queries.map((query) => {
      const windowSeconds = windowOf(query, this.scrapeIntervalSeconds);
      const basis: Basis = { now, windowSeconds, staleAfterSeconds: staleAfter(this.scrapeIntervalSeconds) };
      return toObservation(query, isSignalQuery(query) ? this.#readSignal(query, basis) : OWN_PROMQL, basis);
    });
  }

  #readSignal(query: SignalQuery, basis: Basis): Outcome {
    const source = sourceOfSignal(query.source.signal);
    const urls = urlsOf(source, query);
    if (urls.length === 0 && (query.hosts.length > 0 || source === 'Nothing')) return absent('Unsupported', `${query.source.signal}: ${WHAT_IS_MISSING[source]}`);
    // Without metrics of Traefik the hosts' proxies are the intended source, not a makeshift.
    const { loadBalancer: _unread, ...hostsAlone } = query.spec;
    const readable: SignalQuery = traefikURLs(query).length > 0 ? query : { ...query, spec: hostsAlone };
    const end = basis.now / 1000;
    const rows = scrapedRows(readable.source.signal, seriesNames(readable), this.#targetsOf(readable), { start: end - basis.windowSeconds, end });
    return withFailures(readSignal(readable, rows, basis), urls.flatMap((url) => this.#targets.get(url) ?? []));
  }

  #targetsOf(query: SignalQuery): Parameters<typeof scrapedRows>[2] {
    const scraped = (url: string | undefined) => {
      const target = this.#targets.get(url);
      // As Prometheus marks them stale: the samples of a page that could not be read just now say nothing about now.
      return target?.failure === undefined && target?.history.lastScrape !== undefined ? target.history : undefined;
    };
    return {
      traefik: traefikURLs(query).map(scraped),
      hosts: query.hosts.map((host) => {
        const [proxy, node, app] = [scraped(exporterURL(host, 'proxyMetrics')), scraped(exporterURL(host, 'nodeMetrics')), scraped(exporterURL(host, 'appMetrics'))];
        return { host, ...(proxy && { proxy }), ...(node && { node }), ...(app && { app }) };
      }),
    };
  }

  /** A pool's pages are those of its latest reading: hosts that it no longer names are asked no more. */
  #want(queries: readonly SignalQuery[], now: Instant): void {
    for (const [pool, own] of Map.groupBy(queries, (query) => keyText(query.pool))) {
      const urls = own.flatMap((query) => urlsOf(sourceOfSignal(query.source.signal), query));
      if (this.#targets.want(pool, urls, now + seconds(WANTED_SECONDS))) this.#nap.abort();
    }
  }

  /** Rounds at the interval; a new target is scraped at once, as its rates need two samples before they say anything. */
  async #run(end: AbortSignal): Promise<void> {
    let nextRound = this.#clock.now();
    while (!end.aborted) {
      this.#nap = new AbortController();
      const now = this.#clock.now();
      // A clock that was set back: else nothing would be read until that time has come again.
      if (nextRound > now + seconds(this.scrapeIntervalSeconds)) nextRound = now;
      const isRound = now >= nextRound;
      if (isRound) {
        nextRound += seconds(this.scrapeIntervalSeconds);
        // After a pause of the whole process one round is enough.
        if (nextRound <= now) nextRound = now + seconds(this.scrapeIntervalSeconds);
        this.#targets.forget(now);
      }
      await this.#scrape(this.#targets.all().filter((target) => isRound || !target.attempted), end);
      await this.#clock.sleep(Math.max(0, nextRound - this.#clock.now()), AbortSignal.any([end, this.#nap.signal]));
    }
  }

  async #scrape(targets: readonly Target[], end: AbortSignal): Promise<void> {
    if (targets.length === 0) return;
    await inParallel(this.#settings.parallelScrapes ?? PARALLEL_SCRAPES, targets, async (target) => await this.#scrapeOne(target, end));
    if (end.aborted) return;
    for (const listener of this.#listeners) listener(this.#clock.now());
  }

  async #scrapeOne(target: Target, end: AbortSignal): Promise<void> {
    const time = this.#clock.now() / 1000;
    const scrape = await fetchExposition(target.url, this.#settings.timeoutSeconds, this.#clock, end);
    target.attempted = true;
    delete target.failure;
    switch (scrape.kind) {
      case 'Samples': {
        const kept = target.history.add(scrape.samples, time, time - this.#longestWindowSeconds - this.scrapeIntervalSeconds);
        if (kept.kind === 'TooMany') target.failure = kept.why;
        return;
      }
      case 'Failed':
        target.failure = scrape.why;
        return;
    }
  }
}

const OWN_PROMQL = absent('Unsupported', 'direct scrape cannot evaluate PromQL: name a ready-made query, or set a Prometheus');

const WHAT_IS_MISSING: Record<SourceOfSignal, string> = {
  Requests: 'neither metrics of Traefik nor of kamal-proxy are known: set spec.loadBalancer.traefik.metricsURLs or spec.ports.proxyMetrics of the pool',
  Node: 'no node exporter is known: set spec.ports.nodeMetrics of the pool',
  Application: 'no application exporter is known: set spec.ports.appMetrics of the pool',
  Nothing: 'direct scrape reads the hosts and Traefik, not the exporters of databases: set a Prometheus',
};

/** Says of an absence which pages could not be read; when none could, that is its whole reason. */
function withFailures(outcome: Outcome, targets: readonly Target[]): Outcome {
  if (outcome.kind === 'Value') return outcome;
  const unread = targets.filter((target) => target.failure !== undefined || !target.attempted);
  const first = unread[0];
  if (first === undefined) return outcome;
  const more = unread.length > 1 ? ` and ${unread.length - 1} more of ${targets.length} pages` : '';
  const why = `${shownURL(first.url)}${more} cannot be read: ${first.failure ?? 'not scraped yet'}`;
  // What could not be read is the cause, and stands first: the line is often cut.
  if (unread.length === targets.length && (outcome.absence.kind === 'Empty' || outcome.absence.kind === 'Stale')) {
    return { ...outcome, absence: { kind: 'Unreachable', message: why } };
  }
  return { ...outcome, absence: { kind: outcome.absence.kind, message: `${outcome.absence.message}; ${why}` } };
}

/** Without user, password and parameters. */
function shownURL(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
