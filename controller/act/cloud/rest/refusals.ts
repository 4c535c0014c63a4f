import { ClassifiedError, type ErrorClass } from '../../../model/index.ts';
import type { Vendor } from './vendor.ts';

/** What a call was meant to do: a look has no effect, a change may be repeated, a create may not. */
export type Purpose = 'Look' | 'Change' | 'Create';

/** An answer that is no success, as the API words it. */
export interface Refusal {
  /** `POST /servers`. */
  call: string;
  status: number;
  code: string;
  message: string;
  /** Fields that the API finds invalid, as far as it names them. */
  fields: readonly string[];
  /** Header and value by which the vendor's support finds the call. */
  trace: string | undefined;
  /** How long to wait after a rate limit, in seconds. */
  retryAfterSeconds: number;
}

/** `Open`: the backend failed at something that it may have done; for a create the outcome is then unknown. */
export type Verdict = { class: ErrorClass; mend?: string } | 'Open';

/** The code given to an answer that is not the API's: of a proxy in between, or of a wrong endpoint. Its 404 says nothing about a server. */
export const NO_API_ANSWER = 'no_api_answer';

/** For codes that nobody has seen. */
function byStatus(status: number, { tokenMend, variables }: Vendor): Verdict {
  switch (status) {
    case 401: return { class: 'Unauthorized', mend: `${tokenMend}, and write it to ${variables.token}` };
    case 403: return { class: 'Forbidden' };
    case 404: return { class: 'NotFound' };
    case 409: return { class: 'Transient' };
    case 423: return { class: 'Transient' };
    case 429: return { class: 'RateLimited' };
    default: return status >= 500 ? 'Open' : { class: 'Unrecognised' };
  }
}

/** The error for a refusal. Its message holds what the API said and the id by which the vendor's support finds the call. */
export function refusalError(vendor: Vendor, refusal: Refusal, purpose: Purpose): ClassifiedError {
  const { call, status, code, fields, trace, retryAfterSeconds } = refusal;
  const known = code === NO_API_ANSWER ? (status === 429 ? undefined : 'Open' as const) : vendor.verdictOf(refusal);
  const verdict = known ?? byStatus(status, vendor);
  const message = [
    `${vendor.name} answers ${call} with ${status} ${code}: ${refusal.message}`,
    ...(fields.length === 0 ? [] : [`fields: ${fields.join(', ')}`]),
    ...(trace === undefined ? [] : [trace]),
  ].join('; ');
  if (verdict === 'Open') return new ClassifiedError(purpose === 'Create' ? 'OutcomeUnknown' : 'Unavailable', message);
  // What a create call names and the account does not have is a fault of the pool, not an absent server.
  const errorClass = verdict.class === 'NotFound' && purpose === 'Create' ? 'Invalid' : verdict.class;
  return new ClassifiedError(errorClass, message, {
    ...(verdict.mend === undefined ? {} : { mend: verdict.mend }), ...(errorClass === 'RateLimited' ? { retryAfterSeconds } : {}),
  });
}

/** Failures before a byte was sent: certainly without effect. All others may come after the request has been carried out. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN']);

const isCertificateFault = (code: string): boolean => code.startsWith('CERT_') || code.startsWith('ERR_TLS_') || /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/.test(code);

/** The error for a call without an answer. `code` alone is told: texts of network errors may hold headers. */
export function silenceError(vendor: Pick<Vendor, 'name'>, call: string, code: string, purpose: Purpose): ClassifiedError {
  const sent = !NEVER_SENT.has(code) && !isCertificateFault(code);
  return new ClassifiedError(sent && purpose === 'Create' ? 'OutcomeUnknown' : 'Unavailable', `${vendor.name} gives no answer to ${call}: ${code}`);
}
