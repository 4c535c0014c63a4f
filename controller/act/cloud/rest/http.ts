import { Agent as HTTPAgent } from 'node:http';
import { Agent as HTTPSAgent } from 'node:https';
import axios, { type AxiosResponse } from 'axios';
import pRetry from 'p-retry';
import { ClassifiedError, type JSONText, isClass, readJSON, seconds } from '../../../model/index.ts';
import { type RateHeaders, createRateBudget } from './rate-budget.ts';
import { NO_API_ANSWER, type Purpose, refusalError, silenceError } from './refusals.ts';
import { type APIOptions, readToken } from './settings.ts';
import type { Headers, Vendor } from './vendor.ts';
import { isRecord, listIn } from './wire.ts';

/** Values of a repeated parameter are sent one by one: `id=1&id=2`. */
export type Parameters = Record<string, string | number | readonly (string | number)[]>;

/** A cloud's API over HTTP. Every call ends within its time limit; errors are classified, and no secret is in them. */
export interface CloudAPI {
  /** A look; tried again a little later when the API was away. */
  get(path: string, parameters?: Parameters): Promise<Record<string, unknown>>;
  /** Everything under `key`, of all pages, in order of ids where `parameters` ask for it. Rejects rather than to leave something out. */
  list(path: string, key: string, parameters?: Parameters): Promise<Record<string, unknown>[]>;
  /** Sent once. */
  change(method: 'PUT' | 'POST' | 'DELETE', path: string, body?: object): Promise<Record<string, unknown>>;
  /** Sent once, over a connection of its own: on a kept one a reset could mean either. */
  create(path: string, body: object): Promise<Record<string, unknown>>;
}

const TIMEOUT_SECONDS = 10;
const CREATE_TIMEOUT_FACTOR = 3;
const LOOK_RETRIES = 2;
const LIST_TRIES = 3;
/** Ten thousand servers at fifty a page. Pages without end would use up all requests of the hour. */
const MOST_PAGES = 200;
/** A page of 100 servers has less than one. To read much more at once would keep everything else from going on. */
const LARGEST_ANSWER = 4 * 1024 * 1024;

export function openCloudAPI(vendor: Vendor, { endpoint, token, clock, timeoutSeconds = TIMEOUT_SECONDS }: APIOptions): CloudAPI {
  const budget = createRateBudget(() => clock.now(), vendor.limits);
  const client = axios.create({
    baseURL: endpoint.replace(/\/+$/, ''),
    headers: { accept: 'application/json', 'user-agent': 'kamal-autoscaler' },
    maxContentLength: LARGEST_ANSWER,
    // A redirect, or a proxy from the environment, would carry the token elsewhere.
    maxRedirects: 0,
    proxy: false,
    responseType: 'text',
    transformResponse: (body: unknown) => body,
    validateStatus: () => true,
  });
  const single = { httpAgent: new HTTPAgent({ keepAlive: false }), httpsAgent: new HTTPSAgent({ keepAlive: false }) };

  async function send(method: string, path: string, purpose: Purpose, parameters: Parameters, body?: object): Promise<Record<string, unknown>> {
    const call = `${method} ${path}`;
    const wait = budget.take(purpose === 'Look' ? 'Look' : 'Change');
    if (wait > 0) throw new ClassifiedError('RateLimited', `the request budget at ${vendor.name} is nearly used up: ${call} waits ${wait} s`, { retryAfterSeconds: wait });
    let headers: RateHeaders | 'NoAnswer' = 'NoAnswer';
    let outcome: 'Answered' | { refusedForSeconds: number } = 'Answered';
    try {
      const secret = await readToken(token, vendor);
      const answer = await withinTime(call, purpose, (signal) => client.request<unknown>({
        method, url: path, params: new URLSearchParams(pairsOf(parameters)), headers: { authorization: `Bearer ${secret}` }, signal,
        ...(body === undefined ? {} : { data: body }), ...(purpose === 'Create' ? single : {}),
      }));
      headers = rateHeaders(answer);
      if (answer.status === 429) outcome = { refusedForSeconds: vendor.retryAfter(headersOf(answer), clock.now()) };
      return judge(call, purpose, answer, secret);
    } finally {
      budget.ended(headers, outcome);
    }
  }

  /** Unlike axios' own timeout it covers the time to connect, and it is told by the clock. */
  async function withinTime<T>(call: string, purpose: Purpose, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = timeoutSeconds * (purpose === 'Create' ? CREATE_TIMEOUT_FACTOR : 1);
    const tooLate = new AbortController();
    const ended = new AbortController();
    void clock.sleep(seconds(limit), ended.signal).then(() => tooLate.abort());
    try {
      return await run(tooLate.signal);
    } catch (error) {
      // The error itself is dropped: it holds the request with its headers.
      throw silenceError(vendor, call, tooLate.signal.aborted ? `within ${limit} s` : codeOf(error), purpose);
    } finally {
      ended.abort();
    }
  }

  function judge(call: string, purpose: Purpose, answer: AxiosResponse<unknown>, secret: string): Record<string, unknown> {
    const { status } = answer;
    const read: JSONText = typeof answer.data === 'string' ? readJSON(answer.data) : { kind: 'Unread', why: 'it has no text' };
    const parsed = read.kind === 'JSON' ? read.value : undefined;
    if (status >= 200 && status < 300) {
      if (isRecord(parsed)) return parsed;
      if (status === 204) return {};
      throw new ClassifiedError(purpose === 'Create' ? 'OutcomeUnknown' : 'Unavailable', `the answer to ${call} is not the API's: ${status} without a JSON object${read.kind === 'JSON' ? '' : `, ${read.why}`}`, { mend: `check ${vendor.variables.endpoint}` });
    }
    const told = isRecord(parsed) ? vendor.faultIn(parsed) : undefined;
    const { code, message, fields } = told ?? { code: NO_API_ANSWER, message: `an answer that is not the API's (status ${status})`, fields: [] };
    const trace = headersOf(answer)(vendor.traceHeader);
    throw refusalError(vendor, {
      call, status, code, fields, message: message.replaceAll(secret, '***'),
      trace: trace === undefined ? undefined : `${vendor.traceHeader} ${trace}`, retryAfterSeconds: vendor.retryAfter(headersOf(answer), clock.now()),
    }, purpose);
  }

  const get = (path: string, parameters: Parameters = {}): Promise<Record<string, unknown>> => pRetry(
    () => send('GET', path, 'Look', parameters),
    {
      // The waits are the clock's, not the library's.
      retries: LOOK_RETRIES, minTimeout: 0,
      shouldRetry: ({ error }) => isClass(error, 'Transient', 'Unavailable'),
      onFailedAttempt: ({ error, attemptNumber }) => (isClass(error, 'Transient', 'Unavailable') && attemptNumber <= LOOK_RETRIES ? clock.sleep(seconds(0.25 * 2 ** attemptNumber)) : undefined),
    },
  );

  const page = async (path: string, key: string, asked: Parameters): Promise<{ records: Record<string, unknown>[]; next: Parameters | undefined }> => {
    const answer = await get(path, { ...asked, per_page: vendor.perPage });
    return { records: listIn(answer, key, path), next: vendor.nextPage(answer) };
  };

  /**
   * What is deleted while pages are read moves the rest up, and what lives may then be in no page that was read. In an
   * order of ids a full page never looks the same again once something before it or in it has come or gone, so reading it
   * twice proves that nothing has.
   */
  async function list(path: string, key: string, parameters: Parameters, tries = LIST_TRIES): Promise<Record<string, unknown>[]> {
    const pages: { asked: Parameters; records: Record<string, unknown>[] }[] = [];
    for (let asked: Parameters | undefined = { ...parameters, page: 1 }; asked !== undefined;) {
      const { records, next } = await page(path, key, asked);
      pages.push({ asked, records });
      // In another order than this one they may have no end.
      if (next !== undefined && next['page'] !== pages.length + 1) throw new ClassifiedError('Unavailable', `the list at ${path} does not go on with page ${pages.length + 1} after ${pages.length} pages`, { mend: `check ${vendor.variables.endpoint}` });
      if (next !== undefined && pages.length === MOST_PAGES) throw new ClassifiedError('Unavailable', `the list at ${path} has more than ${MOST_PAGES} pages`, { mend: `check ${vendor.variables.endpoint}` });
      asked = next === undefined ? undefined : { ...parameters, ...next };
    }
    for (const { asked, records } of pages.slice(0, -1)) {
      if (idsOf((await page(path, key, asked)).records) === idsOf(records)) continue;
      if (tries > 1) return list(path, key, parameters, tries - 1);
      throw new ClassifiedError('Transient', `the list at ${path} changes while its pages are read`);
    }
    return pages.flatMap(({ records }) => records);
  }

  return {
    get, list: (path, key, parameters = {}) => list(path, key, parameters),
    change: (method, path, body) => send(method, path, 'Change', {}, body),
    create: (path, body) => send('POST', path, 'Create', {}, body),
  };
}

const idsOf = (records: readonly Record<string, unknown>[]): string => records.map(({ id }) => JSON.stringify(id)).join(' ');

const pairsOf = (parameters: Parameters): [string, string][] =>
  Object.entries(parameters).flatMap(([name, value]) => (typeof value === 'object' ? value.map((one): [string, string] => [name, String(one)]) : [[name, String(value)] as [string, string]]));

const headersOf = ({ headers }: AxiosResponse): Headers => (name) => {
  const text: unknown = headers[name];
  return typeof text === 'string' ? text : undefined;
};

/** A header that holds a whole number. */
export function numberIn(headers: Headers, name: string): number | undefined {
  const text = headers(name);
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

const rateHeaders = (answer: AxiosResponse): RateHeaders => ({ limit: numberIn(headersOf(answer), 'ratelimit-limit'), remaining: numberIn(headersOf(answer), 'ratelimit-remaining') });

function codeOf(error: unknown): string {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  const found = cause?.code ?? code;
  return typeof found === 'string' ? found : 'unknown error';
}
