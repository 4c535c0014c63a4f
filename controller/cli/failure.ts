import { ClassifiedError, classOf, inOneLine, messageOf } from '../model/index.ts';
import type { Io } from './composition.ts';

/** What the exit code of the program tells; documented in its --help. */
export const EXIT = { done: 0, failed: 1, usage: 2, notFound: 3, refused: 4, differs: 5, unasked: 6 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A failure that a command foresees: one line what is wrong, one line what to do. */
export class CommandFailure extends Error {
  readonly exitCode: ExitCode;
  readonly mend: string | undefined;

  constructor(exitCode: ExitCode, message: string, mend?: string) {
    super(message);
    this.exitCode = exitCode;
    this.mend = mend;
  }
}

/** Prints `error:` and `mend:`; a stack only where KAMAL_AUTOSCALER_DEBUG asks for it. Returns the exit code. */
export function report(error: unknown, io: Io): ExitCode {
  io.stderr(`error: ${oneLine(messageOf(error))}\n`);
  const mend = mendOf(error);
  if (mend !== undefined) io.stderr(`mend: ${oneLine(mend)}\n`);
  if (io.env['KAMAL_AUTOSCALER_DEBUG'] && error instanceof Error) io.stderr(`${error.stack ?? ''}\n`);
  return error instanceof CommandFailure ? error.exitCode : exitCodeOf(error);
}

/** An `Invalid` flag or variable is wrong usage; an `Invalid` object, in all other places, was refused. */
export async function asUsage<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ClassifiedError && error.class === 'Invalid') throw new CommandFailure(EXIT.usage, error.message, error.mend);
    throw error;
  }
}

function mendOf(error: unknown): string | undefined {
  if (error instanceof CommandFailure || error instanceof ClassifiedError) return error.mend;
  return 'this is a defect: run it again with KAMAL_AUTOSCALER_DEBUG=1 and report what it prints';
}

function exitCodeOf(error: unknown): ExitCode {
  switch (classOf(error)) {
    case 'NotFound':
      return EXIT.notFound;
    case 'Conflict': case 'AlreadyExists': case 'Invalid': case 'Forbidden': case 'Unauthorized': case 'NotLeader': case 'HostKey':
      return EXIT.refused;
    case 'Capacity': case 'Quota': case 'RateLimited': case 'Transient': case 'OutcomeUnknown': case 'Unavailable': case 'Locked': case 'Unrecognised': case 'Defect':
      return EXIT.failed;
  }
}

const oneLine = (text: string): string => inOneLine(text.split('\n').map((line) => line.trim()).filter((line) => line !== '').join(' '));
