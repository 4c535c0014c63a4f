import { expect } from 'chai';
import fc from 'fast-check';
import type { RequestListener } from 'node:http';
import { HTTPHostProbe } from '../../../controller/act/traffic/index.ts';
import { inFlightIn } from '../../../controller/act/traffic/in-flight.ts';
import { type Answering, startAnswering } from '../../support/real/answering.ts';
import { until } from '../../support/real/until.ts';

const HEALTH = { path: '/up', hostname: 'shop.example.com', intervalSeconds: 3, timeoutSeconds: 1, unhealthyAfterSeconds: 60 };

describe('probe of a host', () => {
  let host: Answering;
  let answer: RequestListener;
  const probe = new HTTPHostProbe();

  beforeEach(async () => {
    host = await startAnswering((request, response) => answer(request, response));
  });
  afterEach(() => host.stop());

  const endpoint = () => ({ address: '127.0.0.1', ports: { http: host.port, proxyMetrics: host.port } });

  it('sends the Host header to the health path and takes 2xx for an answer', async () => {
    const asked: (string | undefined)[] = [];
    answer = (request, response) => {
      asked.push(request.url, request.headers.host, request.headers.connection);
      response.writeHead(204).end();
    };
    expect(await probe.up(endpoint(), HEALTH)).to.deep.equal({ kind: 'Answers' });
    expect(asked).to.deep.equal(['/up', 'shop.example.com', 'close']);
  });

  const failing: [string, RequestListener, RegExp][] = [
    ['another status', (_, response) => void response.writeHead(404).end(), /^\/up answers 404$/],
    ['a redirect, which is not followed', (_, response) => void response.writeHead(301, { location: 'https://shop.example.com/up' }).end(), /^\/up answers 301 to https:\/\/shop/],
    ['an answer that breaks off', (_, response) => void (response.writeHead(200, { 'content-length': '100' }), response.write('x'), setImmediate(() => response.destroy())), /aborted|reset|hang up/i],
    ['a closed connection', (request) => void request.socket.destroy(), /hang up|reset/i],
  ];
  for (const [what, listener, why] of failing) {
    it(`fails on ${what}`, async () => {
      answer = listener;
      const fact = await probe.up(endpoint(), HEALTH);
      expect(fact.kind === 'Fails' && fact.why).to.match(why);
    });
  }

  it('fails when there is no whole answer in time', async () => {
    answer = (_, response) => void response.write('never ends');
    const fact = await probe.up(endpoint(), { ...HEALTH, timeoutSeconds: 0.2 });
    expect(fact).to.deep.equal({ kind: 'Fails', why: '/up: no answer within 0.2 s' });
  });

  it('fails when nobody listens', async () => {
    await host.stop();
    const fact = await probe.up(endpoint(), HEALTH);
    expect(fact.kind === 'Fails' && fact.why).to.match(/ECONNREFUSED/);
  });

  it('does not read a health page without end', async () => {
    let ended = false;
    answer = (_, response) => {
      response.once('close', () => (ended = true));
      const more = (): void => void (response.destroyed || response.write('x'.repeat(16_384), () => setImmediate(more)));
      more();
    };
    expect(await probe.up(endpoint(), HEALTH)).to.deep.equal({ kind: 'Answers' });
    await until('the host sees the connection closed', () => ended);
  });

  it('counts requests in flight over all services of the proxy', async () => {
    answer = (request, response) => void response.end(request.url === '/metrics' ? METRICS : '');
    expect(await probe.inFlight(endpoint())).to.deep.equal({ kind: 'Count', requests: 5 });
  });

  it('asks further paths for the status that each must answer, and names the first that does not', async () => {
    const asked: (string | undefined)[] = [];
    answer = (request, response) => {
      asked.push(`${request.url} ${request.headers.host}`);
      response.writeHead(request.url === '/login' ? 302 : request.url === '/db' ? 503 : 200).end();
    };
    const health = { ...HEALTH, preJoin: [{ path: '/home', status: 200 }, { path: '/login', status: 302 }] };
    expect(await probe.preJoin(endpoint(), health)).to.deep.equal({ kind: 'Answers' });
    expect(asked.sort((a, b) => String(a).localeCompare(String(b)))).to.deep.equal(['/home shop.example.com', '/login shop.example.com']);
    expect(await probe.preJoin(endpoint(), { ...health, preJoin: [...health.preJoin, { path: '/db', status: 200 }] })).to.deep.equal({ kind: 'Fails', why: '/db answers 503' });
    expect(await probe.preJoin(endpoint(), HEALTH), 'none').to.deep.equal({ kind: 'Answers' });
  });

  it('warms a host up once an id, one path after the other, whatever they answer', async () => {
    const asked: (string | undefined)[] = [];
    const waiting: (() => void)[] = [];
    answer = (request, response) => {
      asked.push(request.url);
      waiting.push(() => (asked.length === 1 ? request.socket.destroy() : void response.writeHead(500).end()));
    };
    const health = { ...HEALTH, warmUp: ['/a', '/b'] };
    const warmUp = () => probe.warmUp('web-1', endpoint(), health);
    expect(warmUp()).to.equal('Running');
    await until('the first path', () => waiting.length === 1);
    expect([warmUp(), asked]).to.deep.equal(['Running', ['/a']]);
    waiting[0]!();
    await until('the second path', () => waiting.length === 2);
    expect(warmUp()).to.equal('Running');
    waiting[1]!();
    await until('the end', () => warmUp() === 'Done');
    expect(asked).to.deep.equal(['/a', '/b']);
  });

  it('counts the requests of one service, and those that failed', async () => {
    answer = (_, response) => void response.end(METRICS + FAILURES);
    expect(await probe.requests(endpoint(), 'shop-web')).to.deep.equal({ kind: 'Count', requests: 51, errors: 7 });
    expect(await probe.requests(endpoint(), 'shop')).to.deep.equal({ kind: 'Unknown' });
    expect(await probe.requests({ address: '127.0.0.1', ports: { http: host.port } }, 'shop-web')).to.deep.equal({ kind: 'Unknown' });
  });

  it('knows no count without a metrics port, metrics, the series or a healthy answer', async () => {
    expect(await probe.inFlight({ address: '127.0.0.1', ports: { http: host.port } })).to.deep.equal({ kind: 'Unknown' });
    answer = (_, response) => void response.end('kamal_proxy_http_requests_total{service="web"} 3\n');
    expect(await probe.inFlight(endpoint())).to.deep.equal({ kind: 'Unknown' });
    answer = (_, response) => void response.writeHead(500).end(METRICS);
    expect(await probe.inFlight(endpoint())).to.deep.equal({ kind: 'Unknown' });
    await host.stop();
    expect(await probe.inFlight(endpoint())).to.deep.equal({ kind: 'Unknown' });
  });
});

const METRICS = `# HELP kamal_proxy_http_in_flight_requests In-flight requests.
# TYPE kamal_proxy_http_in_flight_requests gauge
kamal_proxy_http_in_flight_requests{service="shop-web"} 3
kamal_proxy_http_in_flight_requests{service="shop-admin"} 2
kamal_proxy_http_requests_total{method="GET",service="shop-web",status="200"} 42
`;

const FAILURES = `kamal_proxy_http_requests_total{method="POST",service="shop-web",status="500"} 4
kamal_proxy_http_requests_total{method="GET",service="shop-web",status="503"} 3
kamal_proxy_http_requests_total{method="GET",service="shop-web",status="404"} 2
kamal_proxy_http_requests_total{method="GET",service="shop-web-staging",status="500"} 900
kamal_proxy_http_requests_total{method="GET",service="",status="404"} 1
`;

describe('requests in flight in metrics text', () => {
  const texts: [string, number | undefined][] = [
    [METRICS, 5],
    ['kamal_proxy_http_in_flight_requests{service="a"} 0\n', 0],
    ['kamal_proxy_http_in_flight_requests 4', 4],
    ['kamal_proxy_http_in_flight_requests{service="a } 9",x="\\""} 1e1 1700000000', 10],
    ['', undefined],
    ['# kamal_proxy_http_in_flight_requests{service="a"} 1', undefined],
    ['kamal_proxy_http_in_flight_requests_total{service="a"} 1', undefined],
    ['kamal_proxy_http_in_flight_requests{service="a"} NaN', undefined],
    ['kamal_proxy_http_in_flight_requests{service="a"} -1', undefined],
    ['kamal_proxy_http_in_flight_requests{service="a"} 1\nkamal_proxy_http_in_flight_requests{service="b"} +Inf', undefined],
  ];
  for (const [text, expected] of texts) it(`${JSON.stringify(text).slice(0, 70)}… → ${expected}`, () => void expect(inFlightIn(text)).to.equal(expected));

  it('is the sum for any services', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.string({ unit: 'grapheme-ascii' }), fc.nat({ max: 10_000 })), { minLength: 1 }), (series) => {
      const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
      const text = series.map(([service, count]) => `kamal_proxy_http_in_flight_requests{service="${escaped(service)}"} ${count}`).join('\n');
      expect(inFlightIn(text)).to.equal(series.reduce((sum, [, count]) => sum + count, 0));
    }));
  });
});
