import { readJSON } from '../model/index.ts';

/** One series at one time. */
export interface Sample {
  labels: Readonly<Record<string, string>>;
  /** Seconds since the epoch: of the evaluation, not of the measurement. */
  time: number;
  value: number;
}

/** What came of a query. */
export type Answer =
  | { kind: 'Vector'; samples: Sample[]; warnings: string[] }
  | { kind: 'Scalar'; value: number; time: number; warnings: string[] }
  /** Sample times of each series, for learning the scrape interval. */
  | { kind: 'Matrix'; times: number[][]; warnings: string[] }
  /** Prometheus calls the query wrong; a person must mend it. */
  | { kind: 'Refused'; message: string }
  | { kind: 'Unreachable'; message: string }
  /** Its clock is far from ours: what it says of a time of ours is about another time. */
  | { kind: 'ClockSkew'; message: string };

/** Prometheus warns of a doubtful query in words that begin so; every other warning is about data that could not be read. */
const ABOUT_THE_QUERY = /^PromQL (warning|info)\b/;

/** The answer lacks data: of a remote read, or of a store behind Thanos or Mimir. */
export const isPartial = (warnings: readonly string[]): boolean => warnings.some((warning) => !ABOUT_THE_QUERY.test(warning));

const LONGEST_MESSAGE = 400;
const LONGEST_TYPE = 40;

/** Reads a body of `/api/v1/query`; anything but the documented shape is Unreachable, whatever the status says. */
export function parseAnswer(status: number, body: unknown, url: string): Answer {
  const read = readJSON(typeof body === 'string' ? body : '');
  const document = read.kind === 'JSON' ? read.value : undefined;
  if (!isObject(document)) return { kind: 'Unreachable', message: `${url} answered ${status} with ${kindOfBody(body)} instead of Prometheus's JSON${read.kind === 'JSON' ? '' : `: ${read.why}`}` };
  if (document['status'] === 'error') return failure(status, document, url);
  if (status !== 200 || document['status'] !== 'success' || !isObject(document['data'])) {
    return { kind: 'Unreachable', message: `${url} answered ${status} with JSON that is no answer of Prometheus's query API` };
  }
  const { resultType, result } = document['data'];
  const warnings = Array.isArray(document['warnings']) ? document['warnings'].filter((one) => typeof one === 'string').map(shortened) : [];
  return resultOf(resultType, result, warnings) ?? { kind: 'Unreachable', message: `${url} answered 200 with a result that cannot be read` };
}

function failure(status: number, document: Record<string, unknown>, url: string): Answer {
  const type = typeof document['errorType'] === 'string' ? document['errorType'].slice(0, LONGEST_TYPE) : 'unknown';
  const text = typeof document['error'] === 'string' ? shortened(document['error']) : 'no message';
  // 400 and 422 are about the query; every other class is about Prometheus's own state.
  if (type === 'bad_data' || type === 'execution' || status === 400 || status === 422) return { kind: 'Refused', message: `Prometheus refuses the query (${type}): ${text}` };
  return { kind: 'Unreachable', message: `Prometheus at ${url} answered ${status} (${type}): ${text}` };
}

function resultOf(type: unknown, result: unknown, warnings: string[]): Answer | undefined {
  if (!Array.isArray(result)) return undefined;
  switch (type) {
    case 'vector': {
      const samples = result.map(sampleOf);
      return samples.every((sample) => sample !== undefined) ? { kind: 'Vector', samples, warnings } : undefined;
    }
    case 'scalar': {
      const point = pointOf(result);
      return point && { kind: 'Scalar', ...point, warnings };
    }
    case 'matrix':
      return { kind: 'Matrix', times: result.map(timesOf), warnings };
    case 'string':
      return { kind: 'Refused', message: 'the query gives a string: write one that gives a number' };
    default:
      return undefined;
  }
}

function sampleOf(series: unknown): Sample | undefined {
  if (!isObject(series) || !isObject(series['metric'])) return undefined;
  const point = pointOf(series['value']);
  const labels = series['metric'];
  return point && isLabels(labels) ? { labels, ...point } : undefined;
}

const isLabels = (labels: Record<string, unknown>): labels is Record<string, string> => Object.values(labels).every((value) => typeof value === 'string');

function pointOf(pair: unknown): { time: number; value: number } | undefined {
  if (!Array.isArray(pair) || typeof pair[0] !== 'number' || typeof pair[1] !== 'string') return undefined;
  return { time: pair[0], value: numberOf(pair[1]) };
}

/** A number as Go writes it. */
export const numberOf = (text: string): number => (text === '' ? Number.NaN : Number(text.replace('Inf', 'Infinity')));

function timesOf(series: unknown): number[] {
  const values = isObject(series) && Array.isArray(series['values']) ? series['values'] : [];
  return values.flatMap((pair) => (Array.isArray(pair) && typeof pair[0] === 'number' ? [pair[0]] : []));
}

function kindOfBody(body: unknown): string {
  if (typeof body !== 'string' || body.trim() === '') return 'an empty body';
  return body.trimStart().startsWith('<') ? 'a page' : 'a text';
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const shortened = (text: string): string => (text.length <= LONGEST_MESSAGE ? text : `${text.slice(0, LONGEST_MESSAGE)}…`);
