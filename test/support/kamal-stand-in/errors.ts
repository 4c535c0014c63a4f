/** Failures as Kamal names them: `ERROR (CLASS): MESSAGE` on stdout. */

/** A failure that the real Kamal knows too. `ruby` is the class that it prints. */
export class KamalError extends Error {
  override readonly name = 'KamalError';
  readonly ruby: string;

  constructor(ruby: string, message: string) {
    super(message);
    this.ruby = ruby;
  }
}

/** A failure on a host, as SSHKit wraps it. Kamal prints the class of what was wrapped with the wrapper's message. */
export class ExecuteError extends KamalError {
  readonly inner: KamalError;

  constructor(inner: KamalError, message: string) {
    super('SSHKit::Runner::ExecuteError', message);
    this.inner = inner;
  }
}

/** A command that ended with another exit status than 0. */
export class CommandFailed extends KamalError {
  constructor(message: string) {
    super('SSHKit::Command::Failed', message);
  }
}

/** The arguments are wrong: said on stderr in Thor's words, without a class. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Something that the real Kamal can do and the stand-in cannot. It has an exit status of its own (70), so that nobody
 * takes it for an answer of Kamal's.
 */
export class BeyondStandIn extends Error {
  override readonly name = 'BeyondStandIn';
}

export const configurationError = (message: string): KamalError => new KamalError('Kamal::ConfigurationError', message);
export const argumentError = (message: string): KamalError => new KamalError('ArgumentError', message);
export const runtimeError = (message: string): KamalError => new KamalError('RuntimeError', message);
export const lockError = (message: string): KamalError => new KamalError('Kamal::Cli::LockError', message);

/** Mistakes of the stand-in itself (a TypeError) are no failure of a host: they go on up. */
export function asKamalError(error: unknown): KamalError {
  if (error instanceof KamalError) return error;
  throw error;
}
