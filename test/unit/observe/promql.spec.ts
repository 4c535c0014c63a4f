import { expect } from 'chai';
import fc from 'fast-check';
import { literal, oneOf } from '../../../controller/observe/promql.ts';
import { newestSampleQuery, selectorsOf } from '../../../controller/observe/promql-selectors.ts';
import { signalQuery } from '../../../controller/observe/signals-promql.ts';

describe('PromQL text', () => {
  it('no name can end a string literal early', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const inside = literal(text).slice(1, -1);
        expect(/^(?:[^"\\\n]|\\.)*$/s.test(inside)).to.equal(true);
        const unescaped = inside.replace(/\\(.)/g, (_, character: string) => ({ n: '\n', r: '\r' })[character] ?? character);
        expect(unescaped).to.equal(text);
      }),
    );
  });

  it('a matcher of several names matches exactly these', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 4 }), fc.string(), (names, other) => {
        const pattern = /^label=~"(.*)"$/s.exec(oneOf('label', names))![1]!.replaceAll('\\\\', '\u0000').replaceAll('\\"', '"').replaceAll('\\n', '\n').replaceAll('\\r', '\r').replaceAll('\u0000', '\\');
        const matches = (text: string): boolean => new RegExp(`^(?:${pattern})$`).test(text);
        for (const name of names) expect(matches(name)).to.equal(true);
        expect(matches(other)).to.equal(names.includes(other));
      }),
    );
  });

  it('a hostile pool name stays inside its quotes', () => {
    const query = signalQuery('cpu', [{ namespace: 'a', pool: '"} or vector(1) #', proxyService: 'app-web' }], 60);
    expect(query).to.contain('pool="\\"} or vector(1) #"');
  });

  const cases: [query: string, selectors: string[]][] = [
    ['rate(x{a="b}"}[5m]) / y', ['x{a="b}"}', 'y']],
    ['sum by (pool) (rate(a_b{c=~"x|y"}[2m:15s]))', ['a_b{c=~"x|y"}']],
    ['sum(rate(old[5m] offset 1w)) / sum(new)', ['new']],
    ['a @ 123 + b', ['b']],
    ['sum(x) by (le) > bool 5 and on (pod) {__name__="z"}', ['x', '{__name__="z"}']],
    ['histogram_quantile(0.95, sum(rate(h_bucket[1m])) by (le))', ['h_bucket']],
    ['max_over_time(g[1h]) * 1e3 # comment foo', ['g']],
    ['job:requests:rate5m{}', ['job:requests:rate5m{}']],
    ['Inf + time() or vector(42)', []],
    ["count_values('version', build)", ['build']],
    ['x and x', ['x']],
  ];
  for (const [query, selectors] of cases) it(`finds the selectors of ${query}`, () => expect(selectorsOf(query)).to.deep.equal(selectors));

  it('asks for the newest sample of all selectors at once', () => {
    expect(newestSampleQuery(['a', 'b{c="d"}'])).to.equal(
      'max(label_replace(timestamp(a), "selector", "0", "", "") or label_replace(timestamp(b{c="d"}), "selector", "1", "", ""))',
    );
  });
});
