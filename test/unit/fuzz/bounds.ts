import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect } from 'chai';
import { ClassifiedError } from '../../../controller/model/index.ts';

/** Runs of a property; a longer search is `KAMAL_AUTOSCALER_FUZZ=20 npm run test:fuzz`, with seeds of its own. */
const FACTOR = Number(process.env['KAMAL_AUTOSCALER_FUZZ'] ?? '1');

export const runs = (numRuns: number): fc.Parameters<unknown> => (FACTOR > 1 ? { numRuns: numRuns * FACTOR } : { numRuns, seed: 20_261_126 });

/** Pieces that mean something to a shell, YAML, JSON, a query, a path, an option parser, a terminal. */
const PIECES = [
  "'", '"', '`', '\\', '$(id)', '${HOME}', '`id`', ';', '&&', '|', '>', '<', '\n', '\r\n', '\t', ' ', '*', '?', '[', ']', '{', '}', '(', ')', '!', '#', '~', '%', '%s', '=', ',', ':', '@',
  '-', '--', '-o', '--hosts=x', '../', '..', '/', '/etc/passwd', '.', '__proto__', 'constructor', 'toString', 'null', 'true', 'yes', 'no', '0644', '1:30', '2027-01-01', '1e9', 'NaN', '.inf', '<<', '&a', '*a', '!!str',
  '---', '...', '|+', '>-', '$window', 'or vector(1)', '"} or x{a="', '\u0000', '\u0007', '\u001b[31m', '\u0085', '\u2028', '\ufeff', '\u202e', '\ud800', '\udc00', 'é', '漢', '😀', 'а', '․․', '／', 'x', 'web', '10.0.0.1',
];

/** Text that tries to be more than text. */
export const hostile: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(...PIECES).chain((piece) => fc.integer({ min: 1, max: 400 }).map((times) => piece.repeat(times))),
);

/** What a JSON or YAML document may hold where something else is awaited. */
export const anything: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, hostile, fc.double(), fc.integer(), fc.boolean(), fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(fc.oneof(hostile, fc.constantFrom('toString', 'constructor', '__proto__', 'length')), tie('value'), { maxKeys: 4 })),
})).value;

/** Mostly the right shape: each field may be anything, or missing. */
export const broken = (right: Record<string, unknown>): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(Object.fromEntries(Object.entries(right).map(([name, value]) => [name, fc.oneof({ weight: 3, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: anything })])), { requiredKeys: [] });

/** A text of a program or an API, with something hostile in it, or cut somewhere. */
export const damaged = (text: string): fc.Arbitrary<string> => fc.oneof(
  fc.tuple(fc.nat(text.length), fc.nat(20), hostile).map(([at, length, piece]) => text.slice(0, at) + piece + text.slice(at + length)),
  fc.nat(text.length).map((at) => text.slice(0, at)),
);

/** The value, or the named error that was thrown instead of one. */
export function valueOrError<T>(work: () => T): T | ClassifiedError {
  try {
    return work();
  } catch (error) {
    expect(error).to.be.instanceOf(ClassifiedError);
    return error as ClassifiedError;
  }
}

export async function settledOrError<T>(work: () => Promise<T>): Promise<T | ClassifiedError> {
  try {
    return await work();
  } catch (error) {
    expect(error).to.be.instanceOf(ClassifiedError);
    return error as ClassifiedError;
  }
}

/** Milliseconds of this thread's own work: a busy machine makes it no longer. */
const worked = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

function fastest(work: () => unknown): number {
  return Math.min(...[1, 2, 3].map(() => {
    const before = worked();
    try {
      work();
    } catch {
      // A refusal must be quick too.
    }
    return worked() - before;
  }));
}

/** Below this the clock and the compiler are what is measured. */
const FLOOR_MILLISECONDS = 8;
const LONGEST_MILLISECONDS = 100;

/**
 * Fails where a text of four times the length takes more than ten times as long (a quadratic step takes sixteen), or
 * where the longest that can come takes more than 100 ms; measured anew before it is believed. `longest`: characters.
 */
export function expectLinear(longest: number, text: (length: number) => string, read: (text: string) => unknown): void {
  // Quadratic steps show long before the full length, and need not be waited for.
  for (const [one, four] of [[text(longest / 64), text(longest / 16)], [text(longest / 4), text(longest)]] as const) {
    let fault: string | undefined;
    for (let left = 3; left > 0 && (left === 3 || fault !== undefined); left -= 1) fault = faultIn(one, four, read);
    expect(fault).to.equal(undefined);
  }
}

function faultIn(one: string, four: string, read: (text: string) => unknown): string | undefined {
  const [before, after] = [fastest(() => read(one)), fastest(() => read(four))];
  return after < 10 * Math.max(before, FLOOR_MILLISECONDS) && after < LONGEST_MILLISECONDS ? undefined : `${four.length} characters take ${after.toFixed(1)} ms, ${one.length} take ${before.toFixed(1)} ms`;
}

/** The longest time, in milliseconds of this thread's own work, for which nothing else of the process could go on. */
export async function longestTurn(work: () => Promise<void>): Promise<number> {
  let done = false;
  let before = worked();
  const ended = work().finally(() => { done = true; });
  let longest = 0;
  while (!done) {
    await turn();
    const now = worked();
    longest = Math.max(longest, now - before);
    before = now;
  }
  await ended;
  return longest;
}
