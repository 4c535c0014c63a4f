/** One HTTPS request to a server whose certificate nobody but this test knows. */
import { request } from 'node:https';
import { text } from 'node:stream/consumers';

const TIMEOUT_MS = 10_000;

export interface HttpsRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** PEM certificates that the server's own must chain to. */
  ca: string;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  body?: unknown;
}

/** Answers whatever the server answered, refusals too; throws only when there was no answer. */
export async function httpsRequest(url: string, asked: HttpsRequest): Promise<{ status: number; body: string }> {
  const { method, ca } = asked;
  const headers = { 'content-type': 'application/json', accept: 'application/json', ...asked.headers };
  return await new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, ca, timeout: TIMEOUT_MS }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    sent.once('timeout', () => sent.destroy(new Error(`${method} ${url}: no answer within ${TIMEOUT_MS} ms`)));
    sent.once('error', reject);
    sent.end(asked.body === undefined ? undefined : JSON.stringify(asked.body));
  });
}
