import { ClassifiedError, type ErrorClass, messageOf } from '../../model/index.ts';
import { type PublicKey, fingerprintOf, typeOf } from './public-key.ts';
import type { TrustedKey } from './trust.ts';

/** A machine to log in to: the target itself, or a jump host on the way. */
export interface Hop {
  /** For people. */
  name: string;
  address: string;
  port: number;
  user: string;
  trusted: readonly TrustedKey[];
}

/** How far a connection came. */
export interface Progress {
  stage: 'Dialling' | 'Listening' | 'Shaking hands' | 'Logging in';
  /** The host key that was shown, if it is none of the trusted ones. */
  refused?: PublicKey;
}

export const placeOf = ({ name, address, port }: Pick<Hop, 'name' | 'address' | 'port'>): string => `${name} (${address.includes(':') ? `[${address}]` : address}:${port})`;

/** The class and the words of what went wrong before a connection was there. */
export function connectFailure(hop: Hop, error: unknown, { refused, stage }: Progress): ClassifiedError {
  if (refused !== undefined) return hostKeyFailure(hop, refused);
  if (error instanceof ClassifiedError) return error;
  const { code, level } = error as { code?: unknown; level?: unknown };
  const said = typeof code === 'string' ? WORDS[code] : undefined;
  if (stage === 'Dialling') return failure('Unavailable', `${placeOf(hop)} cannot be reached: ${said ?? messageOf(error)}`, error);
  if (level === 'client-authentication') {
    return new ClassifiedError('Unauthorized', `${placeOf(hop)} does not let ${hop.user} in with the controller's SSH key`, {
      mend: `Append what \`kamal-autoscaler inventory --format authorized-keys\` prints to ~${hop.user}/.ssh/authorized_keys there.`, cause: error,
    });
  }
  if (stage === 'Logging in') return failure('Unavailable', `${placeOf(hop)} ended the login of ${hop.user}: ${said ?? messageOf(error)}`, error);
  // What answers may well be no sshd at all: while a host boots, or behind a wrong port.
  return failure('Unavailable', `${placeOf(hop)} does not complete an SSH handshake: ${said ?? messageOf(error)}`, error);
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there yet', EHOSTUNREACH: 'there is no route to it', ENETUNREACH: 'its network cannot be reached',
  ETIMEDOUT: 'no answer', ECONNRESET: 'it closed the connection', EPIPE: 'it closed the connection', ENOTFOUND: 'its name is unknown', EAI_AGAIN: 'its name cannot be looked up now',
};

/** The time was over. Says what the host did until then, for a host that hangs looks different from one that is away. */
export function tooLate(hop: Hop, { stage }: Progress, seconds: number): ClassifiedError {
  const words: Record<Progress['stage'], string> = {
    'Dialling': 'does not answer', 'Listening': 'accepts the connection and says nothing', 'Shaking hands': 'does not complete the SSH handshake', 'Logging in': 'does not complete the login',
  };
  return new ClassifiedError('Unavailable', `${placeOf(hop)} ${words[stage]} within ${seconds} s`);
}

function hostKeyFailure(hop: Hop, refused: PublicKey): ClassifiedError {
  const expected = hop.trusted.map(({ kind, key }) => `${EXPECTED[kind]} ${fingerprintOf(key)} (${typeOf(key)})`).join(' or ');
  return new ClassifiedError('HostKey', `${placeOf(hop)} shows host key ${fingerprintOf(refused)} (${typeOf(refused)}), expected is ${expected}`, {
    mend: 'Another machine may have this address now, or stand between: compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on its console before you pin another key.',
  });
}

const EXPECTED: Record<TrustedKey['kind'], string> = { Pinned: 'the pinned', Own: 'its own', Delivered: 'the delivered' };

/** What went wrong with a command on a connection that was there. */
export function commandFailure(hop: Hop, what: string, error: unknown): ClassifiedError {
  if (error instanceof ClassifiedError) return error;
  const words = messageOf(error);
  if (/not connected/i.test(words)) return failure('Unavailable', `the connection to ${placeOf(hop)} was lost before ${what}`, error);
  if (/unable to start subsystem: sftp/i.test(words)) {
    return new ClassifiedError('Invalid', `${placeOf(hop)} offers no SFTP, for ${what}`, { mend: 'Write `Subsystem sftp internal-sftp` into its sshd_config and reload sshd.', cause: error });
  }
  if (/channel open failure|unable to exec/i.test(words)) return failure('Transient', `${placeOf(hop)} takes no further command now, for ${what}: ${words}`, error);
  return failure('OutcomeUnknown', `the connection to ${placeOf(hop)} was lost during ${what}`, error);
}

const failure = (errorClass: ErrorClass, message: string, cause: unknown): ClassifiedError => new ClassifiedError(errorClass, message, { cause });
