import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { quoteArguments } from '../../../controller/act/ssh/index.ts';
import { isClass } from '../../../controller/model/index.ts';
import { hostile, runs } from './bounds.ts';

const run = promisify(execFile);
/** Prints each argument, ended by NUL, which no argument can hold. */
const PRINT = ['printf', '%s\\0'];
/** What a process is given is UTF-8: half of a surrogate pair is none. */
const asBytes = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');

describe('command lines for a shell on the other side', () => {
  it('give the program exactly the arguments that were meant', async () => {
    const meant = fc.sample(hostile, { numRuns: 3000, seed: Number(runs(1).seed ?? Date.now()) }).filter((text) => !text.includes('\0'));
    expect(meant.length).to.be.above(2000);
    // Many at once, for a shell takes longer to start than to read.
    for (let at = 0; at < meant.length; at += 250) {
      const some = meant.slice(at, at + 250);
      const { stdout } = await run('sh', ['-c', quoteArguments([...PRINT, ...some])], { maxBuffer: 64 * 1024 * 1024 });
      expect(stdout.split('\0').slice(0, -1)).to.deep.equal(some.map(asBytes));
    }
  });

  it('give one by one the same as together', async () => {
    await fc.assert(fc.asyncProperty(hostile.filter((text) => !text.includes('\0')), async (text) => {
      const { stdout } = await run('sh', ['-c', quoteArguments(['sh', '-c', 'printf %s "$1"', 'sh', text])]);
      expect(stdout).to.equal(asBytes(text));
    }), runs(40));
  });

  it('never carry a NUL', () => {
    fc.assert(fc.property(hostile, hostile, (before, after) => {
      expect(() => quoteArguments(['echo', `${before}\0${after}`])).to.throw().that.satisfies((error: unknown) => isClass(error, 'Invalid'));
    }), runs(100));
  });
});
