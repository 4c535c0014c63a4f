import type { Instant, LoadHistory } from '../model/index.ts';
import { acceptedRisk } from './accepted-risk.ts';
import { addError, errorAt, NO_ERRORS } from './errors.ts';
import type { Errors } from './errors.ts';
import { isCloser, judge, PREDICTORS, predict, TREND_SECONDS } from './predictors.ts';
import type { Misses, Prediction, Predictions } from './predictors.ts';
import { fine, short } from './short.ts';
import { highestChangeBefore, SEASONS } from './season.ts';
import { scaleOf, SITUATIONS, situationOf, spreadOf, USUAL_RESTLESSNESS } from './situation.ts';
import type { Situation } from './situation.ts';
import { extend, NO_TREND } from './trend.ts';
import type { Trend } from './trend.ts';
import type { Mechanism } from './without.ts';

/** A forecast whose time has not come yet, and what it was made of. Loads are in hosts. */
export type Waiting = readonly [due: Instant, expected: number, spread: number, situation: Situation, ...each: Predictions];

/** What is remembered for forecasts. Loads are in hosts at their limit. */
export interface Foresight {
  /** Middle of the newest sample, when it was taken, and its load. */
  at?: Instant;
  asOf?: Instant;
  sample: number;
  trends: readonly Trend[];
  misses: Misses;
  /** In which the newest sample found the load; the next forecast's headroom goes by it. */
  situation: Situation;
  spread: number;
  /** Mean error of the last hours' forecasts, in spreads of usual width. */
  restless: number;
  /** Load of the last hours; undefined before the first sample. */
  usual?: number;
  /** By due time. */
  waiting: readonly Waiting[];
  /** One for each situation. */
  errors: readonly Errors[];
  outlook?: Outlook;
}

/** What the load may come to at the moment when a host that is ordered now can serve. In hosts at their limit. */
export interface Outlook {
  /** When it was made. */
  madeAt: Instant;
  leadSeconds: number;
  /** Load now. */
  level: number;
  expected: number;
  /** Not exceeded but for the accepted risk, and no less than a trusted season has on the way there. */
  upper: number;
  /** What that season has; undefined without one. */
  coming?: number;
}

export const UNSEEN: Foresight = {
  sample: 0,
  trends: TREND_SECONDS.map(() => NO_TREND),
  misses: Array.from({ length: PREDICTORS }, () => null),
  situation: situationOf(0, 0),
  spread: spreadOf({ load: 0, change: 0, apart: 0, restless: USUAL_RESTLESSNESS }),
  restless: USUAL_RESTLESSNESS,
  waiting: [],
  errors: Array.from({ length: SITUATIONS }, () => NO_ERRORS),
};

export interface Sample {
  /** Middle of the time over which it was measured. */
  at: Instant;
  asOf: Instant;
  /** Load in hosts at their limit. */
  load: number;
}

export interface Ahead {
  now: Instant;
  leadSeconds: number;
  risk: number;
  history: LoadHistory | undefined;
  without?: Mechanism | undefined;
}

const MOST_WAITING = 40;
/** A forecast that could not be judged so close to its time is not judged at all. */
const LATE_MS = 40_000;
/** Two samples further apart than this are not averaged. */
const NEIGHBOURS_MS = 60_000;

/**
 * Takes in a sample, looks ahead, and only then learns from what it was told: with the same memory, more load never
 * gives a lower outlook.
 */
export function foresee(before: Foresight, sample: Sample, ahead: Ahead): Foresight {
  const elapsed = before.at === undefined ? 0 : (sample.at - before.at) / 1000;
  const trends = before.trends.map((trend, index) => rounded(extend(trend, elapsed, TREND_SECONDS[index]!, sample.load)));
  const due = ahead.now + ahead.leadSeconds * 1000;
  const prediction = predict(trends, before.misses, ahead.history, sample.at, (due - sample.at) / 1000, ahead.without);
  const { level, expected, each } = prediction;
  const coming = comingOf(before.misses, prediction, ahead);
  const upper = Math.max(0, expected + headroom(before, ahead), coming ?? 0);
  const change = expected - level;
  const apart = ahead.without === 'Disagreement' ? 0 : each[0]! - each[1]!;
  const { open, ...learned } = learn(before, sample);
  const restless = ahead.without === 'RecentErrors' ? USUAL_RESTLESSNESS : learned.restless;
  return {
    ...learned,
    at: sample.at,
    asOf: sample.asOf,
    sample: short(sample.load),
    trends,
    situation: ahead.without === 'Situations' ? 0 : situationOf(level, change),
    spread: ahead.without === 'Spread' ? 1 : short(spreadOf({ load: level, change, apart, restless })),
    restless,
    usual: usualAfter(before, sample.load, elapsed),
    waiting: wait(open, [due, short(expected), before.spread, before.situation, ...each.map((load) => (load === null ? null : short(load)))], ahead.leadSeconds),
    outlook: { madeAt: ahead.now, leadSeconds: ahead.leadSeconds, level: short(level), expected: short(expected), upper: short(upper), ...(coming !== undefined && { coming: short(coming) }) },
  };
}

/** What forecasts of such a situation fell short by lately, but for the accepted risk. */
const headroom = ({ spread, situation, errors, usual }: Foresight, { risk, without }: Ahead): number =>
  without === 'Headroom' ? 0 : spread * errorAt(without === 'ShareOfBill' ? risk : acceptedRisk(risk, spread, usual), errors[situation]!, errors);

/** The half-life of the usual load. */
const USUAL_SECONDS = 6 * 3600;

const usualAfter = ({ usual = 0, at }: Foresight, load: number, elapsed: number): number =>
  fine(at === undefined ? load : load + (usual - load) * 0.5 ** (elapsed / USUAL_SECONDS));

/** The outlook as long as it is about now: evaluations come between samples, too. */
export const outlookOf = ({ outlook }: Foresight, now: Instant, staleSeconds: number): Outlook | undefined =>
  outlook !== undefined && now >= outlook.madeAt && now - outlook.madeAt <= staleSeconds * 1000 ? outlook : undefined;

/** Judges the forecasts whose time has come by the mean of the samples around it; the others stay open. */
function learn(before: Foresight, { at, load }: Sample): Pick<Foresight, 'misses' | 'errors' | 'restless'> & { open: readonly Waiting[] } {
  const near = before.at !== undefined && at - before.at <= NEIGHBOURS_MS;
  const actual = near ? (before.sample + load) / 2 : load;
  const actualAt = near ? (before.at! + at) / 2 : at;
  let { misses, errors, restless } = before;
  const elapsed = (at - (before.at ?? at)) / 1000;
  for (const [due, expected, spread, situation, ...each] of before.waiting) {
    if (due > actualAt || actualAt - due > LATE_MS) continue;
    misses = judge(misses, each, actual, elapsed);
    const size = (actual - expected) / spread;
    errors = errors.with(situation, addError(errors[situation]!, size));
    restless = calmed(restless, Math.abs(size) * scaleOf(before.restless), elapsed);
  }
  return { misses, errors, restless, open: before.waiting.filter(([due]) => due > actualAt) };
}

/** The half-life of an error in what is recent. */
const RECENT_SECONDS = 3600;
/** A single surprise, in spreads, is no restless hour. */
const MOST_RESTLESS = 4;

function calmed(restless: number, size: number, elapsed: number): number {
  const kept = 0.5 ** (elapsed / RECENT_SECONDS);
  return fine(kept * restless + (1 - kept) * Math.min(MOST_RESTLESS, size));
}

/** A long lead keeps every second or third forecast only, so that their number is bounded. */
function wait(open: readonly Waiting[], next: Waiting, leadSeconds: number): readonly Waiting[] {
  const last = open.at(-1);
  const gap = (leadSeconds * 1000 * 1.5) / MOST_WAITING;
  return last !== undefined && next[0] - last[0] < gap ? open : [...open, next].slice(-MOST_WAITING);
}

function comingOf(misses: Misses, { level }: Prediction, { now, leadSeconds, history }: Ahead): number | undefined {
  const changes = SEASONS.flatMap((season, index) => (isCloser(misses, index) ? highestChangeBefore(history, season, now, leadSeconds * 1000) ?? [] : []));
  return changes.length === 0 ? undefined : level * Math.max(...changes);
}

const rounded = (trend: Trend): Trend => [fine(trend[0]), fine(trend[1]), fine(trend[2]), fine(trend[3]), fine(trend[4])];
