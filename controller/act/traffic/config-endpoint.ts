import { createHash, timingSafeEqual } from 'node:crypto';

/** Where Traefik's HTTP provider polls. */
export const CONFIG_PATH = '/traefik/config';

/** The part of an HTTP request that the answer depends on; header names in lower case. */
export interface ConfigRequest {
  method: string;
  headers: Readonly<Record<string, string | undefined>>;
}

export interface ConfigResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export const documentResponse = (text: string): ConfigResponse => ({
  status: 200,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: text,
});

/** Anything but 200 makes Traefik keep what it has, so every doubt is answered with one of these. */
export function refusalResponse(status: 401 | 405 | 503, why: string): ConfigResponse {
  const extra: Record<typeof status, Record<string, string>> = {
    401: { 'www-authenticate': 'Bearer' },
    405: { allow: 'GET' },
    // Behind a Service a kept connection would tie Traefik to this standby for ever; the next one may reach the leader.
    503: { 'retry-after': '1', connection: 'close' },
  };
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...extra[status] }, body: `${why}\n` };
}

/** Compares digests, so that neither time nor length tells how much of a guess was right. */
export function carriesToken(request: ConfigRequest, token: string): boolean {
  const sent = /^Bearer +(.+)$/i.exec(request.headers['authorization'] ?? '')?.[1] ?? '';
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(sent), digest(token));
}
