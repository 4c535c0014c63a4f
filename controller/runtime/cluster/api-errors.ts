import { ApiException } from '@kubernetes/client-node';
import { ClassifiedError, messageOf, readJSON } from '../../model/index.ts';
import type { ErrorClass, ErrorDetails } from '../../model/index.ts';

/** Whether a call may have changed something: only then is a lost answer an unknown outcome. */
export type Verb = 'Read' | 'Write';

export interface ApiCall {
  verb: Verb;
  /** What was tried, as `create KamalHost shop/web-1`. */
  what: string;
}

/** The `Status` object in which an API server says what went wrong. */
interface Status {
  reason?: string;
  message?: string;
  details?: { retryAfterSeconds: number };
}

/** The one place where an API server's refusals and a broken connection become ClassifiedErrors. */
export function classifyApiError(error: unknown, call: ApiCall): ClassifiedError {
  if (error instanceof ClassifiedError) return error;
  if (error instanceof ApiException) return fromAnswer(error.code, statusOf(error.body), error.headers, call, error);
  return fromTransport(error, call);
}

/** An API server lists every wrong field of an object; a proxy before it may send a book. */
const LONGEST_MESSAGE = 2_000;

/** Reads a `Status` from a body that may be an object, JSON text or plain text. */
export function statusOf(body: unknown): Status {
  if (typeof body !== 'string') return isRecord(body) ? statusIn(body) : {};
  const read = readJSON(body);
  if (read.kind === 'JSON' && isRecord(read.value)) return statusIn(read.value);
  // "404 page not found", and what proxies write: the text is the message.
  return { message: withoutCredentials(body.trim().slice(0, 500)) };
}

function statusIn({ reason, message, details }: Record<string, unknown>): Status {
  return {
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof message === 'string' ? { message: withoutCredentials(message.slice(0, LONGEST_MESSAGE)) } : {}),
    ...(isRecord(details) ? { details: { retryAfterSeconds: Number(details['retryAfterSeconds']) } } : {}),
  };
}

/** What stands between may answer with the request's own headers. */
const withoutCredentials = (text: string): string => text.replaceAll(/\b(bearer|basic)\s+[\w.~+/=-]+/gi, '$1 ***');

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Classifies an HTTP status other than 2xx together with the reason that the API server gave. */
export function fromAnswer(code: number, status: Status, headers: Record<string, string>, call: ApiCall, cause?: unknown): ClassifiedError {
  const text = `${call.what}: ${status.message ?? `HTTP status ${code}`}`;
  const as = (errorClass: ErrorClass, details: ErrorDetails = {}): ClassifiedError => new ClassifiedError(errorClass, text, { cause, ...details });
  switch (code) {
    case 400:
    case 413:
    case 422:
      return as('Invalid');
    case 401:
      return as('Unauthorized', { mend: 'Check the credentials of the kubeconfig or the token of the ServiceAccount.' });
    case 403:
      return as('Forbidden', { mend: 'Apply the RBAC rules in manifests/, or ask who runs the cluster.' });
    case 404:
      // Without a reason the path itself is unknown: the kind is not served, which says nothing about the object.
      return status.reason === 'NotFound' ? as('NotFound') : as('Unavailable', { mend: 'Apply the definitions in crds/; the API server does not serve this kind.' });
    case 410:
      // A page token or resourceVersion that is too old: read anew.
    case 409:
      return as(status.reason === 'AlreadyExists' ? 'AlreadyExists' : 'Conflict');
    case 429:
      return as('RateLimited', { retryAfterSeconds: retryAfter(status, headers) });
    case 503:
      return as('Unavailable', { retryAfterSeconds: retryAfter(status, headers) });
    default:
      // A 500 or 504 may come from etcd after the write was handed on.
      if (code >= 500) return as(call.verb === 'Write' ? 'OutcomeUnknown' : 'Unavailable');
      return as('Defect');
  }
}

/** Whoever asks for more is asked again all the same. */
const LONGEST_RETRY_SECONDS = 600;

function retryAfter(status: Status, headers: Record<string, string>): number {
  const wished = [status.details?.retryAfterSeconds, Number(headers['retry-after'])].find((seconds) => seconds !== undefined && seconds > 0);
  return Math.min(LONGEST_RETRY_SECONDS, wished ?? 1);
}

/** Codes of failures before a request left: nothing can have happened at the other side. */
const NOT_SENT = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.*|CERT_.*|.*CERT.*|UNABLE_TO_.*)$/;

function fromTransport(error: unknown, call: ApiCall): ClassifiedError {
  const root = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = root instanceof Error && 'code' in root && typeof root.code === 'string' ? root.code : '';
  const text = `${call.what}: ${timedOut(error) ? 'no answer in time' : messageOf(root) || code}`;
  if (NOT_SENT.test(code)) return new ClassifiedError('Unavailable', text, { cause: error });
  if (code !== '' || timedOut(error) || (error instanceof TypeError && error.message === 'fetch failed')) {
    return new ClassifiedError(call.verb === 'Write' ? 'OutcomeUnknown' : 'Unavailable', text, { cause: error });
  }
  return new ClassifiedError('Defect', text, { cause: error });
}

const timedOut = (error: unknown): boolean => error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');
