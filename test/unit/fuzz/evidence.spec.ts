import { expect } from 'chai';
import fc from 'fast-check';
import { createEvidence } from '../../../controller/act/deploy/kamal/evidence.ts';
import { createRedactor } from '../../../controller/act/deploy/kamal/redact.ts';
import type { EvidenceFound } from '../../../controller/model/index.ts';
import { sshTarget } from '../../support/ssh-targets.ts';
import { hostile, longestTurn, runs } from './bounds.ts';

const KB = 1024;
const target = sshTarget(22, { kind: 'Bought', hostID: 'h' });

/** What is kept of a machine that writes this; `text` is told the mark, for a machine reads the script that it runs. */
const gathered = (text: (mark: string) => string, printed?: string): Promise<EvidenceFound> => createEvidence({
  outputs: { of: () => printed }, redact: (shown) => shown,
  read: async (_, [, , , , mark = '']) => ({ code: 0, stdout: text(mark), stderr: '' }),
})(target, 10);
const withEnvironment = (environment: readonly string[], log: string) => (mark: string): string => `\n${mark} environment\n${JSON.stringify(environment)}\n${mark} app log\n${log}\n`;

describe('evidence of a machine that writes what it likes', () => {
  it('has parts of our names alone, whatever the machine calls them', async () => {
    await fc.assert(fc.asyncProperty(hostile, hostile, async (title, text) => {
      const { texts } = await gathered((mark) => `\n${mark} ${title}\n${text}\n${mark} ${title.repeat(1_000)}\n${mark} app state\nfine\n`);
      for (const { name } of texts) expect(name).to.be.oneOf(['cloud-init status', 'cloud-init log', 'app state', 'app log', 'kamal-proxy log']);
      expect(texts.map(({ text: one }) => one)).to.include('fine');
    }), runs(60));
  });

  it('is there whatever the environment is, or the log is left out', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.oneof(hostile, fc.constantFrom('A', 'PATH', '__proto__')), hostile).map((pair) => pair.join('=')), { maxLength: 20 }), hostile, async (environment, log) => {
      const { texts, missing } = await gathered(withEnvironment(environment, log), 'what Kamal printed');
      expect(texts.map(({ name }) => name)).to.include('kamal');
      // A failure of ours would stand here, with a secret in its words perhaps.
      expect(missing.filter(({ why }) => !/environment by which it is redacted/.test(why))).to.deep.equal([]);
    }), runs(100));
  });

  it('masks a value of any length, whole', async () => {
    for (const length of [4, 255, 256, 257, 513, 5_000, 60_000]) {
      const value = Array.from({ length }, (_, index) => String.fromCharCode(97 + (index * 7 + index ** 2) % 26)).join('');
      const { texts } = await gathered(withEnvironment([`VALUE=${value}`], `before ${value.slice(0, 20_000)} after\n${Buffer.from(value).toString('base64').slice(0, 10_000)}\nend`));
      const log = texts.find(({ name }) => name === 'app log')?.text ?? '';
      expect(log, String(length)).to.include('end');
      // Of a value that is cut, what is left of its last piece is all that may be seen.
      for (let at = 0; at + 256 <= Math.min(length, 20_000); at += 1) expect(log.includes(value.slice(at, at + 256)), `${length} at ${at}`).to.equal(false);
      if (length <= 20_000) expect(log).to.not.include(value.slice(-4)).and.not.include(value.slice(0, 4));
    }
    const long = Array.from({ length: 40_000 }, (_, index) => index.toString(36)).join('');
    expect(createRedactor([long])(`a ${long} b`)).to.match(/^a (\[REDACTED\])+ b$/);
  });

  const filled = (count: number, value: (index: number) => string): string[] => Array.from({ length: count }, (_, index) => `N${index}=${value(index)}`);
  for (const [what, environment, log] of [
    ['one long value that the log nearly repeats', filled(1, () => `${'a'.repeat(100 * KB)}b`), 'a'.repeat(32 * KB)],
    ['a thousand values that end differently', filled(1_000, (index) => `${'a'.repeat(110)}${index}`), 'a'.repeat(32 * KB)],
    ['values that are each other\'s beginnings', filled(400, (index) => 'a'.repeat(4 + index % 250)), `${'a'.repeat(3)} `.repeat(8 * KB)],
    ['a value of half a megabyte', filled(1, () => 'x'.repeat(512 * KB)), 'x'.repeat(32 * KB)],
    ['URLs without end', filled(200, () => `http://${'a'.repeat(200)}:b@${'c.'.repeat(100)}/`), '//a:'.repeat(8 * KB)],
  ] as const) {
    it(`keeps nobody waiting: ${what}`, async () => {
      const text = (mark: string): string => `\n${mark} environment\n${JSON.stringify(environment)}\n${[1, 2, 3, 4, 5, 6].map(() => `${mark} app log\n${log}\n`).join('\n')}`;
      await gathered(text);
      let longest = Infinity;
      // A pause of the machine is not one of ours: the best of three is what it takes.
      for (let left = 3; left > 0 && longest >= 100; left -= 1) longest = Math.min(longest, await longestTurn(async () => void await gathered(text, log)));
      expect(longest).to.be.below(100);
    });
  }
});
