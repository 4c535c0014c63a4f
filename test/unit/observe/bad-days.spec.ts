import { expect } from 'chai';
import type { Server } from 'node:http';
import { DirectScrapeSource, PrometheusSource } from '../../../controller/observe/index.ts';
import type { Observation } from '../../../controller/model/index.ts';
import type { Clock, MetricQuery } from '../../../controller/ports/index.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import { until } from '../../support/real/until.ts';
import { FakePrometheus, scalar, vector } from './fake-prometheus.ts';
import type { Reply, Series } from './fake-prometheus.ts';
import { close, hostNamed, NOW, NOW_SECONDS, ownQuery, serve, signalQueryFor } from './world.ts';

const HOUR = 3600;
const said = (observation: Observation): string => (observation.kind === 'Value' ? `value ${observation.value}` : `${observation.absence.kind}: ${observation.absence.message}`);

describe('metrics on a bad day', () => {
  describe('of a Prometheus', () => {
    const clock = createSimulatedClock(NOW);
    let prometheus: FakePrometheus;
    let source: PrometheusSource;
    const sourceAt = (baseURL: string): PrometheusSource => new PrometheusSource({ baseURL, credential: { kind: 'None' }, timeoutSeconds: 5, scrapeIntervalSeconds: 15 }, clock);
    const read = async (query: MetricQuery): Promise<Observation> => (await source.read([query]))[0]!;

    beforeEach(async () => {
      prometheus = new FakePrometheus();
      await prometheus.start();
      source = sourceAt(prometheus.baseURL);
    });
    afterEach(async () => {
      source.close();
      await prometheus.stop();
    });

    const traefik = (time: number): Series[] => [[{ part: 'traefik:value', service: 'web@http' }, 50], [{ part: 'traefik:time', service: 'web@http' }, time]];
    const cpu = (host: string, time: number): Series[] => (['value', 'time'] as const).map((part) => [{ part: `host:${part}`, namespace: 'shop', pool: 'web', host }, part === 'value' ? 40 : time]);

    it('a sample from the future is no value of now, and a few seconds of it are', async () => {
      prometheus.answer = () => vector(traefik(NOW_SECONDS + 4));
      expect(said(await read(signalQueryFor('rps')))).to.equal('value 50');
      prometheus.answer = () => vector(traefik(NOW_SECONDS + HOUR));
      expect(said(await read(signalQueryFor('rps')))).to.match(/^ClockSkew: .*is 3600 s in the future/);
      prometheus.answer = () => vector([...cpu('web-1', NOW_SECONDS + HOUR), ...cpu('web-2', NOW_SECONDS + HOUR)]);
      expect(said(await read(signalQueryFor('cpu')))).to.match(/^ClockSkew/);
      prometheus.answer = () => vector([...cpu('web-1', NOW_SECONDS + HOUR), ...cpu('web-2', NOW_SECONDS - 3)]);
      expect(await read(signalQueryFor('cpu')), 'a host alone that has another time is silent').to.include({ kind: 'Value', warning: '1 of 2 hosts in service report; not web-1' });
      prometheus.answer = (query) => (query.startsWith('max(label_replace(timestamp') ? vector([[{}, NOW_SECONDS + HOUR]]) : vector([[{}, 7]]));
      expect(said(await read(ownQuery('sum(x)')))).to.match(/^ClockSkew/);
    });

    for (const [title, date, words] of [['ahead', NOW_SECONDS + HOUR, '3600 s ahead of'], ['behind', NOW_SECONDS - HOUR, '3600 s behind']] as const) {
      it(`what a Prometheus whose clock is an hour ${title} calls now is another time`, async () => {
        const told = (reply: Reply): Reply => ({ ...reply, headers: { date: new Date(date * 1000).toUTCString() } });
        // Asked for our now, it answers with samples that carry it, whenever they were taken.
        prometheus.answer = () => told(vector(traefik(NOW_SECONDS - 3)));
        expect(said(await read(signalQueryFor('rps')))).to.match(new RegExp(`^ClockSkew: the clock of Prometheus at .* is ${words} this machine's`));
        prometheus.answer = () => told(scalar('7'));
        expect(said(await read(ownQuery('scalar(x)')))).to.match(/^ClockSkew/);
      });
    }

    it('half a minute between clocks is no skew, and an answer without a time is believed', async () => {
      for (const date of [new Date(NOW + 30_000).toUTCString(), 'soon']) {
        prometheus.answer = () => ({ ...vector(traefik(NOW_SECONDS - 3)), headers: { date } });
        expect(said(await read(signalQueryFor('rps'))), date).to.equal('value 50');
      }
    });

    it('an answer from a part of the data says so, and one that is only warned about is whole', async () => {
      prometheus.answer = () => vector(traefik(NOW_SECONDS - 3), { warnings: ['receive series from store-2: context deadline exceeded'] });
      expect(await read(signalQueryFor('rps'))).to.include({ kind: 'Value', value: 50, partial: true, warning: 'receive series from store-2: context deadline exceeded' });
      prometheus.answer = () => vector(traefik(NOW_SECONDS - 3), { warnings: ['PromQL warning: quantile value should be between 0 and 1, got 95'] });
      expect(await read(signalQueryFor('rps'))).to.not.have.property('partial');
    });

    it('a name that does not resolve is Unreachable, with the word of the resolver', async () => {
      // A label of 64 characters is longer than names may have: no server of names is asked.
      const nameless = sourceAt(`http://${'p'.repeat(64)}.example:9090`);
      const [observation] = await nameless.read([signalQueryFor('rps')]);
      expect(said(observation!)).to.match(/^Unreachable: Prometheus at .* cannot be reached: (ENOTFOUND|EAI_AGAIN)/);
      nameless.close();
    });
  });

  for (const back of [HOUR, 60]) it(`pages that are scraped are read on after the clock was set back by ${back} s, and after it came forward again`, async () => {
    const machine = createSimulatedClock(NOW);
    let offset = 0;
    const clock: Clock = { now: () => machine.now() + offset * 1000, sleep: async (milliseconds, signal) => await machine.sleep(milliseconds, signal) };
    const source = new DirectScrapeSource({ intervalSeconds: 15, timeoutSeconds: 5 }, clock);
    let rounds = 0;
    source.onScrape(() => { rounds += 1; });
    let requests = 0;
    const page: { server: Server; port: number } = await serve((_, response) => response.end(`kamal_proxy_http_requests_total{service="app-web",status="200"} ${requests}\n`));
    const query = signalQueryFor('rps', { spec: { kamal: { service: 'app', role: 'web' } }, hosts: [hostNamed('web-1', { proxyMetrics: page.port })] });
    const nextRound = async (): Promise<void> => {
      const before = rounds;
      // As policies do: a page that nobody has asked for lately is scraped no more.
      await source.read([query]);
      await until('the loop to sleep', () => machine.nextWake() !== undefined, { everyMs: 1 });
      await machine.advance(machine.nextWake()! - machine.now());
      await until('a round of scrapes', () => rounds > before, { everyMs: 5, deadlineMs: 3000 });
    };
    const readNow = async (): Promise<string> => said((await source.read([query]))[0]!);
    try {
      await source.read([query]);
      source.start();
      await until('the first round', () => rounds > 0, { everyMs: 5 });
      for (requests = 150; requests <= 600; requests += 150) await nextRound();
      expect(await readNow()).to.equal('value 10');
      offset = -back;
      expect(await readNow(), 'what was heard before the step').to.match(/^(Empty|ClockSkew)/);
      for (let times = 0; times < 4; times += 1, requests += 300) await nextRound();
      expect(await readNow()).to.equal('value 20');
      offset = 0;
      for (let times = 0; times < 5; times += 1, requests += 150) await nextRound();
      expect(await readNow(), 'nothing of the first time is left').to.equal('value 10');
    } finally {
      await source.stop();
      await close(page.server);
    }
  });
});
