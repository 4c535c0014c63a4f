import { expect } from 'chai';
import { type Endpoint, httpURL, serverURL } from '../../../../controller/model/index.ts';
import { type LocalWorld, startLocalWorld } from '../../../support/local-world.ts';
import { until } from '../../../support/real/until.ts';

const service = 'app-web';
const deploy = { service, version: 'v1', deployTimeoutSeconds: 5, health: 'Answering' as const };

describe('a local host', () => {
  let world: LocalWorld;
  let host: Endpoint;
  before(async () => {
    world = await startLocalWorld({ fixedHosts: 1, settings: { deployMilliseconds: 0, workers: 2, queueLimit: 1, serviceTime: 'Fixed', serviceMilliseconds: 1 } });
    host = world.fixedHosts[0] as Endpoint;
  });
  beforeEach(() => world.control.deploy(host, deploy));
  afterEach(() => world.control.stop(host));
  after(() => world?.[Symbol.asyncDispose]());

  const request = async (path: string): Promise<number> => (await fetch(serverURL(host) + path)).status;
  const scrape = async (port: number | undefined): Promise<string> => (await fetch(httpURL(host.address, port ?? 0))).text();
  const inFlight = async (): Promise<number> =>
    Number(/kamal_proxy_http_in_flight_requests\{service="app-web"\} (\d+)/.exec(await scrape(host.ports.proxyMetrics))?.[1] ?? 0);
  const untilInFlight = (count: number): Promise<unknown> => until(`${count} in flight`, async () => await inFlight() === count, { everyMs: 10 });

  it('lets requests in flight end while it is quiesced, and takes no new ones', async () => {
    const long = request('/?ms=400');
    await untilInFlight(1);
    let quiesced = false;
    const quiesce = world.control.quiesce(host, 10).then(() => { quiesced = true; });
    await until('refusals', async () => await request('/') === 503, { everyMs: 10 });
    expect(quiesced).to.equal(false);
    expect(await long).to.equal(200);
    await quiesce;
    expect((await world.control.facts(host)).app).to.deep.equal({ version: 'v1', service, routed: true, quiesced: true });
  });

  it('cuts what is left at the end of the drain, as kamal-proxy does', async () => {
    const long = request('/?ms=3000');
    await untilInFlight(1);
    await world.control.quiesce(host, 0.1);
    expect(await long).to.equal(504);
  });

  it('loses its requests when the app stops', async () => {
    const long = request('/?ms=3000');
    await untilInFlight(1);
    await world.control.stop(host);
    expect(await long).to.equal(502);
    expect(await request('/')).to.equal(404);
    expect(await request('/up')).to.equal(404);
  });

  it('shows busy workers and queue, and refuses what the queue does not hold', async () => {
    const long = [1, 2, 3].map(() => request('/?ms=500'));
    await untilInFlight(3);
    const text = await scrape(host.ports.appMetrics);
    expect(text).to.contain('puma_busy_threads{index="0"} 2\n').and.to.contain('puma_max_threads{index="0"} 2\n').and.to.contain('puma_backlog{index="0"} 1\n');
    expect(text).to.contain('activerecord_connection_pool_busy{config="primary"} 2\n').and.to.contain('activerecord_connection_pool_size{config="primary"} 2\n');
    expect(await request('/')).to.equal(503);
    expect(await Promise.all(long)).to.deep.equal([200, 200, 200]);
  });

  it('counts requests by status, also those that no app was there for', async () => {
    await request('/');
    await world.control.stop(host);
    await request('/');
    const text = await scrape(host.ports.proxyMetrics);
    expect(text).to.match(/kamal_proxy_http_requests_total\{method="GET",service="app-web",status="200"\} [1-9]/);
    expect(text).to.match(/kamal_proxy_http_requests_total\{method="GET",service="",status="404"\} [1-9]/);
  });

  it('keeps the old app when a new one does not become healthy', async () => {
    const failure = await world.control.deploy(host, { ...deploy, version: 'v2', health: 'Failing', deployTimeoutSeconds: 0.5 }).catch(String);
    expect(failure).to.contain('target failed to become healthy');
    expect((await world.control.facts(host)).app?.version).to.equal('v1');
    expect(await request('/')).to.equal(200);
  });

  it('refuses what it does not understand', async () => {
    const control = httpURL(host.address, host.ports.control ?? 0);
    const post = (path: string, body: string) => fetch(control + path, { method: 'POST', body });
    expect((await post('/deploy', '{"service":"app-web"}')).status).to.equal(400);
    expect((await post('/deploy', 'no JSON')).status).to.equal(400);
    expect((await post('/quiesce', '{"seconds":-1}')).status).to.equal(400);
    expect((await post('/explode', '{}')).status).to.equal(400);
    expect((await post('/deploy', JSON.stringify({ text: 'x'.repeat(20_000) }))).status).to.equal(400);
  });
});
