import type { Instant } from '../model/index.ts';
import { readErrors } from './errors.ts';
import { UNSEEN } from './foresight.ts';
import type { Foresight, Outlook, Waiting } from './foresight.ts';
import { PREDICTORS } from './predictors.ts';
import { isCount, isNumber, isRecord } from './stored.ts';
import type { Trend } from './trend.ts';

const MOST_WAITING = 64;

/**
 * Reads what was stored of forecasts. What was learned of errors is kept whatever the clock says; where the newest sample
 * lies in the future, trends and open forecasts are as if they had not been.
 */
export function restoreForesight(stored: unknown, now: Instant): Foresight {
  if (!isRecord(stored)) return UNSEEN;
  const learned = {
    misses: listOf(stored['misses'], PREDICTORS, isMiss) ?? UNSEEN.misses,
    errors: allErrors(stored['errors']) ?? UNSEEN.errors,
    restless: isCount(stored['restless']) ? stored['restless'] : UNSEEN.restless,
    ...(isCount(stored['usual']) && { usual: stored['usual'] }),
  };
  const { at, asOf, sample, situation, spread } = stored;
  const trends = listOf(stored['trends'], UNSEEN.trends.length, isTrend);
  if (!isCount(at) || !isCount(asOf) || at > now || asOf > now || !isCount(sample) || trends === undefined || !isSituation(situation) || !isCount(spread) || spread === 0) return { ...UNSEEN, ...learned };
  const waiting = Array.isArray(stored['waiting']) && stored['waiting'].length <= MOST_WAITING ? stored['waiting'].filter(isWaiting) : [];
  const outlook = readOutlook(stored['outlook'], now);
  return { at, asOf, sample, trends, situation, spread, waiting, ...learned, ...(outlook !== undefined && { outlook }) };
}

function allErrors(value: unknown): Foresight['errors'] | undefined {
  if (!Array.isArray(value) || value.length !== UNSEEN.errors.length) return undefined;
  const errors = value.map(readErrors);
  return errors.every((one) => one !== undefined) ? errors : undefined;
}

function readOutlook(value: unknown, now: Instant): Outlook | undefined {
  if (!isRecord(value)) return undefined;
  const { madeAt, leadSeconds, level, expected, upper, coming } = value;
  if (!isCount(madeAt) || madeAt > now || !isCount(leadSeconds) || !isCount(level) || !isCount(expected) || !isCount(upper)) return undefined;
  return { madeAt, leadSeconds, level, expected, upper, ...(isCount(coming) && { coming }) };
}

const listOf = <Item>(value: unknown, length: number, is: (item: unknown) => item is Item): readonly Item[] | undefined =>
  Array.isArray(value) && value.length === length && value.every(is) ? value : undefined;

const isSituation = (value: unknown): value is number => isCount(value) && Number.isInteger(value) && value < UNSEEN.errors.length;
const isMiss = (value: unknown): value is number | null => value === null || isCount(value);
const isTrend = (value: unknown): value is Trend => Array.isArray(value) && value.length === 5 && value.every(isNumber);

function isWaiting(value: unknown): value is Waiting {
  if (!Array.isArray(value) || value.length !== 4 + PREDICTORS) return false;
  const [due, expected, spread, situation, ...each] = value;
  return isCount(due) && isCount(expected) && isCount(spread) && spread > 0 && isSituation(situation) && each.every(isMiss);
}
