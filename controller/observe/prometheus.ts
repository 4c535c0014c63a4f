import { ClassifiedError } from '../model/index.ts';
import type { LoadHistory, Observation, SignalName } from '../model/index.ts';
import type { Clock, MetricQuery, MetricsSource } from '../ports/index.ts';
import { absent, toObservation } from './outcome-of-rows.ts';
import type { Outcome } from './outcome-of-rows.ts';
import { readOwnQuery } from './own-query.ts';
import { inParallel } from './parallel.ts';
import { readPastLoad } from './past-load.ts';
import { PrometheusAPI } from './prometheus-api.ts';
import { isPartial } from './prometheus-answer.ts';
import type { Answer } from './prometheus-answer.ts';
import { PrometheusRange } from './prometheus-range.ts';
import { settingsFault } from './prometheus-settings.ts';
import type { PrometheusSettings } from './prometheus-settings.ts';
import { newestSampleQuery, selectorsOf } from './promql-selectors.ts';
import { PART_LABEL, withWindow } from './promql.ts';
import { readSignal } from './read-signal.ts';
import { isSignalQuery, seriesNames, staleAfter, windowOf } from './rows.ts';
import type { Basis, Part, Row, SignalQuery } from './rows.ts';
import { ScrapeInterval } from './scrape-interval.ts';
import { signalQuery } from './signals-promql.ts';

const PARALLEL_REQUESTS = 4;

/** Which requests answer a query: a ready-made one shares its text with every pool of the same signal and window. */
interface Asked {
  query: MetricQuery;
  windowSeconds: number;
  text: string;
  /** Of an own query: asks for the time of its newest sample. */
  ageText?: string;
}

/** Metrics from Prometheus or what speaks its query API. */
export class PrometheusSource implements MetricsSource {
  readonly #api: PrometheusAPI;
  readonly #range: PrometheusRange;
  readonly #clock: Clock;
  readonly #parallel: number;
  readonly #interval: ScrapeInterval;

  /** Throws `Invalid` for settings that cannot work. */
  constructor(settings: PrometheusSettings, clock: Clock) {
    const fault = settingsFault(settings);
    if (fault !== undefined) throw new ClassifiedError('Invalid', `Prometheus settings: ${fault}`);
    this.#api = new PrometheusAPI(settings, clock);
    this.#range = new PrometheusRange(settings);
    this.#clock = clock;
    this.#parallel = settings.parallelRequests ?? PARALLEL_REQUESTS;
    this.#interval = new ScrapeInterval(settings.scrapeIntervalSeconds);
  }

  get scrapeIntervalSeconds(): number {
    return this.#interval.seconds;
  }

  async read(queries: readonly MetricQuery[]): Promise<Observation[]> {
    // One time for the whole pass: values that are compared belong to the same moment.
    const now = this.#clock.now();
    await this.#interval.learn(this.#api, queries, now);
    const asked = requestsFor(queries, this.scrapeIntervalSeconds);
    const texts = [...new Set(asked.flatMap(({ text, ageText }) => (ageText === undefined ? [text] : [text, ageText])))];
    const answers = await inParallel(this.#parallel, texts, async (text) => [text, await this.#api.query(text, now)] as const);
    const answerTo = new Map(answers);
    const rows = new Map(answers.map(([text, answer]) => [text, rowsOf(answer)]));
    return asked.map((one) => {
      const answer = answerTo.get(one.text)!;
      const basis: Basis = { now, windowSeconds: one.windowSeconds, staleAfterSeconds: staleAfter(this.scrapeIntervalSeconds) };
      const age = one.ageText === undefined ? undefined : answerTo.get(one.ageText);
      const outcome = isSignalQuery(one.query) ? outcomeOfSignal(one.query, answer, rows.get(one.text)!, basis) : readOwnQuery(one.text, answer, age, basis);
      const told = 'warnings' in answer ? answer.warnings : [];
      return toObservation(one.query, isPartial(told) ? partial(outcome) : outcome, basis, [...told, ...this.#windowWarning(one)]);
    });
  }

  async readPast(query: MetricQuery): Promise<LoadHistory | undefined> {
    try {
      return await readPastLoad(this.#range, query, this.scrapeIntervalSeconds, this.#clock.now());
    } catch {
      // A season is a help, not a need: the reading of the present says aloud what is wrong with the source.
      return undefined;
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.#api.close();
    this.#range.close();
  }

  #windowWarning({ windowSeconds }: Asked): string[] {
    const least = 4 * this.scrapeIntervalSeconds;
    return windowSeconds >= least ? [] : [`the window of ${windowSeconds} s is shorter than four scrape intervals (${least} s): a missed scrape leaves no value`];
  }
}

function requestsFor(queries: readonly MetricQuery[], scrapeIntervalSeconds: number): Asked[] {
  const windows = queries.map((query) => windowOf(query, scrapeIntervalSeconds));
  const groupOf = (signal: SignalName, windowSeconds: number): string => `${signal} ${windowSeconds}`;
  const groups = new Map<string, SignalQuery[]>();
  queries.forEach((query, index) => {
    if (!isSignalQuery(query)) return;
    const group = groupOf(query.source.signal, windows[index]!);
    groups.set(group, [...(groups.get(group) ?? []), query]);
  });
  const texts = new Map([...groups].map(([group, members]) => [group, signalQuery(members[0]!.source.signal, members.map(seriesNames), windowOf(members[0]!, scrapeIntervalSeconds))]));
  return queries.map((query, index): Asked => {
    const windowSeconds = windows[index]!;
    if (query.source.kind === 'Signal') return { query, windowSeconds, text: texts.get(groupOf(query.source.signal, windowSeconds))! };
    const text = withWindow(query.source.query, windowSeconds);
    const selectors = selectorsOf(text);
    return { query, windowSeconds, text, ...(selectors.length > 0 && { ageText: newestSampleQuery(selectors) }) };
  });
}

function outcomeOfSignal(query: SignalQuery, answer: Answer, rows: readonly Row[], basis: Basis): Outcome {
  switch (answer.kind) {
    case 'Refused':
    case 'Unreachable':
    case 'ClockSkew':
      return absent(answer.kind, answer.message);
    case 'Vector':
      return readSignal(query, rows, basis);
    case 'Scalar':
    case 'Matrix':
      return absent('Unreachable', `the answer for ${query.source.signal} is a ${answer.kind.toLowerCase()} where Prometheus gives a vector`);
  }
}

const partial = (outcome: Outcome): Outcome => (outcome.kind === 'Value' ? { ...outcome, partial: true } : outcome);

const rowsOf = (answer: Answer): Row[] =>
  answer.kind === 'Vector' ? answer.samples.map(({ labels, value }) => ({ part: (labels[PART_LABEL] ?? '') as Part, labels, value })) : [];
