import { type Verdict } from '../rest/refusals.ts';
import { numberIn } from '../rest/http.ts';
import type { Vendor } from '../rest/vendor.ts';
import { isRecord, listOf, wordsOf } from '../rest/wire.ts';

const TOKEN = 'create a token with Read & Write under Security in the project';
const WRITE_IT = `${TOKEN}, and write it to HCLOUD_TOKEN`;

/** By the API's own code, which is the same whatever the status is. */
const VERDICTS: Record<string, Verdict> = {
  unauthorized: { class: 'Unauthorized', mend: WRITE_IT },
  token_readonly: { class: 'Unauthorized', mend: `this token may only read: ${WRITE_IT}` },
  forbidden: { class: 'Forbidden', mend: 'use a token of a project member who may do this' },
  maintenance: { class: 'Unavailable' },
  resource_limit_exceeded: { class: 'Quota', mend: 'ask Hetzner for a higher limit (Limits in the console), or release servers' },
  not_found: { class: 'NotFound' },
  uniqueness_error: { class: 'AlreadyExists' },
  conflict: { class: 'Transient' },
  resource_unavailable: { class: 'Capacity' },
  placement_error: { class: 'Capacity' },
  no_subnet_available: { class: 'Capacity', mend: 'give the network a larger subnet' },
  ip_not_available: { class: 'Capacity', mend: 'give the network a larger subnet' },
  invalid_input: { class: 'Invalid' },
  json_error: { class: 'Invalid' },
  invalid_server_type: { class: 'Invalid', mend: 'write another hetzner.serverType' },
  unsupported_error: { class: 'Invalid' },
  deprecated_api_endpoint: { class: 'Invalid', mend: 'update kamal-autoscaler' },
  locked: { class: 'Transient' },
  resource_locked: { class: 'Forbidden', mend: 'ask Hetzner why the resource is locked' },
  target_already_defined: { class: 'AlreadyExists' },
  ip_not_owned: { class: 'Invalid', mend: 'a load balancer takes servers of its project and dedicated servers of the same customer alone: remove the host from fixedHosts, or use Traefik' },
  load_balancer_not_attached_to_network: { class: 'Invalid', mend: 'attach the load balancer to the network of the hosts, or write addresses.loadBalancer: PublicIPv4' },
  resolve_cloud_private_targets_error: { class: 'Invalid', mend: 'attach load balancer and hosts to the same network' },
  protected: { class: 'Forbidden', mend: 'remove its protection in the console or with hcloud' },
  rate_limit_exceeded: { class: 'RateLimited' },
  server_error: 'Open',
  service_error: 'Open',
  unknown_error: 'Open',
  bad_gateway: 'Open',
  unavailable: 'Open',
  timeout: 'Open',
};

/** Hetzner Cloud's API. */
export const HETZNER: Vendor = {
  name: 'Hetzner',
  endpoint: 'https://api.hetzner.cloud/v1',
  variables: { endpoint: 'HCLOUD_ENDPOINT', token: 'HCLOUD_TOKEN' },
  tokenMend: TOKEN,
  limits: { perHour: 3600 },
  perPage: 50,
  nextPage(answer) {
    const pagination = isRecord(answer['meta']) ? answer['meta']['pagination'] : undefined;
    const next = isRecord(pagination) ? pagination['next_page'] : undefined;
    return typeof next === 'number' ? { page: next } : undefined;
  },
  faultIn({ error }) {
    if (!isRecord(error)) return undefined;
    const { code, message, details } = error;
    const fields = isRecord(details) ? listOf(details, 'fields').flatMap(({ name, messages }) => (typeof name === 'string' ? [Array.isArray(messages) ? `${name} (${messages.filter((text) => typeof text === 'string').join(', ').slice(0, 200)})` : name] : [])) : [];
    return { code: wordsOf(code) ?? 'no_code', message: wordsOf(message) ?? 'without a message', fields: fields.slice(0, 20) };
  },
  verdictOf: ({ code }) => (Object.hasOwn(VERDICTS, code) ? VERDICTS[code] : undefined),
  traceHeader: 'x-correlation-id',
  /** One request is there again after `3600 / limit` seconds; `ratelimit-reset` says when all are, which nobody needs to wait for. */
  retryAfter: (headers) => Math.max(1, Math.ceil(3600 / (numberIn(headers, 'ratelimit-limit') ?? 3600))),
};
