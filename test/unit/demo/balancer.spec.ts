import { expect } from 'chai';
import { traefikDocument } from '../../../controller/act/traffic/index.ts';
import { type Balancer, startBalancer } from '../../../controller/demo/balancer.ts';
import { readDocument } from '../../../controller/demo/balancer-document.ts';
import { ServerGroup } from '../../../controller/demo/balancer-group.ts';
import { type TestHost, membershipOf, startTestHost } from '../../support/load-balancer-contract.ts';
import { type Answering, startAnswering } from '../../support/real/answering.ts';
import { until } from '../../support/real/until.ts';
import { seeded, wallClock } from './wall-clock.ts';

const documentOf = (hosts: readonly TestHost[], intervalSeconds = 0.1): string => {
  const membership = membershipOf(1, hosts, true);
  const document = traefikDocument({ ...membership, pools: membership.pools.map((pool) => ({ ...pool, healthCheck: { ...pool.healthCheck, intervalSeconds } })) });
  if (document.kind === 'Refused') throw new Error(document.why);
  return document.text;
};

describe('load balancer of the demo', () => {
  let controller: Answering;
  let balancer: Balancer;
  let hosts: TestHost[];
  let served: { status: number; text: string };
  let polls: number;

  beforeEach(async () => {
    served = { status: 503, text: 'not yet' };
    polls = 0;
    hosts = await Promise.all(['a', 'b'].map((name) => startTestHost(name)));
    controller = await startAnswering((_, response) => {
      polls += 1;
      response.writeHead(served.status).end(served.text);
    });
    balancer = await startBalancer({ endpoint: controller.url, service: 'web', entryPoint: 'web', pollMilliseconds: 20, clock: wallClock, chance: seeded(9) });
  });
  afterEach(async () => {
    await balancer.close();
    await controller.stop();
    await Promise.all(hosts.map((host) => host.close()));
  });

  const serve = async (text: string, status = 200): Promise<void> => {
    served = { status, text };
    const before = polls;
    await until('it was polled twice more', () => polls >= before + 2);
  };
  const ask = async (init: RequestInit = {}): Promise<[number, string]> => {
    const response = await fetch(balancer.url, init);
    return [response.status, (await response.text()).trim()];
  };
  const sample = async (pattern: RegExp): Promise<number | undefined> => {
    const text = await (await fetch(balancer.metricsURL)).text();
    const line = text.split('\n').find((one) => pattern.test(one));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  };

  it('knows no route before it has a document', async () => {
    await until('it was polled', () => polls > 0);
    expect(await ask()).to.deep.equal([404, '404 page not found']);
  });

  it('keeps what it has when the next answer is no document', async () => {
    await serve(documentOf([hosts[0]!]));
    for (const [status, text] of [[503, documentOf(hosts)], [200, ''], [200, '{}'], [200, 'null'], [200, '<html>'], [200, documentOf(hosts).replace('"strategy"', '"unknown"')]] as const) {
      await serve(text, status);
      expect(await ask(), text.slice(0, 20)).to.deep.equal([200, 'a']);
    }
  });

  it('sends a request again elsewhere when a server refuses the connection', async () => {
    await serve(documentOf(hosts, 60));
    await hosts[1]!.close();
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask()));
    expect(answers).to.deep.equal(answers.map(() => [200, 'a']));
    expect(await sample(/^traefik_service_requests_total\{code="502",.*service="web@http"/)).to.be.greaterThan(0);
    expect(await sample(/^traefik_entrypoint_requests_total\{code="502"/)).to.equal(undefined);
  });

  it('does not send a POST again', async () => {
    await serve(documentOf([hosts[0]!], 60));
    expect(await ask({ method: 'POST', body: 'x' })).to.deep.equal([200, 'a']);
    await hosts[0]!.close();
    expect(await ask({ method: 'POST', body: 'x' })).to.deep.equal([502, 'Bad Gateway']);
  });

  it('passes the Host header, the body and the headers on, less those of the connection', async () => {
    const echo = await startAnswering((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => void (body += chunk.toString()));
      request.on('end', () => response.setHeader('x-answer', 'yes').end(JSON.stringify({ body, headers: request.headers, url: request.url })));
    });
    await serve(documentOf([{ ...hosts[0]!, member: { name: 'echo', address: '127.0.0.1', port: echo.port, kind: 'Bought' } }], 60));
    const response = await fetch(`${balancer.url}/path?query=1`, { method: 'POST', body: 'some words', headers: { 'x-own': 'mine', te: 'trailers' } });
    const got = (await response.json()) as { body: string; url: string; headers: Record<string, string> };
    expect(response.headers.get('x-answer')).to.equal('yes');
    expect(got).to.include({ body: 'some words', url: '/path?query=1' });
    expect(got.headers).to.include({ 'x-own': 'mine', host: new URL(balancer.url).host, 'x-forwarded-proto': 'http', 'x-forwarded-for': '127.0.0.1' });
    expect(got.headers).not.to.have.property('te');
    await echo.stop();
  });

  it('says 503 when all servers are down', async () => {
    for (const host of hosts) host.healthy = false;
    await serve(documentOf(hosts));
    await until('all are down', async () => (await ask())[0] === 503);
    expect(await ask()).to.deep.equal([503, 'no available server']);
    expect(await sample(/^traefik_service_server_up\{service="web@http",url=/)).to.equal(0);
    expect(await sample(/^traefik_entrypoint_requests_total\{code="503".*entrypoint="web"/)).to.be.greaterThan(0);
  });

  it('measures under the names and labels of Traefik', async () => {
    await serve(documentOf(hosts));
    for (let count = 0; count < 5; count += 1) await ask();
    const labels = 'code="200",method="GET",protocol="http"';
    expect(await sample(new RegExp(`^traefik_service_requests_total\\{${labels},service="web@http"\\}`))).to.equal(5);
    expect(await sample(new RegExp(`^traefik_entrypoint_requests_total\\{${labels},entrypoint="web"\\}`))).to.equal(5);
    expect(await sample(/^traefik_service_request_duration_seconds_bucket\{le="0\.2",.*service="web@http"/)).to.equal(5);
    expect(await sample(/^traefik_service_request_duration_seconds_bucket\{le="\+Inf",.*service="web@http"/)).to.equal(5);
    expect(await sample(/^traefik_open_connections\{entrypoint="web",protocol="TCP"\}/)).to.be.greaterThan(0);
  });

  it('describes itself as Traefik does', async () => {
    await serve(documentOf(hosts));
    const version = await fetch(`${balancer.apiURL}/api/version`);
    expect(await version.json()).to.have.property('Version');
    const unknown = await fetch(`${balancer.apiURL}/api/http/services/other@http`);
    expect([unknown.status, await unknown.json()]).to.deep.equal([404, { message: 'service not found: other' }]);
  });

  it('closes while requests are under way, and leaves nothing open', async () => {
    await serve(documentOf([hosts[0]!]));
    const slow = fetch(`${balancer.url}/slow`).then(() => 'answered', () => 'closed');
    await until('the request waits', () => hosts[0]!.waiting === 1);
    await balancer.close();
    expect(await slow).to.equal('closed');
  });
});

describe('group of servers', () => {
  const group = (strategy: 'wrr' | 'p2c', chance = seeded(1)) => {
    const read = readDocument(documentOf([1, 2, 3].map((port) => ({ member: { name: `${port}`, address: '127.0.0.1', port, kind: 'Bought' } }) as TestHost)));
    if (read.kind === 'Refused') throw new Error(read.why);
    return new ServerGroup({ ...read.services.get('web')!, strategy }, chance);
  };

  it('takes turns with wrr, over those that are up', () => {
    const servers = group('wrr');
    servers.servers[1]!.state = 'Down';
    expect([1, 2, 3, 4].map(() => servers.choose(new Set())?.url.at(-1))).to.deep.equal(['1', '3', '1', '3']);
  });

  it('takes the less busy of two with p2c', () => {
    const servers = group('p2c');
    servers.servers[0]!.inFlight = 10;
    for (let count = 0; count < 50; count += 1) expect(servers.choose(new Set())).not.to.equal(servers.servers[0]);
  });

  it('has none left when all were tried', () => {
    for (const strategy of ['wrr', 'p2c'] as const) {
      const servers = group(strategy);
      expect(servers.choose(new Set(servers.servers))).to.equal(undefined);
    }
  });
});
