import { ClassifiedError, type ErrorClass } from '../../../model/index.ts';

/** What a call was meant to do: a look has no effect, a change may be repeated, a create may not. */
export type Purpose = 'Look' | 'Change' | 'Create';

/** An answer that is no success, as the API words it. */
export interface Refusal {
  /** `POST /servers`. */
  call: string;
  status: number;
  code: string;
  message: string;
  /** Fields of an invalid_input, as far as the API names them. */
  fields: readonly string[];
  correlationID: string | undefined;
  /** How long to wait after a rate limit, in seconds. */
  retryAfterSeconds: number;
}

type Verdict = { class: ErrorClass; mend?: string } | 'Open';

const TOKEN = 'create a token with Read & Write under Security in the project, and write it to HCLOUD_TOKEN';

/**
 * By the API's own code, which is the same whatever the status is. `Open`: the backend failed at something that it may
 * have done; for a create the outcome is then unknown.
 */
const BY_CODE: Record<string, Verdict> = {
  unauthorized: { class: 'Unauthorized', mend: TOKEN },
  token_readonly: { class: 'Unauthorized', mend: `this token may only read: ${TOKEN}` },
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
  protected: { class: 'Forbidden', mend: 'remove its protection in the console or with hcloud' },
  rate_limit_exceeded: { class: 'RateLimited' },
  server_error: 'Open',
  service_error: 'Open',
  unknown_error: 'Open',
  bad_gateway: 'Open',
  unavailable: 'Open',
  timeout: 'Open',
};

/** The code given to an answer that is not the API's: of a proxy in between, or of a wrong endpoint. Its 404 says nothing about a server. */
export const NO_API_ANSWER = 'no_api_answer';

/** For codes that nobody has seen. */
function byStatus(status: number): Verdict {
  switch (status) {
    case 401: return { class: 'Unauthorized', mend: TOKEN };
    case 403: return { class: 'Forbidden' };
    case 404: return { class: 'NotFound' };
    case 409: return { class: 'Transient' };
    case 423: return { class: 'Transient' };
    case 429: return { class: 'RateLimited' };
    default: return status >= 500 ? 'Open' : { class: 'Unrecognised' };
  }
}

/** The error for a refusal. Its message holds what the API said and the id by which Hetzner's support finds the call. */
export function refusalError(refusal: Refusal, purpose: Purpose): ClassifiedError {
  const { call, status, code, fields, correlationID, retryAfterSeconds } = refusal;
  const verdict = code === NO_API_ANSWER && status !== 429 ? 'Open' : (Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined) ?? byStatus(status);
  const message = [
    `Hetzner answers ${call} with ${status} ${code}: ${refusal.message}`,
    ...(fields.length === 0 ? [] : [`fields: ${fields.join(', ')}`]),
    ...(correlationID === undefined ? [] : [`x-correlation-id ${correlationID}`]),
  ].join('; ');
  if (verdict === 'Open') return new ClassifiedError(purpose === 'Create' ? 'OutcomeUnknown' : 'Unavailable', message);
  // What a create call names and the project does not have is a fault of the pool, not an absent server.
  const errorClass = verdict.class === 'NotFound' && purpose === 'Create' ? 'Invalid' : verdict.class;
  return new ClassifiedError(errorClass, message, {
    ...(verdict.mend === undefined ? {} : { mend: verdict.mend }), ...(errorClass === 'RateLimited' ? { retryAfterSeconds } : {}),
  });
}

/** Failures before a byte was sent: certainly without effect. All others may come after the request has been carried out. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN']);

const isCertificateFault = (code: string): boolean => code.startsWith('CERT_') || code.startsWith('ERR_TLS_') || /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/.test(code);

/** The error for a call without an answer. `code` alone is told: texts of network errors may hold headers. */
export function silenceError(call: string, code: string, purpose: Purpose): ClassifiedError {
  const sent = !NEVER_SENT.has(code) && !isCertificateFault(code);
  return new ClassifiedError(sent && purpose === 'Create' ? 'OutcomeUnknown' : 'Unavailable', `Hetzner gives no answer to ${call}: ${code}`);
}
