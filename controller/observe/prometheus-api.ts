import axios from 'axios';
import type { AxiosInstance, AxiosResponse } from 'axios';
import { seconds } from '../model/index.ts';
import type { Instant } from '../model/index.ts';
import type { Clock } from '../ports/index.ts';
import { DeadlinePassed, withDeadline } from './deadline.ts';
import { AccessReader, UnreadableFile, withoutSecrets } from './prometheus-access.ts';
import { parseAnswer } from './prometheus-answer.ts';
import type { Answer } from './prometheus-answer.ts';
import { credentialSetting } from './prometheus-settings.ts';
import type { PrometheusSettings } from './prometheus-settings.ts';

/** A thousand hosts do not come close; a runaway query does, and to read much more would keep everything else from going on. */
export const LARGEST_ANSWER_BYTES = 4 * 1024 * 1024;

/** Clocks that are kept differ by far less; a step or a lost NTP by more. */
const MOST_SKEW_SECONDS = 60;

/** `POST /api/v1/query` with its failures named. */
export class PrometheusAPI {
  readonly #settings: PrometheusSettings;
  readonly #clock: Clock;
  readonly #access: AccessReader;
  readonly #http: AxiosInstance;
  readonly #url: string;

  constructor(settings: PrometheusSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#access = new AccessReader(settings);
    this.#url = `${settings.baseURL.replace(/\/+$/, '')}/api/v1/query`;
    this.#http = axios.create({
      // A redirected POST becomes a GET without its query, and headers must not follow to another host.
      maxRedirects: 0,
      maxContentLength: LARGEST_ANSWER_BYTES,
      responseType: 'text',
      transformResponse: (body: unknown) => body,
      validateStatus: () => true,
    });
  }

  /** Evaluates a query as of `time`. Never throws; no secret is in a message. */
  async query(query: string, time: Instant): Promise<Answer> {
    try {
      return await this.#ask(query, time);
    } catch (error) {
      // The other side may close an idle connection at the moment in which it is used again; a question may be repeated.
      if (codeOf(error) === 'ECONNRESET') return await this.#askAgain(query, time);
      return { kind: 'Unreachable', message: this.#failureText(error) };
    }
  }

  async #askAgain(query: string, time: Instant): Promise<Answer> {
    try {
      return await this.#ask(query, time);
    } catch (error) {
      return { kind: 'Unreachable', message: this.#failureText(error) };
    }
  }

  close(): void {
    this.#access.close();
  }

  async #ask(query: string, time: Instant): Promise<Answer> {
    const { headers, agent, secrets } = await this.#access.read();
    const { timeoutSeconds, parameters } = this.#settings;
    const form = new URLSearchParams({ query, time: String(time / 1000), timeout: String(timeoutSeconds) });
    const response = await withDeadline(this.#clock, timeoutSeconds * 1000, async (signal) =>
      await this.#http.post<string>(this.#url, form, {
        headers,
        signal,
        ...(parameters !== undefined && { params: parameters }),
        ...(agent !== undefined && { httpsAgent: agent }),
      }),
    );
    return withoutSecretsInside(this.#judge(response), secrets);
  }

  #judge(response: AxiosResponse<string>): Answer {
    const { status } = response;
    if (status === 401 || status === 403) {
      return { kind: 'Unreachable', message: `Prometheus at ${this.#url} answered ${status}: ${credentialSetting(this.#settings.credential)}` };
    }
    if (status >= 300 && status < 400) {
      return { kind: 'Unreachable', message: `Prometheus at ${this.#url} answered with a redirect (${status}): set baseURL to where it leads` };
    }
    if (status === 404) {
      return { kind: 'Unreachable', message: `nothing at ${this.#url} (404): check baseURL and its path prefix` };
    }
    const answer = parseAnswer(status, response.data, this.#url);
    return answer.kind === 'Unreachable' || answer.kind === 'Refused' ? answer : (this.#skewOf(response) ?? answer);
  }

  /** By the time that every answer of HTTP carries. A question for our now is a question for another time there. */
  #skewOf({ headers }: AxiosResponse<string>): Answer | undefined {
    const theirs = Date.parse(String(headers['date'] ?? ''));
    const ahead = theirs - this.#clock.now();
    if (Number.isNaN(theirs) || Math.abs(ahead) <= seconds(MOST_SKEW_SECONDS)) return undefined;
    const said = `${Math.round(Math.abs(ahead) / seconds(1))} s ${ahead > 0 ? 'ahead of' : 'behind'}`;
    return { kind: 'ClockSkew', message: `the clock of Prometheus at ${this.#url} is ${said} this machine's: set both right` };
  }

  /** Codes only: the text of a network error may hold headers or parameters. */
  #failureText(error: unknown): string {
    if (error instanceof UnreadableFile) return error.message;
    if (error instanceof DeadlinePassed) return `Prometheus at ${this.#url} gave ${error.message}`;
    return `Prometheus at ${this.#url} cannot be reached: ${codeOf(error)}`;
  }
}

function codeOf(error: unknown): string {
  const { code, cause } = error as { code?: string; cause?: { code?: string } };
  return code ?? cause?.code ?? 'unknown error';
}

function withoutSecretsInside(answer: Answer, secrets: readonly string[]): Answer {
  switch (answer.kind) {
    case 'Refused':
    case 'Unreachable':
    case 'ClockSkew':
      return { ...answer, message: withoutSecrets(answer.message, secrets) };
    case 'Vector':
    case 'Scalar':
    case 'Matrix':
      return { ...answer, warnings: answer.warnings.map((warning) => withoutSecrets(warning, secrets)) };
  }
}
