import type { KamalHostStatus } from '../api/index.ts';
import type { Instant } from './time.ts';

/** Why a host left that was not chosen to leave. */
export type EvidenceCause = NonNullable<KamalHostStatus['evidence']>['cause'];

/** What a machine and the work on it say of themselves, redacted and cut; what could not be had is named with its reason. */
export interface EvidenceFound {
  texts: { name: string; text: string }[];
  missing: { name: string; why: string }[];
}

/** What is kept of a failed host after its server was given back. */
export interface Evidence extends EvidenceFound {
  host: string;
  hostID: string;
  cause: EvidenceCause;
  /** What was said when it failed. */
  reason: string;
  gatheredAt: Instant;
  /** What its provider said of its server, as a clause. */
  server: string;
  /** The host's last status: conditions, last failure, version, times. */
  status: KamalHostStatus;
}
