import type { Instant } from '../../../model/index.ts';
import type { Parameters } from './http.ts';
import type { RateLimits } from './rate-budget.ts';
import type { Refusal, Verdict } from './refusals.ts';

/** Headers of an answer, by names in lower case. */
export type Headers = (name: string) => string | undefined;

/** What an answer that is no success says, before it is judged. */
export interface Fault {
  code: string;
  message: string;
  /** Fields that the API finds invalid, as far as it names them. */
  fields: readonly string[];
}

/** What differs between the APIs of clouds that are asked over HTTP with a bearer token, in JSON, page by page. */
export interface Vendor {
  name: 'Hetzner' | 'DigitalOcean';
  /** Where the vendor's own tools go when nothing is set. */
  endpoint: string;
  /** Names of variables, for errors; that of the token has a twin that ends in _FILE. */
  variables: { endpoint: string; token: string };
  /** Which token to create, as a clause. */
  tokenMend: string;
  limits: RateLimits;
  /** Most entries a page. */
  perPage: number;
  /** What asks for the page after this one; undefined after the last. */
  nextPage(answer: Record<string, unknown>): Parameters | undefined;
  /** Undefined where the answer is not the API's, such as that of a proxy in between. */
  faultIn(answer: Record<string, unknown>): Fault | undefined;
  /** Undefined for what nobody has seen: then its status counts. */
  verdictOf(refusal: Refusal): Verdict | undefined;
  /** The header by which the vendor's support finds a call. */
  traceHeader: string;
  /** How long to wait after a 429, in seconds. */
  retryAfter(headers: Headers, now: Instant): number;
}
