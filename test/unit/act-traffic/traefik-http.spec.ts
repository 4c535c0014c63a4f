import { expect } from 'chai';
import { DEFAULT_TRAEFIK_SETTINGS, TraefikHTTP, type TraefikSettings } from '../../../controller/act/traffic/index.ts';
import { type Membership, isClass } from '../../../controller/model/index.ts';
import type { Clock } from '../../../controller/ports/index.ts';
import { type Answering, startAnswering } from '../../support/real/answering.ts';
import { switchedLeadership } from './traefik-world.ts';

const membership = (generation: number, ...addresses: string[]): Membership => ({
  generation,
  pools: [{
    pool: { namespace: 'shop', name: 'web' }, service: 'web', strategy: 'p2c', emptyWanted: false,
    healthCheck: { path: '/up', intervalSeconds: 3, timeoutSeconds: 2 },
    members: addresses.map((address) => ({ name: `host-${address}`, address, port: 80, kind: 'Bought' })),
  }],
});

function build(settings: Partial<TraefikSettings> = {}) {
  let time = 1_000_000;
  const clock: Clock = { now: () => time, sleep: () => Promise.resolve() };
  const leadership = switchedLeadership();
  const adapter = new TraefikHTTP(clock, leadership, { ...DEFAULT_TRAEFIK_SETTINGS, ...settings });
  return { adapter, leadership, advance: (milliseconds: number) => void (time += milliseconds) };
}

const get = (headers: Record<string, string> = {}) => ({ method: 'GET', headers });

describe('answer to Traefik', () => {
  it('is 503 before a membership is known, and the document after', async () => {
    const { adapter } = build();
    expect(adapter.respond(get())).to.include({ status: 503, body: 'no membership is known yet: keep what you have\n' });
    await adapter.apply(membership(1, '10.0.0.5'));
    const answer = adapter.respond(get());
    expect(answer.status).to.equal(200);
    expect(answer.headers['content-type']).to.equal('application/json');
    expect(JSON.parse(answer.body).http.services.web.loadBalancer.servers).to.deep.equal([{ url: 'http://10.0.0.5:80' }]);
  });

  it('is 503 without the lead, and after it until the membership was applied anew', async () => {
    const { adapter, leadership } = build();
    await adapter.apply(membership(7, '10.0.0.5'));
    leadership.set(false);
    expect(adapter.respond(get()).status).to.equal(503);
    leadership.set(true);
    expect(adapter.respond(get()).status, 'another leader may have served a newer one meanwhile').to.equal(503);
    await adapter.apply(membership(7, '10.0.0.6'));
    expect(adapter.respond(get()).body).to.include('10.0.0.6');
  });

  it('does not change for the same or an older generation', async () => {
    const { adapter } = build();
    await adapter.apply(membership(2, '10.0.0.5'));
    await adapter.apply(membership(2, '10.0.0.6'));
    await adapter.apply(membership(1, '10.0.0.7'));
    expect(adapter.respond(get()).body).to.match(/10\.0\.0\.5/).and.not.to.match(/10\.0\.0\.[67]/);
  });

  it('keeps the document when the next membership is refused', async () => {
    const { adapter } = build();
    await adapter.apply(membership(1, '10.0.0.5'));
    const error = await adapter.apply(membership(2)).then(() => undefined, (thrown: unknown) => thrown);
    expect(isClass(error, 'Invalid')).to.be.true;
    expect(String(error)).to.include('membership 2 is not served to Traefik: pool shop/web has no member');
    expect(adapter.respond(get()).body).to.include('10.0.0.5');
  });

  it('asks for the token before anything else', async () => {
    const { adapter } = build({ token: 'secret' });
    await adapter.apply(membership(1, '10.0.0.5'));
    for (const authorization of ['', 'Bearer', 'Bearer wrong', 'Bearer secret2', 'secret', 'Basic secret']) {
      const answer = adapter.respond(get({ authorization }));
      expect(answer.status, authorization).to.equal(401);
      expect(answer.body).not.to.match(/10\.0\.0\.5|secret/);
    }
    expect(adapter.respond(get({ authorization: 'Bearer secret' })).status).to.equal(200);
    expect(adapter.respond(get({ authorization: 'bearer secret' })).status).to.equal(200);
  });

  it('is given to GET alone', async () => {
    const { adapter } = build();
    await adapter.apply(membership(1, '10.0.0.5'));
    expect(adapter.respond({ method: 'POST', headers: {} }).status).to.equal(405);
  });
});

describe('what Traefiks list', () => {
  let traefik: Answering;
  let asked: string[];
  let answers: Record<string, { status: number; body: unknown }>;
  let authorization: string | undefined;

  beforeEach(async () => {
    asked = [];
    answers = {};
    traefik = await startAnswering((request, response) => {
      asked.push(request.url ?? '');
      authorization = request.headers.authorization;
      const answer = answers[decodeURIComponent(request.url ?? '')];
      if (answer === undefined) return void response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>nothing here</h1>');
      response.writeHead(answer.status, { 'content-type': 'application/json', location: '/login' }).end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
    });
  });
  afterEach(() => traefik.stop());

  const spec = (...apiURLs: string[]) => ({ traefik: { service: 'web', apiURLs, strategy: 'p2c' as const, entryPoint: 'web' } });
  const SERVICE = '/api/http/services/web@http';

  it('is told with the port, up only where a check says so', async () => {
    answers[SERVICE] = { status: 200, body: {
      loadBalancer: { servers: [{ url: 'http://10.0.0.5' }, { url: 'http://10.0.0.6:80/' }, { url: 'http://[fd00::7]:8080' }, { url: 'http://10.0.0.8:80' }] },
      serverStatus: { 'http://10.0.0.5': 'UP', 'http://10.0.0.6:80/': 'DOWN', 'http://[fd00::7]:8080': 'UP' },
    } };
    expect(await build().adapter.confirm(spec(traefik.url))).to.deep.equal([{ instance: traefik.url, kind: 'Listing', servers: [
      { url: 'http://10.0.0.5:80', state: 'Up' }, { url: 'http://10.0.0.6:80', state: 'Down' },
      { url: 'http://[fd00::7]:8080', state: 'Up' }, { url: 'http://10.0.0.8:80', state: 'Down' },
    ] }]);
  });

  it('is nothing where a real Traefik does not know the service', async () => {
    answers['/api/version'] = { status: 200, body: { Version: '3.7.9' } };
    expect(await build().adapter.confirm(spec(traefik.url))).to.deep.equal([{ instance: traefik.url, kind: 'Listing', servers: [] }]);
  });

  it('is Unknown where a 404 comes from something else', async () => {
    const [listing] = await build().adapter.confirm(spec(traefik.url));
    expect(listing?.kind === 'Unknown' && listing.why).to.match(/404 for the service web@http, and .*\/api\/version is not a Traefik's/);
  });

  const strange: [string, { status: number; body: unknown }, RegExp][] = [
    ['a login is wanted', { status: 401, body: {} }, /answers 401/],
    ['a redirect leads elsewhere', { status: 302, body: {} }, /answers 302/],
    ['it fails', { status: 500, body: {} }, /answers 500/],
    ['the answer is no JSON', { status: 200, body: '<html>' }, /does not describe/],
    ['the service is of another type', { status: 200, body: { weighted: { services: [] } } }, /does not describe/],
    ['the servers are no list', { status: 200, body: { loadBalancer: { servers: {} } } }, /does not describe/],
    ['a server has no URL', { status: 200, body: { loadBalancer: { servers: [{}] } } }, /does not describe/],
    ['there is nothing', { status: 200, body: 'null' }, /does not describe/],
  ];
  for (const [what, answer, why] of strange) {
    it(`is Unknown where ${what}`, async () => {
      answers[SERVICE] = answer;
      answers['/api/version'] = { status: 200, body: { Version: '3.7.9' } };
      const [listing] = await build().adapter.confirm(spec(traefik.url));
      expect(listing?.kind === 'Unknown' && listing.why).to.match(why);
    });
  }

  it('is Unknown of one that is away, refused or silent, and the login in its URL is not told', async () => {
    const silent = await startAnswering(() => undefined);
    const away = await startAnswering(() => undefined);
    await away.stop();
    answers[SERVICE] = { status: 200, body: { loadBalancer: { servers: [] } } };
    const { adapter } = build({ api: { timeoutMilliseconds: 300, headers: {} } });
    const listings = await adapter.confirm(spec(away.url.replace('//', '//user:pass@'), `${silent.url}/base/`, traefik.url.replace('//', '//user:pass@'), 'http://:1'));
    await silent.stop();
    expect(listings.map(({ kind }) => kind)).to.deep.equal(['Unknown', 'Unknown', 'Listing', 'Unknown']);
    expect(listings.map(({ instance }) => instance).slice(0, 3)).to.deep.equal([away.url, `${silent.url}/base`, traefik.url]);
    expect(JSON.stringify(listings)).to.match(/no answer within 0\.3 s/).and.to.match(/ECONNREFUSED/).and.not.to.include('pass');
    expect(authorization).to.equal(`Basic ${Buffer.from('user:pass').toString('base64')}`);
  });

  it('carries the headers of the settings', async () => {
    answers[SERVICE] = { status: 200, body: { loadBalancer: { servers: [] } } };
    await build({ api: { timeoutMilliseconds: 1_000, headers: { authorization: 'Bearer api' } } }).adapter.confirm(spec(traefik.url));
    expect(authorization).to.equal('Bearer api');
  });

  it('is asked once for passes at the same time, and anew later or after a change', async () => {
    answers[SERVICE] = { status: 200, body: { loadBalancer: { servers: [] } } };
    const { adapter, advance } = build();
    await Promise.all([adapter.confirm(spec(traefik.url)), adapter.confirm(spec(traefik.url))]);
    advance(300);
    await adapter.confirm(spec(traefik.url));
    expect(asked.length).to.equal(1);
    advance(200);
    await adapter.confirm(spec(traefik.url));
    expect(asked.length).to.equal(2);
    await adapter.apply(membership(1, '10.0.0.5'));
    await adapter.confirm(spec(traefik.url));
    expect(asked.length).to.equal(3);
  });
});
