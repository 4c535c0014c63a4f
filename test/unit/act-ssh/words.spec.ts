import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { quoteArguments } from '../../../controller/act/ssh/index.ts';
import { pinnedIn } from '../../../controller/act/ssh/known-hosts.ts';
import { knownHostsLines } from '../../../controller/model/index.ts';
import { newKey, publicHalf } from '../../support/ssh-server.ts';

describe('quoting for a remote shell', () => {
  it('gives the program every argument as it is', () => {
    const word = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: fc.constantFrom(...'\'"\\$`!*?~ \n\t;&|<>(){}[]#=%') })).filter((text) => !text.includes('\0') && text.isWellFormed());
    fc.assert(fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), (words) => {
      const said = execFileSync('sh', ['-c', quoteArguments(['printf', '%s\\0', ...words])]).toString('utf8');
      expect(said.split('\0').slice(0, -1)).to.deep.equal(words);
    }), { numRuns: 60 });
  });

  it('leaves plain words plain and refuses what no command line can carry', () => {
    expect(quoteArguments(['docker', 'ps', '--filter', 'label=service=shop', ''])).to.equal("docker ps --filter label=service=shop ''");
    expect(() => quoteArguments(['echo', 'a\0b'])).to.throw(/NUL/).with.property('class', 'Invalid');
  });
});

describe('known_hosts', () => {
  const [one, two, three] = [publicHalf(newKey()), publicHalf(newKey('ecdsa')), publicHalf(newKey())];
  const hashed = (name: string): string => {
    const salt = Buffer.alloc(20, 3);
    return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
  };

  it('finds keys by plain and hashed names, and by port', () => {
    const text = `# a comment\n\n10.0.0.2,primary ${one} someone\n[10.0.0.2]:2222 ${two}\n${hashed('10.0.0.3')} ${three}\n${hashed('[10.0.0.3]:2222')} ${two}\nnonsense\n`;
    expect(pinnedIn(text, '10.0.0.2', 22)).to.deep.equal([one]);
    expect(pinnedIn(text, 'Primary', 22)).to.deep.equal([one]);
    expect(pinnedIn(text, '10.0.0.2', 2222)).to.deep.equal([two]);
    expect(pinnedIn(text, '10.0.0.3', 22)).to.deep.equal([three]);
    expect(pinnedIn(text, '10.0.0.3', 2222)).to.deep.equal([two]);
    expect(pinnedIn(text, '10.0.0.4', 22)).to.deep.equal([]);
  });

  it('takes no wildcard, no authority and no revoked key for a pin', () => {
    expect(pinnedIn(`10.0.0.* ${one}\n@cert-authority 10.0.0.2 ${one}\n`, '10.0.0.2', 22)).to.deep.equal([]);
    expect(pinnedIn(`10.0.0.2 ${one}\n10.0.0.2 ${two}\n@revoked * ${one}\n`, '10.0.0.2', 22)).to.deep.equal([two]);
  });

  it('writes the lines that it reads', () => {
    expect(knownHostsLines('10.0.0.4', 22, [one])).to.deep.equal([`10.0.0.4 ${one}`]);
    for (const [address, port] of [['10.0.0.4', 22], ['10.0.0.4', 2222], ['2001:db8::1', 22], ['2001:db8::1', 2222]] as const) {
      expect(pinnedIn(knownHostsLines(address, port, [one, two]).join('\n'), address, port)).to.deep.equal([one, two]);
    }
  });
});
