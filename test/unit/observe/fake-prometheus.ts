import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { bodyOf, close, listen, NOW, NOW_SECONDS } from './world.ts';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { ServerOptions } from 'node:https';

export interface Reply {
  status?: number;
  body: string;
  headers?: Record<string, string>;
}

export interface Asked {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  form: URLSearchParams;
}

export type Series = [labels: Record<string, string>, value: number | string];

/** Answers in the shape of Prometheus's own OpenAPI document. */
export const vector = (series: readonly Series[], extra: object = {}): Reply => ({
  body: JSON.stringify({
    status: 'success',
    data: { resultType: 'vector', result: series.map(([metric, value]) => ({ metric, value: [NOW_SECONDS, String(value)] })) },
    ...extra,
  }),
});

export const scalar = (value: string): Reply => ({ body: JSON.stringify({ status: 'success', data: { resultType: 'scalar', result: [NOW_SECONDS, value] } }) });

export const matrix = (series: readonly number[][]): Reply => ({
  body: JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: series.map((times) => ({ metric: {}, values: times.map((time) => [time, '1']) })) } }),
});

export const failure = (status: number, errorType: string, error: string): Reply => ({ status, body: JSON.stringify({ status: 'error', errorType, error }) });

/** Speaks `POST /api/v1/query` on 127.0.0.1 and remembers what it was asked. */
export class FakePrometheus {
  readonly asked: Asked[] = [];
  answer: (query: string, asked: Asked) => Reply | 'Hang';
  /** Its clock; that of a test which runs in the machine's own time is the machine's. */
  now = (): number => NOW;
  #server: Server | undefined;
  #port = 0;
  #scheme = 'http';

  constructor(answer: (query: string, asked: Asked) => Reply | 'Hang' = () => vector([])) {
    this.answer = answer;
  }

  async start(tls?: ServerOptions): Promise<void> {
    const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const asked: Asked = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, form: new URLSearchParams(await bodyOf(request)) };
      this.asked.push(asked);
      const reply = this.answer(asked.form.get('query') ?? '', asked);
      if (reply === 'Hang') return;
      response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', date: new Date(this.now()).toUTCString(), ...reply.headers }).end(reply.body);
    };
    const listener = (request: IncomingMessage, response: ServerResponse): void => void respond(request, response);
    this.#server = tls ? createTlsServer(tls, listener) : createServer(listener);
    this.#scheme = tls ? 'https' : 'http';
    this.#port = await listen(this.#server);
  }

  get baseURL(): string {
    return `${this.#scheme}://127.0.0.1:${this.#port}`;
  }

  get queries(): string[] {
    return this.asked.map(({ form }) => form.get('query') ?? '');
  }

  async stop(): Promise<void> {
    if (this.#server) await close(this.#server);
  }
}
