import { withoutControlsInLines } from './printable.ts';

/**
 * Every failure has one of these classes; adapters classify, the core only reads classes.
 * - `NotFound`, `Conflict`, `AlreadyExists`, `Invalid`, `Forbidden`, `Unauthorized`: as the API conventions mean them
 * - `Capacity`: this placement cannot give a host now, the next may
 * - `Quota`: the account is full; a person must lift it
 * - `RateLimited`: try again after `retryAfterSeconds`
 * - `Transient`: the same call may succeed later
 * - `OutcomeUnknown`: the call may have had its effect; look before calling again
 * - `Unavailable`: the other side is away
 * - `Locked`: somebody else holds Kamal's deploy lock; wait
 * - `HostKey`: a machine showed another SSH host key than the pinned one; never go on
 * - `Unrecognised`: a program said what nobody has seen; its redacted words are the message
 * - `NotLeader`: a write was refused because another instance leads
 * - `Defect`: none of the above; a bug or an answer nobody has seen
 */
export type ErrorClass =
  | 'NotFound' | 'Conflict' | 'AlreadyExists' | 'Invalid' | 'Forbidden' | 'Unauthorized'
  | 'Capacity' | 'Quota' | 'RateLimited' | 'Transient' | 'OutcomeUnknown' | 'Unavailable' | 'Locked' | 'HostKey' | 'Unrecognised' | 'NotLeader' | 'Defect';

export interface ErrorDetails {
  /** What a person should do, as a sentence. */
  mend?: string;
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** An error whose class the core may act on. The message is safe to show: no secret is in it, and nothing that a terminal would obey, whoever said it. */
export class ClassifiedError extends Error {
  readonly class: ErrorClass;
  readonly mend: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(errorClass: ErrorClass, message: string, details: ErrorDetails = {}) {
    super(withoutControlsInLines(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = errorClass;
    this.class = errorClass;
    this.mend = details.mend;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** The class of any thrown value; `Defect` when it was not classified. */
export const classOf = (error: unknown): ErrorClass => (error instanceof ClassifiedError ? error.class : 'Defect');

export const isClass = (error: unknown, ...classes: ErrorClass[]): error is ClassifiedError =>
  error instanceof ClassifiedError && classes.includes(error.class);

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The message with what a person should do, for places that have one text. */
export const adviceOf = (error: unknown): string =>
  (error instanceof ClassifiedError && error.mend !== undefined ? `${error.message}: ${error.mend}` : messageOf(error));
