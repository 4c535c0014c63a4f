import { ClassifiedError } from '../../model/index.ts';

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/**
 * A command line for a POSIX shell on the other side, which takes every argument as it is. Throws Invalid for an
 * argument with a NUL, which no command line can carry.
 */
export const quoteArguments = (command: readonly string[]): string => command.map(quoteArgument).join(' ');

function quoteArgument(argument: string): string {
  if (argument.includes('\0')) throw new ClassifiedError('Invalid', 'an argument of a remote command holds a NUL character', { mend: 'Leave it out: no command line can carry it.' });
  return PLAIN.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}
