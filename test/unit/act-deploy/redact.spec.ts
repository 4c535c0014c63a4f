import { expect } from 'chai';
import fc from 'fast-check';
import { createRedactor, secretsOf } from '../../../controller/act/deploy/kamal/redact.ts';

const looks = createRedactor([]);

describe('redaction', () => {
  it('lets no value of a secret through, whatever stands around it', () => {
    const secret = fc.string({ minLength: 4, maxLength: 40, unit: 'grapheme-ascii' }).filter((text) => text.trim() === text && !'[REDACTED]'.includes(text));
    fc.assert(fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
      const shown = createRedactor([value])(`${before}${value}${after}`);
      expect(shown.replaceAll('[REDACTED]', '')).not.to.include(value);
    }));
  });

  it('masks a secret in the other forms in which it is printed', () => {
    const redact = createRedactor(['p"ss/w rd+1']);
    for (const form of ['p"ss/w rd+1', 'p\\"ss/w rd+1', encodeURIComponent('p"ss/w rd+1'), Buffer.from('p"ss/w rd+1').toString('base64')]) {
      expect(redact(`before ${form} after`)).to.equal('before [REDACTED] after');
    }
  });

  it('masks a secret within what was encoded together with other text', () => {
    const redact = createRedactor(['hunter2-of-the-registry']);
    for (const before of ['', 'a', 'me', 'you', 'deploy']) {
      for (const after of ['', '\n', ' and more', '??>']) {
        const text = `${before}:hunter2-of-the-registry${after}`;
        for (const encoding of ['base64', 'base64url'] as const) {
          const shown = redact(`auth ${Buffer.from(text).toString(encoding)} end`);
          expect(shown).to.match(/^auth \S*\[REDACTED\]\S* end$/);
          // Of its first and last bytes at most two share their characters with a neighbour.
          expect(Buffer.from(shown.split('[REDACTED]').join('').slice(5, -4), encoding).toString('latin1')).to.not.match(/unter2|of-the|regist/);
        }
      }
    }
  });

  it('masks the longer of two secrets that begin alike', () => {
    expect(createRedactor(['abcd', 'abcdefgh'])('abcdefgh abcd')).to.equal('[REDACTED] [REDACTED]');
  });

  it('masks a short secret only where it stands alone', () => {
    expect(createRedactor(['5'])('Finished in 5 seconds with 15 of 500')).to.equal('Finished in [REDACTED] seconds with 15 of 500');
  });

  it('masks each line of a key or certificate', () => {
    const key = 'line-one-of-a-key\nline-two-of-a-key\n}';
    expect(createRedactor([key])('x line-two-of-a-key y }')).to.equal('x [REDACTED] y }');
  });

  const looking: [string, string, string][] = [
    ['a private key', 'a\n-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\nBBBB\n-----END OPENSSH PRIVATE KEY-----\nb', 'a\n[REDACTED]\nb'],
    ['a private key that was cut off', '-----BEGIN RSA PRIVATE KEY-----\nAAAA', '[REDACTED]'],
    ['key_data of kamal config', ':ssh_options:\n  :key_data:\n  - SUPERSECRET\n  - |\n    MORE\n  :log_level: :fatal\n', ':ssh_options:\n  :key_data: [REDACTED]\n  :log_level: :fatal\n'],
    ['a login', 'docker login registry.test -u deployer -p hunter2 on 10.0.0.1', 'docker login registry.test -u deployer -p [REDACTED] on 10.0.0.1'],
    ['a bearer token', 'Authorization: Bearer abc.def', 'Authorization: Bearer [REDACTED]'],
    ['a password in a URL', 'postgres://app:hunter2@db/shop', 'postgres://app:[REDACTED]@db/shop'],
    ['a named secret', 'SECRET_KEY_BASE: x, password=hunter2', 'SECRET_KEY_BASE: x, password=[REDACTED]'],
    ['a secret in a hash of Ruby', '{"password"=>"hunter2"}', '{"password"=>"[REDACTED]"}'],
    ['a token of GitHub', 'using ghp_0123456789abcdef', 'using [REDACTED]'],
  ];
  for (const [what, text, shown] of looking) {
    it(`masks ${what} by its look`, () => expect(looks(text)).to.equal(shown));
  }

  it('leaves ordinary words alone', () => {
    const words = 'docker stderr: Error: target failed to become healthy within configured timeout (30s)';
    expect(createRedactor(['hunter2'])(words)).to.equal(words);
  });

  it('takes variables for secret by their names', () => {
    expect(secretsOf({ HOME: '/root', HCLOUD_TOKEN: 'a', RAILS_MASTER_KEY: 'b', KAMAL_REGISTRY_PASSWORD: 'c', DATABASE_URL: 'd', KEYBOARD: 'e', EMPTY_TOKEN: '' })).to.deep.equal(['a', 'b', 'c', 'd']);
  });
});
