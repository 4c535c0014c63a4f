import { expect } from 'chai';
import type { RequestListener } from 'node:http';
import { type LoadOptions, startLoad } from '../../../controller/demo/load.ts';
import { LoadRecords, latencies } from '../../../controller/demo/load-records.ts';
import { type Answering, startAnswering } from '../../support/real/answering.ts';
import { until } from '../../support/real/until.ts';
import { seeded, wallClock } from './wall-clock.ts';

describe('load generator', () => {
  let server: Answering;
  let answer: RequestListener;
  let ending: AbortController;

  beforeEach(async () => {
    ending = new AbortController();
    server = await startAnswering((request, response) => answer(request, response));
  });
  afterEach(async () => {
    ending.abort();
    await server.stop();
  });

  const options = (more: Partial<LoadOptions>): LoadOptions => ({
    url: server.url, profile: [{ atSeconds: 0, requestsPerSecond: 400 }, { atSeconds: 0.5, requestsPerSecond: 400 }], spacing: 'Even',
    kinds: [{ name: 'page', share: 1, path: '/', timeoutMilliseconds: 5_000 }], phases: [], maxRequests: 10_000, maxInFlight: 1_000,
    clock: wallClock, chance: seeded(5), signal: ending.signal, ...more,
  });

  it('counts requests by phase and kind, failed ones by status', async () => {
    answer = (request, response) => void response.writeHead(request.url === '/broken' ? 500 : 200).end();
    const report = await startLoad(options({
      kinds: [{ name: 'page', share: 3, path: '/', timeoutMilliseconds: 5_000 }, { name: 'broken', share: 1, path: '/broken', timeoutMilliseconds: 5_000 }],
      phases: [{ name: 'calm', fromSeconds: 0 }, { name: 'spike', fromSeconds: 0.25 }],
    })).done;
    expect(report.requests).to.be.within(199, 200);
    expect(report.end).to.equal('Profile');
    expect(report.summaries.map(({ phase, kind }) => `${phase} ${kind}`)).to.have.members(['calm page', 'calm broken', 'spike page', 'spike broken']);
    expect(report.summaries.slice(0, 2).map(({ phase }) => phase)).to.deep.equal(['calm', 'calm']);
    const broken = report.summaries.filter(({ kind }) => kind === 'broken');
    expect(report.failed).to.equal(broken.reduce((sum, { requests }) => sum + requests, 0)).and.to.be.within(20, 80);
    for (const { outcomes, requests } of broken) expect(outcomes).to.deep.equal({ 500: requests });
    expect(report.perSecond).to.deep.equal([{ requests: report.requests, failed: report.failed }]);
  });

  it('goes on sending while earlier requests wait, and measures from when they were due', async () => {
    const held: (() => void)[] = [];
    answer = (_, response) => void held.push(() => response.end());
    const load = startLoad(options({ profile: [{ atSeconds: 0, requestsPerSecond: 200 }, { atSeconds: 0.5, requestsPerSecond: 200 }] }));
    await until('all were sent without one answer', () => held.length >= 99);
    expect(load.soFar(1)).to.include({ answered: 0, failed: 0 });
    for (const finish of held.splice(0)) finish();
    await until('the rest is answered', () => {
      for (const finish of held.splice(0)) finish();
      return load.soFar(1).inFlight === 0;
    });
    const report = await load.done;
    expect(report.failed).to.equal(0);
    expect(report.summaries[0]!.latencies!.max).to.be.greaterThan(400);
  });

  it('gives up a request at its time limit, one that is cut and one above the bound in flight, and says why', async () => {
    answer = (request, response) => {
      if (request.url === '/cut') response.writeHead(200, { 'content-length': '10' }).flushHeaders();
      if (request.url === '/cut') setImmediate(() => response.destroy());
    };
    const profile = [{ atSeconds: 0, requestsPerSecond: 100 }, { atSeconds: 0.1, requestsPerSecond: 100 }];
    const outcomes = async (path: string, maxInFlight: number) =>
      (await startLoad(options({ profile, maxInFlight, kinds: [{ name: 'one', share: 1, path, timeoutMilliseconds: 300 }] })).done).summaries[0]!.outcomes;
    expect(Object.keys(await outcomes('/silent', 1_000))).to.deep.equal(['Timeout']);
    expect(Object.keys(await outcomes('/cut', 1_000))).to.deep.equal(['ECONNRESET']);
    const bounded = await outcomes('/silent', 4);
    expect(bounded['Timeout']).to.equal(4);
    expect(bounded['TooManyInFlight']).to.be.within(5, 6);
  });

  it('counts a refused connection as a failure', async () => {
    await server.stop();
    const report = await startLoad(options({})).done;
    expect(report.failed).to.equal(report.requests).and.to.be.greaterThan(100);
    expect(Object.keys(report.summaries[0]!.outcomes)).to.deep.equal(['ECONNREFUSED']);
    expect(report.summaries[0]!.latencies).to.equal(undefined);
  });

  it('ends at its greatest number of requests', async () => {
    answer = (_, response) => void response.end();
    expect(await startLoad(options({ maxRequests: 7 })).done).to.include({ requests: 7, end: 'MaxRequests' });
  });

  it('ends at once at the signal, without counting what was under way', async () => {
    answer = (request, response) => void (request.url === '/' && response.write('never whole'));
    const load = startLoad(options({ profile: [{ atSeconds: 0, requestsPerSecond: 100 }, { atSeconds: 600, requestsPerSecond: 100 }] }));
    await until('requests are under way', () => load.soFar(1).inFlight > 20);
    ending.abort();
    expect(await load.done).to.include({ requests: 0, failed: 0, end: 'Aborted' });
  });

  it('refuses a load without a kind of request', () => {
    expect(() => startLoad(options({ kinds: [] }))).to.throw('at least one kind');
  });
});

describe('records of a load', () => {
  it('have exact percentiles by nearest rank', () => {
    expect(latencies(Array.from({ length: 100 }, (_, index) => 100 - index))).to.deep.equal({ p50: 50, p95: 95, p99: 99, max: 100 });
    expect(latencies([7])).to.deep.equal({ p50: 7, p95: 7, p99: 7, max: 7 });
    expect(latencies([])).to.equal(undefined);
  });

  it('look back by the time of the answer', () => {
    const records = new LoadRecords();
    records.add({ dueSeconds: 1, latencyMilliseconds: 10, kind: 'page', outcome: 200 });
    records.add({ dueSeconds: 9, latencyMilliseconds: 20, kind: 'page', outcome: 200 });
    records.add({ dueSeconds: 2, latencyMilliseconds: 8_000, kind: 'slow', outcome: 200 });
    expect(records.p95Since(9)).to.equal(8_000);
    expect(records.p95Since(11)).to.equal(undefined);
  });
});
