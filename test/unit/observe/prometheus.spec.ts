import { expect } from 'chai';
import { PrometheusSource } from '../../../controller/observe/index.ts';
import type { PrometheusSettings } from '../../../controller/observe/index.ts';
import type { Observation } from '../../../controller/model/index.ts';
import type { MetricQuery } from '../../../controller/ports/index.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import { failure, FakePrometheus, matrix, scalar, vector } from './fake-prometheus.ts';
import type { Reply, Series } from './fake-prometheus.ts';
import { hostNamed, NOW, NOW_SECONDS, ownQuery, signalQueryFor } from './world.ts';

const web = { namespace: 'shop', pool: 'web' };
const fresh = NOW_SECONDS - 3;

describe('PrometheusSource', () => {
  const clock = createSimulatedClock(NOW);
  let prometheus: FakePrometheus;
  let source: PrometheusSource;

  const settings = (changes: Partial<PrometheusSettings> = {}): PrometheusSettings => ({
    baseURL: prometheus.baseURL, credential: { kind: 'None' }, timeoutSeconds: 5, scrapeIntervalSeconds: 15, ...changes,
  });
  const read = async (query: MetricQuery): Promise<Observation> => (await source.read([query]))[0]!;
  const answering = (reply: Reply): void => { prometheus.answer = () => reply; };
  const absenceOf = (observation: Observation): string => (observation.kind === 'Absence' ? observation.absence.kind : `value ${observation.value}`);
  const messageOf = (observation: Observation): string => (observation.kind === 'Absence' ? observation.absence.message : '');

  beforeEach(async () => {
    prometheus = new FakePrometheus();
    await prometheus.start();
    source = new PrometheusSource(settings(), clock);
  });
  afterEach(async () => {
    source.close();
    await prometheus.stop();
  });

  describe('the past of a metric', () => {
    const STEP = 300;
    const range = (points: [number, string][]): Reply => ({ body: JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [{ metric: {}, values: points }] } }) });

    it('is a week in steps of five minutes, with holes where nothing was', async () => {
      const end = Math.floor(NOW_SECONDS / STEP) * STEP;
      answering(range([[end - 2 * STEP, '70'], [end, '72.5']]));
      const history = await source.readPast(signalQueryFor('rps'));
      expect(history).to.include({ stepSeconds: STEP, startAt: (end - 170 * 3600) * 1000 });
      const loads = Array.from(history!.loads);
      expect(loads).to.have.length(2040);
      expect(loads.slice(-3).map((load) => (Number.isNaN(load) ? 'hole' : load))).to.deep.equal([70, 'hole', 72.5]);
      expect(prometheus.asked.at(-1)!.url).to.equal('/api/v1/query_range');
      expect(prometheus.queries.at(-1)).to.match(/^sum\(rate\(traefik_service_requests_total\{service="web@http",code!="101"\}\[300s\]\)\) or sum\(rate\(kamal_proxy/);
    });

    it('is nothing where there is none, where Prometheus is away, and for a signal that has no season', async () => {
      answering({ body: JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [] } }) });
      expect(await source.readPast(signalQueryFor('rps'))).to.equal(undefined);
      answering(failure(503, 'unavailable', 'starting'));
      expect(await source.readPast(signalQueryFor('rps'))).to.equal(undefined);
      expect(await source.readPast(signalQueryFor('cpu'))).to.equal(undefined);
    });
  });

  describe('ready-made signals', () => {
    const traefik = (value: number | string, time = fresh): Series[] => [
      [{ part: 'traefik:value', service: 'web@http' }, value],
      [{ part: 'traefik:latest', service: 'web@http' }, 70],
      [{ part: 'traefik:time', service: 'web@http' }, time],
      [{ part: 'traefik:value', service: 'api@http' }, 999],
    ];
    const proxy = (part: string, host: string, value: number): Series => [{ part: `proxy:${part}`, ...web, host, service: 'app-web' }, value];
    const cpu = (host: string, value: number | string, time = fresh): Series[] => [
      [{ part: 'host:value', ...web, host }, value],
      [{ part: 'host:time', ...web, host }, time],
    ];

    it('reads requests per second at Traefik, with the latest rate and the requests in flight', async () => {
      answering(vector([...traefik(50), proxy('inFlight', 'web-1', 4), proxy('inFlight', 'web-2', 5)]));
      expect(await read(signalQueryFor('rps'))).to.deep.equal({ metric: 'rps', kind: 'Value', value: 50, latest: 70, inFlight: 9, asOf: fresh * 1000, windowSeconds: 60 });
    });

    it('does not add up requests in flight while a host is silent', async () => {
      answering(vector([...traefik(50), proxy('inFlight', 'web-1', 4)]));
      expect(await read(signalQueryFor('rps'))).to.not.have.property('inFlight');
    });

    it('reads them at kamal-proxy where Traefik has none, and says so', async () => {
      answering(vector(['web-1', 'web-2'].flatMap((host) => [proxy('value', host, 20), proxy('latest', host, 25), proxy('time', host, fresh)])));
      const observation = await read(signalQueryFor('rps'));
      expect(observation).to.include({ kind: 'Value', value: 40, latest: 50 });
      expect(observation.warning).to.match(/read at kamal-proxy.*traefik_service_requests_total\{service="web@http"\}/);
    });

    it('reads them at kamal-proxy without a word where the role has no load balancer', async () => {
      answering(vector(['web-1', 'web-2'].flatMap((host) => [proxy('value', host, 20), proxy('time', host, fresh)])));
      const observation = await read(signalQueryFor('rps', { spec: { kamal: { service: 'app', role: 'web' } } }));
      expect(observation).to.include({ kind: 'Value', value: 40 });
      expect(observation).to.not.have.property('warning');
      expect(prometheus.queries[0]).to.not.contain('traefik');
    });

    it('never counts too few requests because a host is silent', async () => {
      const hosts = ['web-1', 'web-2', 'web-3'].map((name) => hostNamed(name));
      answering(vector(['web-1', 'web-2'].flatMap((host) => [proxy('value', host, 20), proxy('time', host, fresh)])));
      expect(await read(signalQueryFor('rps', { hosts }))).to.include({ kind: 'Value', value: 60 });
      answering(vector([proxy('value', 'web-1', 20), proxy('time', 'web-1', fresh)]));
      expect(absenceOf(await read(signalQueryFor('rps', { hosts })))).to.equal('TooFewHosts');
    });

    it('lets nobody take the requests of one Traefik of two for all of them', async () => {
      const spec = structuredClone(signalQueryFor('rps').spec);
      spec.loadBalancer!.traefik!.apiURLs = ['http://127.0.0.1:1', 'http://127.0.0.1:2'];
      answering(vector([...traefik(50), [{ part: 'traefik:instances', service: 'web@http' }, 1]]));
      const observation = await read(signalQueryFor('rps', { spec }));
      expect(absenceOf(observation)).to.equal('Stale');
      expect(messageOf(observation)).to.match(/1 of 2 Traefiks report/);
      answering(vector([...traefik(50), [{ part: 'traefik:instances', service: 'web@http' }, 2]]));
      expect(await read(signalQueryFor('rps', { spec }))).to.include({ kind: 'Value', value: 50 });
    });

    it('averages CPU over hosts in service that are not warming', async () => {
      const hosts = [hostNamed('web-1'), hostNamed('web-2'), hostNamed('web-3', {}, true)];
      answering(vector([...cpu('web-1', 40), ...cpu('web-2', 60), ...cpu('web-3', 100), ...cpu('leaving', 0)]));
      expect(await read(signalQueryFor('cpu', { hosts }))).to.include({ kind: 'Value', value: 50, asOf: fresh * 1000 });
    });

    it('takes half of the hosts for the pool and names the silent ones', async () => {
      answering(vector(cpu('web-1', 40)));
      const observation = await read(signalQueryFor('cpu'));
      expect(observation).to.include({ kind: 'Value', value: 40, warning: '1 of 2 hosts in service report; not web-2' });
    });

    const hosts3 = ['web-1', 'web-2', 'web-3'].map((name) => hostNamed(name));
    const rows: [title: string, query: MetricQuery, series: Series[], absence: string, message: RegExp][] = [
      ['no series', signalQueryFor('rps'), [], 'Empty', /no series traefik_service_requests_total\{service="web@http"\}.*service="app-web"/],
      ['one sample only', signalQueryFor('cpu'), [[{ part: 'host:time', ...web, host: 'web-1' }, fresh]], 'Empty', /two samples within 60 s/],
      ['old samples', signalQueryFor('rps'), traefik(50, NOW_SECONDS - 120), 'Stale', /120 s old/],
      ['a vanished target', signalQueryFor('cpu'), [[{ part: 'host:value', ...web, host: 'web-1' }, 5]], 'Stale', /down or gone/],
      ['NaN', signalQueryFor('rps'), traefik('NaN'), 'NotANumber', /NaN/],
      ['infinity', signalQueryFor('redisMemory'), [[{ part: 'shared:value' }, '+Inf'], [{ part: 'shared:time' }, fresh]], 'NotANumber', /Infinity/],
      ['NaN on every host', signalQueryFor('memory'), [...cpu('web-1', 'NaN'), ...cpu('web-2', 'NaN')], 'NotANumber', /every host/],
      ['too few hosts', signalQueryFor('cpu', { hosts: hosts3 }), cpu('web-1', 40), 'TooFewHosts', /1 of 3 hosts in service report; not web-2, web-3/],
      ['hosts that report late', signalQueryFor('cpu', { hosts: hosts3 }), [...cpu('web-1', 40), ...cpu('web-2', 1, NOW_SECONDS - 200), ...cpu('web-3', 1, NOW_SECONDS - 200)], 'TooFewHosts', /1 of 3/],
      ['warming hosts only', signalQueryFor('cpu', { hosts: [hostNamed('web-1', {}, true)] }), cpu('web-1', 40), 'TooFewHosts', /less than a minute/],
      ['no host', signalQueryFor('cpu', { hosts: [] }), [], 'Empty', /no host in service/],
      ['too few requests for a P95', signalQueryFor('p95'), [
        [{ part: 'traefik:value', service: 'web@http' }, 'NaN'], [{ part: 'traefik:count', service: 'web@http' }, 49.4], [{ part: 'traefik:time', service: 'web@http' }, fresh],
      ], 'TooFewSamples', /49 requests in 60 s; a P95 needs 50/],
      ['no request for an error rate', signalQueryFor('errorRate'), [
        [{ part: 'traefik:count', entrypoint: 'websecure' }, 0], [{ part: 'traefik:time', entrypoint: 'websecure' }, fresh],
      ], 'TooFewSamples', /no request in 60 s/],
    ];
    for (const [title, query, series, absence, message] of rows) {
      it(`${title} is ${absence}`, async () => {
        answering(vector(series));
        const observation = await read(query);
        expect(absenceOf(observation)).to.equal(absence);
        expect(messageOf(observation)).to.match(message);
      });
    }

    it('reads a queue from an exporter without a pool only where the pool has none', async () => {
      const shared: Series[] = [[{ part: 'shared:value' }, 7], [{ part: 'shared:time' }, fresh]];
      answering(vector(shared));
      expect(await read(signalQueryFor('queueDepth'))).to.include({ kind: 'Value', value: 7 });
      answering(vector([[{ part: 'pool:value', ...web }, 3], [{ part: 'pool:time', ...web }, fresh], ...shared]));
      expect(await read(signalQueryFor('queueDepth'))).to.include({ kind: 'Value', value: 3 });
    });

    it('says when buckets cannot show the wanted P95, and what to write', async () => {
      const p95 = (bounds: string[]): Reply => vector([
        [{ part: 'traefik:value', service: 'web@http' }, 0.25], [{ part: 'traefik:count', service: 'web@http' }, 500], [{ part: 'traefik:time', service: 'web@http' }, fresh],
        ...bounds.map((le): Series => [{ part: 'traefik:bound', service: 'web@http', le }, 1]),
      ]);
      answering(p95(['0.1', '0.3', '1.2', '5', '+Inf']));
      const observation = await read(signalQueryFor('p95', { target: 0.2 }));
      expect(observation).to.include({ kind: 'Value', value: 0.25 });
      expect(observation.warning).to.equal(
        "Traefik has no bucket bound near the target of 0.2 s: a P95 between 0.1 and 0.3 s is a guess. Write in Traefik's static configuration and restart Traefik:" +
          ' metrics: {prometheus: {buckets: [0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 1.2, 5]}}',
      );
      expect((await read(signalQueryFor('p95', { target: 8 }))).warning).to.match(/ends at 5 s, so that no P95 above it/);
      answering(p95(['0.1', '0.2', '0.3', '+Inf']));
      expect(await read(signalQueryFor('p95', { target: 0.2 }))).to.not.have.property('warning');
    });
  });

  describe('queries of the policy', () => {
    const own = (value: Reply, age: Reply = vector([[{}, fresh]])): void => {
      prometheus.answer = (query) => (query.startsWith('max(label_replace(timestamp') ? age : value);
    };

    it('reads one number with the time of its newest sample, and fills in the window', async () => {
      own(vector([[{ job: 'x' }, 12]]));
      expect(await read(ownQuery('sum(rate(jobs_total[$window]))', { windowSeconds: 90 }))).to.deep.equal({ metric: 'own', kind: 'Value', value: 12, asOf: fresh * 1000, windowSeconds: 90 });
      expect(prometheus.queries).to.include('sum(rate(jobs_total[90s]))');
    });

    it('reads a scalar', async () => {
      own(scalar('42'));
      expect(await read(ownQuery('scalar(x)'))).to.include({ kind: 'Value', value: 42 });
    });

    const cases: [title: string, value: Reply, age: Reply, absence: string, message: RegExp][] = [
      ['no series', vector([]), vector([]), 'Empty', /no series sum\(x\)/],
      ['several series', vector([[{ a: '1' }, 1], [{ a: '2' }, 2]]), vector([[{}, fresh]]), 'Ambiguous', /2 series.*\{a="1"\}, \{a="2"\}/],
      ['NaN', vector([[{}, 'NaN']]), vector([[{}, fresh]]), 'NotANumber', /NaN/],
      ['an old sample', vector([[{}, 1]]), vector([[{}, NOW_SECONDS - 100]]), 'Stale', /100 s old/],
      ['a range', matrix([[1, 2]]), vector([[{}, fresh]]), 'Refused', /range of samples/],
      ['a wrong query', failure(400, 'bad_data', 'invalid parameter "query": 1:5: parse error'), vector([]), 'Refused', /parse error/],
      ['a failing query', failure(422, 'execution', 'many-to-many matching'), vector([]), 'Refused', /many-to-many/],
      ['a query that takes too long', failure(503, 'timeout', 'query timed out'), vector([]), 'Unreachable', /503 \(timeout\)/],
      ['a fault of Prometheus', failure(500, 'internal', 'boom'), vector([]), 'Unreachable', /500/],
      ['an empty body', { body: '' }, vector([]), 'Unreachable', /empty body/],
      ['a page', { body: '<html>login</html>' }, vector([]), 'Unreachable', /a page instead of Prometheus's JSON/],
      ['foreign JSON', { body: '{}' }, vector([]), 'Unreachable', /no answer of Prometheus/],
      ['an unreadable value', { body: '{"status":"success","data":{"resultType":"vector","result":[{"metric":{}}]}}' }, vector([]), 'Unreachable', /cannot be read/],
      ['a redirect', { status: 302, body: '', headers: { location: 'http://elsewhere.example/?token=hidden' } }, vector([]), 'Unreachable', /redirect/],
      ['a wrong path', { status: 404, body: 'not found' }, vector([]), 'Unreachable', /path prefix/],
    ];
    for (const [title, value, age, absence, message] of cases) {
      it(`${title} is ${absence}`, async () => {
        own(value, age);
        const observation = await read(ownQuery('sum(x)'));
        expect(absenceOf(observation)).to.equal(absence);
        expect(messageOf(observation)).to.match(message);
        expect(messageOf(observation)).to.not.contain('hidden');
      });
    }

    it('keeps the warnings of an answer', async () => {
      own(vector([[{}, 1]], { warnings: ['store-2 is away'] }));
      expect(await read(ownQuery('sum(x)'))).to.include({ kind: 'Value', warning: 'store-2 is away' });
    });

    it('says that a window is too short for the scrape interval', async () => {
      own(vector([[{}, 1]]));
      expect((await read(ownQuery('sum(rate(x[$window]))', { windowSeconds: 30 }))).warning).to.match(/shorter than four scrape intervals \(60 s\)/);
    });
  });

  describe('requests', () => {
    it('serves the same four metrics of fifty pools with four requests, all as of one time', async () => {
      const pools = Array.from({ length: 50 }, (_, index) => `pool-${index}`);
      const queries = pools.flatMap((name) => (['rps', 'p95', 'cpu', 'dbPool'] as const).map((signal) => signalQueryFor(signal, {
        pool: { namespace: 'shop', name },
        spec: { kamal: { service: 'app', role: name }, loadBalancer: { traefik: { service: name, apiURLs: ['http://127.0.0.1:1'], strategy: 'p2c', entryPoint: 'websecure' } } },
      })));
      prometheus.answer = (query) => vector(query.includes('traefik_service_requests_total')
        ? pools.flatMap((name, index): Series[] => [[{ part: 'traefik:value', service: `${name}@http` }, index], [{ part: 'traefik:time', service: `${name}@http` }, fresh]])
        : []);
      const observations = await source.read(queries);
      expect(prometheus.asked).to.have.length(4);
      expect(new Set(prometheus.asked.map(({ form }) => form.get('time')))).to.deep.equal(new Set([String(NOW_SECONDS)]));
      expect(observations.filter(({ metric }) => metric === 'rps').map((one) => one.kind === 'Value' && one.value)).to.deep.equal(pools.map((_, index) => index));
    });

    it('asks identical queries once, and another window apart', async () => {
      await source.read([ownQuery('vector(1)'), ownQuery('vector(1)'), signalQueryFor('cpu'), signalQueryFor('cpu', { windowSeconds: 120 })]);
      expect(prometheus.asked).to.have.length(3);
    });

    it('learns the scrape interval from the times of samples, and again only later', async () => {
      const times = (gap: number): number[] => Array.from({ length: 5 }, (_, index) => NOW_SECONDS - gap * (5 - index));
      source = new PrometheusSource({ baseURL: prometheus.baseURL, credential: { kind: 'None' }, timeoutSeconds: 5 }, clock);
      expect(source.scrapeIntervalSeconds).to.equal(15);
      prometheus.answer = (query) => (query.startsWith('up{') ? matrix([times(30.002)]) : query.endsWith('[5m]') ? matrix([times(20)]) : vector([]));
      const [observation] = await source.read([signalQueryFor('rps')]);
      expect(source.scrapeIntervalSeconds).to.equal(30);
      expect(observation!.windowSeconds).to.equal(120);
      expect(prometheus.asked).to.have.length(3);
      await source.read([signalQueryFor('rps')]);
      expect(prometheus.asked).to.have.length(4);
    });

    it('gives up a request after its time', async () => {
      prometheus.answer = () => 'Hang';
      const reading = read(signalQueryFor('cpu'));
      while (prometheus.asked.length === 0) await clock.settle();
      await clock.advance(5000);
      expect(messageOf(await reading)).to.match(/no answer within 5 s/);
    });

    it('is Unreachable where nobody listens', async () => {
      await prometheus.stop();
      const observation = await read(signalQueryFor('cpu'));
      expect(absenceOf(observation)).to.equal('Unreachable');
      expect(messageOf(observation)).to.match(/ECONNREFUSED/);
    });
  });
});
