import { expect } from 'chai';
import { countTests, toldSecrets } from '../../../hack/ci-output.ts';
import { planted, tells } from '../../support/planted.ts';

describe('the output of a test command', () => {
  it('is counted over all its mocha runs, colours or not', () => {
    expect(countTests('\n  \u001B[32m12 passing\u001B[0m (3s)\n  2 pending\n  1 failing\n\n  5 passing (1m)\n')).to.deep.equal({ passed: 17, failed: 1, skipped: 2 });
  });

  it('is searched for secrets that suites planted, which are not told again', () => {
    expect(toldSecrets(`fine\n{"message":"401 for ${planted('cloud-token')}"}\nfine`)).to.deep.equal(['{"message":"401 for ***"}']);
    expect(toldSecrets(`fine\n${Buffer.from(`user:${planted('registry')}`).toString('base64')}\n`)).to.deep.equal(['line 2, escaped or encoded']);
    expect(toldSecrets(`fine\n${planted('registry').slice(0, 8)}\n  ${planted('registry').slice(8)}\n`)).to.deep.equal(['a secret that is broken over lines']);
  });
});

describe('the search for planted secrets', () => {
  const secret = planted('any');
  const wrapped = (text: string, columns: number, joint: string): string => (text.match(new RegExp(`.{1,${columns}}`, 'gs')) ?? []).join(joint);
  const escaped = (before: string, width: number): string => Array.from(secret, (character) => before + character.charCodeAt(0).toString(16).padStart(width, '0')).join('');
  const FORMS: Record<string, string> = {
    'as it is': secret, 'in an escaped text of JSON': JSON.stringify({ a: JSON.stringify({ b: secret }) }), 'escaped as JSON may': escaped('\\u', 4), 'of a URL': encodeURIComponent(secret), 'of a URL, all of it escaped': escaped('%', 2),
    'in base64': Buffer.from(secret).toString('base64'), 'of a basic login': Buffer.from(`me:${secret}`).toString('base64'), 'of another one': Buffer.from(`you:${secret}`).toString('base64'), 'of a longer one': Buffer.from(`admin:${secret}`).toString('base64'),
    'in base64 for URLs': Buffer.from(`??>>${secret}`).toString('base64url'), 'in base64 with line breaks': wrapped(Buffer.from(`x${secret}`).toString('base64'), 10, '\n    '), 'in hex': Buffer.from(secret).toString('hex'),
    'broken over lines': wrapped(secret, 5, '\n'), 'broken over lines of a shell': wrapped(secret, 5, '\\\n'), 'broken over lines of a program': wrapped(secret, 5, '" +\n  "'), 'of two bytes a character': Buffer.from(secret, 'utf16le').toString('latin1'),
  };
  for (const [form, text] of Object.entries(FORMS)) it(`finds one ${form}`, () => expect(tells(`a ${text} b`)).to.equal(true));
  it('finds none in what only looks like one', () => {
    for (const text of ['planted secret', 'planted_secret', Buffer.from('planted').toString('base64'), 'a\nb', '']) expect(tells(text)).to.equal(false);
  });
});
