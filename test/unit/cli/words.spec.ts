import { expect } from 'chai';
import fc from 'fast-check';
import { closest } from '../../../controller/cli/closest.ts';
import { readDuration, shortDuration } from '../../../controller/cli/duration.ts';
import { tableLines } from '../../../controller/cli/table.ts';
import { clipped, wrapped } from '../../../controller/cli/text.ts';

describe('durations', () => {
  const written: [string, number][] = [['90s', 90], ['30m', 1800], ['2h', 7200], ['1d', 86_400], ['1h30m', 5400]];
  for (const [text, seconds] of written) {
    it(`reads ${text}`, () => expect(readDuration('--for', text)).to.equal(seconds * 1000));
  }
  for (const text of ['', '2', 'h', '-1h', '1.5h', '2 h', '2H', '0s', '367d', '1e3s']) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(() => readDuration('--for', text)).to.throw('is no duration up to a year'));
  }

  // As kubectl's HumanDuration has it.
  const shown: [number, string][] = [
    [-5, '0s'], [0, '0s'], [119, '119s'], [120, '2m'], [125, '2m5s'], [599, '9m59s'], [600, '10m'], [10_799, '179m'], [10_800, '3h'],
    [11_100, '3h5m'], [28_799, '7h59m'], [28_800, '8h'], [172_799, '47h'], [172_800, '2d'], [176_400, '2d1h'], [691_200, '8d'], [40_000_000, '462d'],
  ];
  for (const [seconds, text] of shown) {
    it(`shows ${seconds} s as ${text}`, () => expect(shortDuration(seconds * 1000)).to.equal(text));
  }
});

describe('the closest word', () => {
  const words = ['hostpools', 'hostpool', 'hp', 'scalingpolicies', 'sp'];
  const meant: [string, string | undefined][] = [['hostpol', 'hostpool'], ['hots', undefined], ['ph', 'hp'], ['Scalingpolicys', 'scalingpolicies'], ['zzz', undefined], ['', undefined]];
  for (const [word, expected] of meant) {
    it(`is ${expected ?? 'none'} for ${JSON.stringify(word)}`, () => expect(closest(word, words)).to.equal(expected));
  }
});

describe('text of a terminal', () => {
  it('breaks lines between words, never within, and loses none', () => {
    fc.assert(fc.property(fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 30 }), fc.integer({ min: 12, max: 40 }), (words, width) => {
      const lines = wrapped(words.join(' '), width);
      expect(lines.join(' ')).to.equal(words.join(' '));
      for (const line of lines) expect(line.length).to.be.at.most(width);
    }));
  });

  it('marks what was cut', () => {
    expect(clipped('2 of 4 serve', 12)).to.equal('2 of 4 serve');
    expect(clipped('2 of 4 serve', 11)).to.equal('2 of 4 ser…');
    expect(clipped('2 of 4 serve', 6)).to.equal('2 of…');
  });

  it('keeps a table within the width as long as its other columns leave room for a title', () => {
    const columns = [{ title: 'NAME', align: 'Left' as const }, { title: 'N', align: 'Right' as const }, { title: 'WHY', align: 'Left' as const, elastic: true }];
    fc.assert(fc.property(fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,20}$/), fc.nat(), fc.stringMatching(/^[a-z ]{0,90}$/)), { maxLength: 5 }), (rows) => {
      for (const line of tableLines(columns, rows.map(([name, count, why]) => [name, String(count), why]), 60)) expect(Array.from(line).length).to.be.at.most(60);
    }));
  });
});
