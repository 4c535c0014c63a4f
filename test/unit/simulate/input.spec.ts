import { expect } from 'chai';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { CsvReader, formatOf, LOG_FORMATS, RequestBins } from '../../../controller/simulate/index.ts';

const read = (lines: readonly string[]) => {
  const reader = new CsvReader('load.csv');
  for (const line of lines) reader.add(line);
  return reader.finish();
};

/** What kamal-proxy 0.9.2 writes; the path tries to look like other fields. */
const kamalLine = (time: string, fields: { status?: number; duration?: number; path?: string } = {}): string => JSON.stringify({
  time, level: 'INFO', msg: 'Request', host: 'shop.example.com', port: 443, path: fields.path ?? '/', request_id: 'r1', status: fields.status ?? 200, service: 'shop-web',
  target: 'c0ffee:3000', duration: fields.duration ?? 40_000_000, method: 'GET', user_agent: 'curl/8', proto: 'HTTP/2.0', scheme: 'https', query: '',
});

describe('simulate: rates in a file', () => {
  it('reads seconds, and times with their begin', () => {
    expect(read(['seconds,rps', '0,1.5', '60,2', '120,3']).trace).to.deep.equal({ binSeconds: 60, rates: Float64Array.from([1.5, 2, 3]) });
    const dated = read(['region,time,rps', 'eu,2026-11-23T12:00:00Z,4', 'eu,2026-11-23T12:00:15Z,5', '']);
    expect(dated.trace.binSeconds).to.equal(15);
    expect(dated.begin).to.equal(Date.UTC(2026, 10, 23, 12));
  });

  it('puts a line through missing rows, and counts them', () => {
    const { trace, holes } = read(['seconds,rps', '0,1', '60,2', '240,5']);
    expect([...trace.rates]).to.deep.equal([1, 2, 3, 4, 5]);
    expect(holes).to.equal(2);
  });

  for (const [lines, message] of [
    [['t,rps'], 'load.csv:1: header "t,rps" has no column "seconds" or "time", or none "rps"'],
    [['seconds,rps', '0,1', 'x,2'], 'load.csv:3: seconds "x" is no time'],
    [['time,rps', '2026-13-01T00:00:00Z,2'], 'load.csv:2: time "2026-13-01T00:00:00Z" is no time'],
    [['seconds,rps', '0,-1'], 'load.csv:2: rps "-1" is no rate'],
    [['seconds,rps', '0,'], 'load.csv:2: rps "" is no rate'],
    [['seconds,rps', '0,1', '60,1', '60,1'], 'load.csv:4: time 60 s is not after the row before'],
    [['seconds,rps', '0,1', '60,1', '100,1'], 'load.csv:4: time 100 s is no multiple of 60 s after the first row'],
    [['seconds,rps', '0,1', '1,1', '1700000000,1'], 'load.csv:4: more than 67108864 bins of 1 s since the first row'],
    [['seconds,rps', '0,1'], 'load.csv has fewer than two points'],
  ] as const) {
    it(`refuses ${JSON.stringify(lines.at(-1))} with the line and a mend`, () => {
      try {
        read(lines);
        expect.fail('nothing was thrown');
      } catch (error) {
        expect(error).to.be.instanceOf(ClassifiedError).and.include({ class: 'Invalid', message });
        expect((error as ClassifiedError).mend).to.be.a('string');
      }
    });
  }
});

describe('simulate: requests in a log', () => {
  it("reads kamal-proxy's lines, behind a prefix too, and is not deceived by what users send", () => {
    const parse = LOG_FORMATS.KamalProxy();
    const expected = { at: Date.UTC(2026, 10, 23, 12, 0, 1), durationSeconds: 0.04 };
    expect(parse(kamalLine('2026-11-23T12:00:01.123456789Z'))).to.deep.equal(expected);
    expect(parse(`App Host: 192.0.2.1 ${kamalLine('2026-11-23T14:00:01.5+02:00')}`)).to.deep.equal(expected);
    expect(parse(kamalLine('2026-11-23T12:00:01Z', { path: '/","status":101,"duration":1,"time":"2000-01-01T00:00:00Z' }))).to.deep.equal(expected);
    expect(parse(kamalLine('2026-11-23T12:00:01Z', { status: 101 }))).to.equal(undefined);
    expect(parse('{"time":"2026-11-23T12:00:01Z","level":"INFO","msg":"Server started"}')).to.equal(undefined);
    expect(parse('nonsense')).to.equal(undefined);
  });

  it('reads combined access logs with their time zone', () => {
    const line = '192.0.2.7 - ann [23/Nov/2026:14:00:01 +0200] "GET /a\\"b HTTP/1.1" 200 512 "-" "agent \\" [x]" 0.040';
    expect(formatOf(line)).to.equal('Combined');
    expect(LOG_FORMATS.Combined()(line)).to.deep.equal({ at: Date.UTC(2026, 10, 23, 12, 0, 1) });
    expect(formatOf(kamalLine('2026-11-23T12:00:01Z'))).to.equal('KamalProxy');
    expect(formatOf('# a comment')).to.equal(undefined);
  });

  it('counts requests in bins of 15 s whatever their order, without the first and last, which are not whole', () => {
    const bins = new RequestBins();
    const begin = Date.UTC(2026, 10, 23, 12, 0, 7);
    for (let second = 0; second < 300; second++) {
      for (let request = 0; request < 3; request++) bins.add({ at: begin + (second ^ 3) * 1000 });
    }
    bins.add({ at: begin - 2 * 3_600_000 });
    const { trace, begin: from, tooEarly } = bins.finish('x.log');
    expect(new Set(trace.rates)).to.deep.equal(new Set([3]));
    expect(trace.rates).to.have.length(19);
    expect(from).to.equal(Date.UTC(2026, 10, 23, 12, 0, 15));
    expect(tooEarly).to.equal(1);
  });

  it('joins bins two by two rather than grow without end: a log of years keeps its rates', () => {
    const bins = new RequestBins();
    const hour = 3_600_000;
    for (let at = 0; at < 2 * 365 * 24; at++) bins.add({ at: at * hour });
    const { trace } = bins.finish('x.log');
    expect(trace.rates.length).to.be.at.most(2 ** 20);
    expect(trace.binSeconds).to.equal(120);
    const mean = trace.rates.reduce((sum, rate) => sum + rate, 0) / trace.rates.length;
    expect(mean).to.be.closeTo(1 / 3600, 1e-7);
  });

  it('estimates the service time from the median, untouched by a few downloads', () => {
    const bins = new RequestBins();
    for (let index = 0; index < 1000; index++) bins.add({ at: index, durationSeconds: index % 20 === 0 ? 300 : -0.05 * Math.log(1 - ((index * 7919) % 1000) / 1000 - 1e-6) });
    expect(bins.serviceSeconds).to.be.closeTo(0.05, 0.01);
    expect(new RequestBins().serviceSeconds).to.equal(undefined);
  });
});
