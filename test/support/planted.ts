/**
 * Secrets that suites give the controller and what works for it. Each carries a mark, so that a place that tells one is
 * found whatever the secret was: `hack/ci.ts` looks for the mark in all that the suites print, real worlds in all that
 * the controller leaves behind.
 */
export const PLANTED_MARK = 'planted-secret';

/** `what` is whose secret it is; no two share one. */
export const planted = (what: string): string => `${PLANTED_MARK}-${what}-81c5f2`;
