import axios from 'axios';
import { ClassifiedError, type Instant } from '../model/index.ts';
import { AccessReader, withoutSecrets } from './prometheus-access.ts';
import { LARGEST_ANSWER_BYTES } from './prometheus-api.ts';
import { type PrometheusSettings, settingsFault } from './prometheus-settings.ts';

/** One value of a query at one time. */
export interface RangePoint {
  /** Seconds since the epoch. */
  second: number;
  value: number;
}

/** What to read; both ends are in it. Prometheus gives at most 11,000 points at a time. */
export interface RangeRequest {
  query: string;
  from: Instant;
  to: Instant;
  stepSeconds: number;
}

/** Longer than an instant query may take: it reads a day. */
const TIMEOUT_MS = 60_000;

/**
 * History of a query that gives one series, by `POST /api/v1/query_range`. Points that are not there are left out.
 * Rejects with Invalid for a query that Prometheus refuses or that gives several series, and with Unavailable for
 * everything else; no secret is in a message.
 */
export class PrometheusRange {
  readonly #settings: PrometheusSettings;
  readonly #access: AccessReader;
  readonly #url: string;

  /** Throws Invalid for settings that cannot work. */
  constructor(settings: PrometheusSettings) {
    const fault = settingsFault(settings);
    if (fault !== undefined) throw new ClassifiedError('Invalid', fault);
    this.#settings = settings;
    this.#access = new AccessReader(settings);
    this.#url = `${settings.baseURL.replace(/\/+$/, '')}/api/v1/query_range`;
  }

  async read({ query, from, to, stepSeconds }: RangeRequest, signal?: AbortSignal): Promise<RangePoint[]> {
    const { headers, agent, secrets } = await this.#access.read();
    const form = new URLSearchParams({ query, start: String(from / 1000), end: String(to / 1000), step: `${stepSeconds}s` });
    try {
      const { status, data } = await axios.post<unknown>(this.#url, form, {
        headers, maxRedirects: 0, maxContentLength: LARGEST_ANSWER_BYTES, timeout: TIMEOUT_MS, validateStatus: () => true,
        ...(signal !== undefined && { signal }),
        ...(this.#settings.parameters !== undefined && { params: this.#settings.parameters }),
        ...(agent !== undefined && { httpsAgent: agent }),
      });
      return this.#pointsOf(status, data as RangeBody, query);
    } catch (error) {
      if (error instanceof ClassifiedError) throw new ClassifiedError(error.class, withoutSecrets(error.message, secrets), error.mend === undefined ? {} : { mend: error.mend });
      // The text of a network error may hold headers or parameters.
      throw new ClassifiedError('Unavailable', `Prometheus at ${this.#url} cannot be reached: ${(error as { code?: string }).code ?? 'unknown error'}`, { mend: 'check the URL, and the network between' });
    }
  }

  close(): void {
    this.#access.close();
  }

  #pointsOf(status: number, body: RangeBody, query: string): RangePoint[] {
    if (body?.status === 'error') {
      const isOurs = body.errorType === 'bad_data' || body.errorType === 'execution';
      throw new ClassifiedError(isOurs ? 'Invalid' : 'Unavailable', `Prometheus refuses ${query} (${body.errorType ?? status}): ${body.error ?? 'no message'}`, isOurs ? { mend: 'mend the query' } : {});
    }
    const result = body?.data?.result;
    if (status !== 200 || body?.status !== 'success' || !Array.isArray(result)) {
      throw new ClassifiedError('Unavailable', `Prometheus at ${this.#url} answered ${status} with something that is no range of its API`, { mend: 'check the URL, its path prefix and the credentials' });
    }
    if (result.length > 1) throw new ClassifiedError('Invalid', `${query} gives ${result.length} series where one is expected`, { mend: 'put sum() around the query' });
    const values: unknown = result[0]?.values ?? [];
    if (!isValues(values)) throw new ClassifiedError('Unavailable', `Prometheus at ${this.#url} answered with a range that cannot be read`, { mend: 'check the URL, its path prefix and the credentials' });
    return values.map(([second, value]) => ({ second: Number(second), value: Number(value) })).filter(({ value }) => Number.isFinite(value));
  }
}

const isValues = (values: unknown): values is [number, string][] => Array.isArray(values) && values.every((pair) => Array.isArray(pair) && typeof pair[0] === 'number' && typeof pair[1] === 'string');

type RangeBody = { status?: string; errorType?: string; error?: string; data?: { result?: { values?: [number, string][] }[] } } | undefined;
