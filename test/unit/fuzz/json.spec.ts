import { expect } from 'chai';
import fc from 'fast-check';
import { readJSON } from '../../../controller/model/index.ts';
import { anything, damaged, hostile, runs } from './bounds.ts';

const parsed = (text: string): object => {
  try {
    return { kind: 'JSON', value: JSON.parse(text) as unknown };
  } catch {
    return { kind: 'Unread', why: 'it is no JSON' };
  }
};

describe('JSON of somebody else', () => {
  it('is what the language reads in it, or nothing', () => {
    fc.assert(fc.property(fc.oneof(hostile, fc.json(), anything.map((value) => JSON.stringify(value) ?? ''), fc.json().chain(damaged)), (text) => {
      const read = readJSON(text);
      // Of none of these the shape is too much, unless it is no JSON anyway.
      if (read.kind === 'JSON') expect(read).to.deep.equal(parsed(text));
      else expect(parsed(text)).to.include({ kind: 'Unread' });
    }), runs(2000));
  });

  it('gives no prototype to what has a key of that name', () => {
    const read = readJSON('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    expect(read.kind === 'JSON' && Object.getPrototypeOf(read.value)).to.equal(Object.prototype);
    expect(({} as { polluted?: unknown }).polluted).to.equal(undefined);
  });

  const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  const listed = (values: number): string => `[${Array.from({ length: values }, () => '0').join(',')}]`;
  for (const [what, text, read] of [
    ['64 levels', nested(64), 'JSON'], ['65 levels', nested(65), 'it nests more than 64 levels'], ['65 levels of objects', `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`, 'it nests more than 64 levels'],
    ['brackets in a text', JSON.stringify('['.repeat(1000)), 'JSON'], ['brackets after an escaped quote', JSON.stringify(`"${'['.repeat(1000)}`), 'JSON'], ['brackets after an escaped backslash', `["\\\\",${nested(64)}]`, 'it nests more than 64 levels'],
    ['99,998 values', listed(99_998), 'JSON'], ['100,001 values', listed(100_001), 'it has more than 100000 values'], ['many pairs', `{${Array.from({ length: 100_001 }, (_, index) => `"${index}":0`).join(',')}}`, 'it has more than 100000 values'],
    ['a text without end', `"${'x'.repeat(1000)}`, 'it is no JSON'], ['nothing', '', 'it is no JSON'], ['half of an answer', '{"servers":[{"id":1},', 'it is no JSON'], ['the mark of byte order', '\ufeff{}', 'it is no JSON'],
  ] as const) {
    it(`of ${what} is ${read === 'JSON' ? 'read' : 'not read'}`, () => {
      const { kind, ...rest } = readJSON(text);
      expect(kind === 'JSON' ? kind : (rest as { why: string }).why).to.equal(read);
    });
  }

  it('is not repeated in the reason', () => {
    fc.assert(fc.property(fc.string({ minLength: 4, unit: fc.constantFrom(...'QZXJ') }), (secret) => {
      const read = readJSON(`{"token":"${secret}",${secret}}`);
      expect(read.kind === 'Unread' && read.why).to.equal('it is no JSON');
    }), runs(50));
  });
});
