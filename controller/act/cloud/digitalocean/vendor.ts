import { type Instant, seconds } from '../../../model/index.ts';
import { numberIn } from '../rest/http.ts';
import type { Verdict } from '../rest/refusals.ts';
import type { Headers, Vendor } from '../rest/vendor.ts';
import { isRecord, wordsOf } from '../rest/wire.ts';

const TOKEN = 'create a token with Full Access, or with the scopes that docs/digitalocean.md lists';
const LONGEST_WAIT_SECONDS = 300;
const LONGEST_WAIT_UNTIL_RESET_SECONDS = 60;

/** `unprocessable_entity` means several things; only its words tell which. The first that fits counts. */
const UNPROCESSABLE: readonly [words: RegExp, verdict: Verdict][] = [
  [/droplet limit|exceeds? (your|the) (account )?limit/i, { class: 'Quota', mend: 'ask DigitalOcean for a higher Droplet limit (Settings, Team), or release Droplets' }],
  [/pending event/i, { class: 'Transient' }],
  [/restricted|verify your account|payment/i, { class: 'Forbidden', mend: 'ask DigitalOcean to unlock this size or region for the account' }],
  // An image has to be brought into a region by a person; waiting does not help.
  [/image/i, { class: 'Invalid', mend: 'write a digitalocean.image that is in digitalocean.region' }],
  [/unavailable|not (currently |yet )?available|sold out|out of (stock|capacity)|capacity|disabled|try again/i, { class: 'Capacity' }],
];

/** DigitalOcean's API. */
export const DIGITALOCEAN: Vendor = {
  name: 'DigitalOcean',
  endpoint: 'https://api.digitalocean.com',
  variables: { endpoint: 'DIGITALOCEAN_API_URL', token: 'DIGITALOCEAN_ACCESS_TOKEN' },
  tokenMend: TOKEN,
  limits: { perHour: 5000, perMinute: 250 },
  // The most is 200; each Droplet comes with the sizes of its region, and an answer of so many values is not read (ADR 0031).
  perPage: 100,
  nextPage({ links }) {
    const pages = isRecord(links) ? links['pages'] : undefined;
    const next = isRecord(pages) ? pages['next'] : undefined;
    // The number alone is taken: whoever follows the URL of an answer sends the token where the answer wants it.
    const page = typeof next === 'string' ? Number(URL.parse(next)?.searchParams.get('page') ?? Number.NaN) : Number.NaN;
    return Number.isSafeInteger(page) && page > 1 ? { page } : undefined;
  },
  faultIn({ id, message, request_id: request }) {
    const code = wordsOf(id);
    if (code === undefined) return undefined;
    const words = wordsOf(message) ?? 'without a message';
    return { code, message: typeof request === 'string' ? `${words} (request_id ${request})` : words, fields: [] };
  },
  verdictOf({ status, message }) {
    switch (status) {
      case 400: return { class: 'Invalid' };
      // A load balancer takes no change before the one before it has ended.
      case 403: return /processes previous actions/i.test(message) ? { class: 'Transient' } : { class: 'Unauthorized', mend: `this token may not do that, or the account is locked: ${TOKEN}, and write it to DIGITALOCEAN_ACCESS_TOKEN` };
      case 422: return UNPROCESSABLE.find(([words]) => words.test(message))?.[1] ?? { class: 'Invalid' };
      default: return undefined;
    }
  },
  traceHeader: 'x-request-id',
  retryAfter,
};

/** After too many requests of one minute the answer says how long; after too many of one hour when the oldest of them counts no more. */
function retryAfter(headers: Headers, now: Instant): number {
  const told = numberIn(headers, 'retry-after');
  if (told !== undefined) return Math.min(LONGEST_WAIT_SECONDS, Math.max(1, told));
  const reset = numberIn(headers, 'ratelimit-reset');
  return reset === undefined ? 1 : Math.min(LONGEST_WAIT_UNTIL_RESET_SECONDS, Math.max(1, Math.ceil(reset - now / seconds(1))));
}
