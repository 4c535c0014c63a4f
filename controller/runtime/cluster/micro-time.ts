import { toTimestamp } from '../../model/index.ts';
import type { Instant } from '../../model/index.ts';

/** Kubernetes' MicroTime, as Leases and Events carry it: RFC 3339 with six digits of fraction. */
export const toMicroTime = (instant: Instant): string => toTimestamp(instant).replace(/(\.\d{3})Z$/, '$1000Z');
