import { expect } from 'chai';
import fc from 'fast-check';
import { parseExposition } from '../../../controller/observe/index.ts';

const plain = (text: string) => parseExposition(text).map(({ name, labels, value }) => ({ name, labels: { ...labels }, value }));

describe('exposition format', () => {
  it('reads comments, labels, timestamps and every way to write a number', () => {
    expect(plain(`# HELP x a "helpful" text {a="b"} 1
# TYPE x counter

x 1
x{} 2 1395066363000
  node:x_total { a="1" , b="2",} +1.5e3\t
y{le="+Inf"} -Inf
y NaN
y .5
y 1.
\ty +Inf\r
# EOF`)).to.deep.equal([
      { name: 'x', labels: {}, value: 1 },
      { name: 'x', labels: {}, value: 2 },
      { name: 'node:x_total', labels: { a: '1', b: '2' }, value: 1500 },
      { name: 'y', labels: { le: '+Inf' }, value: -Infinity },
      { name: 'y', labels: {}, value: NaN },
      { name: 'y', labels: {}, value: 0.5 },
      { name: 'y', labels: {}, value: 1 },
      { name: 'y', labels: {}, value: Infinity },
    ]);
  });

  it('reads escapes in label values, and braces, commas and quotes as text', () => {
    expect(plain(String.raw`x{path="C:\\dir\\new",quote="say \"hi\"",lines="a\nb",odd="},{=# 5"} 1`)[0]!.labels).to.deep.equal({
      path: 'C:\\dir\\new', quote: 'say "hi"', lines: 'a\nb', odd: '},{=# 5',
    });
  });

  it('gives back any label value that was escaped', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\r')), (text) => {
      const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
      expect(plain(`x{a="${escaped}"} 1`)).to.deep.equal([{ name: 'x', labels: { a: text }, value: 1 }]);
    }));
  });

  it('takes a label that is named like a method of objects', () => {
    expect(plain('x{constructor="a",toString="b"} 1')[0]!.labels).to.deep.equal({ constructor: 'a', toString: 'b' });
  });

  const wrong: [text: string, message: RegExp][] = [
    ['x 1\nx{a="b} 1', /line 2, column 5: expected a quoted label value/],
    ['x{a=b} 1', /column 5: expected a quoted label value/],
    ['x{a="b" c="d"} 1', /expected , or }/],
    ['x{a="b",a="c"} 1', /expected label a once/],
    ['x{="b"} 1', /expected a label name/],
    ['x{a="\\t"} 1', /expected a quoted label value/],
    ['x', /expected a number/],
    ['x one', /expected a number/],
    ['x 0x10', /expected a number/],
    ['x 1 2 3', /expected a number and at most a timestamp/],
    ['x 1 1.5', /expected a number and at most a timestamp/],
    ['{a="b"} 1', /expected a metric name/],
    ['1x 1', /expected a metric name/],
    ['<html>', /line 1, column 1: expected a metric name/],
  ];
  for (const [text, message] of wrong) it(`refuses ${JSON.stringify(text)}`, () => expect(() => parseExposition(text)).to.throw(message));
});
