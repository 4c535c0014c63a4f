import { expect } from 'chai';
import { decisionLine, readLine } from '../../../controller/simulate/evaluate-line.ts';
import { decide, valuesOf } from '../decide/build.ts';

const LINE = {
  time: '2026-11-23T12:00:15Z', metrics: { rps: 812.4, p95: null },
  hosts: { inService: 8, warming: 1, booting: 2, draining: 0 }, bootSeconds: [58.2], launchedAt: ['2026-11-23T09:12:00Z'],
};
const read = (change: Record<string, unknown> = {}) => readLine(JSON.stringify({ ...LINE, ...change }));

describe('a line of evaluate', () => {
  it('is a moment', () => {
    expect(read()).to.deep.equal({
      kind: 'Moment', time: LINE.time,
      moment: {
        time: Date.UTC(2026, 10, 23, 12, 0, 15), metrics: { rps: 812.4, p95: null }, hosts: LINE.hosts,
        bootSeconds: [58.2], launchedAt: [Date.UTC(2026, 10, 23, 9, 12)],
      },
    });
  });

  it('needs neither boots nor launches, and passes over fields that it does not know', () => {
    for (const change of [{ bootSeconds: undefined, launchedAt: undefined }, { bootSeconds: null, launchedAt: null }, { note: 'x' }]) {
      expect(read(change).kind).to.equal('Moment');
    }
  });

  const BAD: [string, string, RegExp][] = [
    ['no JSON', '{"time":', /^is no JSON: /],
    ['an empty line', '', /^is no JSON: /],
    ['a list', '[]', /^is no JSON object$/],
    ...([
      [{ time: '12:00' }, /^time is "12:00": write RFC 3339/],
      [{ time: '2026-11-23T12:00:15' }, /^time is .*write RFC 3339/],
      [{ metrics: undefined }, /^metrics is missing/],
      [{ metrics: { rps: '812' } }, /^metrics\.rps is "812": write a number, or null/],
      [{ hosts: undefined }, /^hosts is missing/],
      [{ hosts: { ...LINE.hosts, inService: 1.5 } }, /^hosts\.inService is 1\.5: write a whole number/],
      [{ hosts: { ...LINE.hosts, booting: undefined } }, /^hosts\.booting is missing/],
      [{ hosts: { ...LINE.hosts, warming: 9 } }, /^hosts\.warming is 9, more than hosts\.inService/],
      [{ bootSeconds: [58, -1] }, /^bootSeconds\[1\] is -1: write a list/],
      [{ launchedAt: ['yesterday'] }, /^launchedAt\[0\] is "yesterday": write a list/],
    ] as [Record<string, unknown>, RegExp][]).map(([change, message]): [string, string, RegExp] => [JSON.stringify(change), JSON.stringify({ ...LINE, ...change }), message]),
  ];
  for (const [name, text, message] of BAD) {
    it(`says what is wrong with ${name}`, () => {
      const line = readLine(text);
      if (line.kind !== 'Bad') throw new Error('it was read');
      expect(line.message).to.match(message);
    });
  }

  it('answers with the time as it was written, and the number of each metric', () => {
    const decision = decide({ observations: valuesOf({ rps: 350 }) });
    expect(JSON.parse(decisionLine('2026-11-23T13:00:15+01:00', decision))).to.deep.equal({
      time: '2026-11-23T13:00:15+01:00', desired: 5, current: 4, direction: 'Out',
      reasons: ['rps 350 requests/s of 70 a host → 5'], proposals: { rps: 5 }, limitedBy: [],
    });
  });
});
