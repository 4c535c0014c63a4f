import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { until } from '../../support/real/until.ts';
import { FakePrometheus, failure, scalar } from '../observe/fake-prometheus.ts';
import { type Installation, type Place, call, createPlace, policyText, poolText, startInstallation } from './installation.ts';
import { planted } from '../../support/planted.ts';

const SECRET = planted('prometheus');

describe('what a person must mend is a condition of the object', function () {
  this.timeout(60_000);
  let place: Place;
  let prometheus: FakePrometheus;
  let installation: Installation | undefined;
  beforeEach(async () => {
    place = await createPlace();
    prometheus = new FakePrometheus();
    prometheus.now = Date.now;
    await prometheus.start();
  });
  afterEach(async () => {
    await installation?.running.stop();
    installation = undefined;
    await prometheus.stop();
    await place.remove();
  });

  /** Asks the fake Prometheus, each second. */
  async function start(environment: Record<string, string> = {}): Promise<Installation> {
    installation = await startInstallation(place, { prometheus: prometheus.baseURL, scrapeInterval: '1' }, environment);
    return installation;
  }
  const own = { mode: 'Enforce', minHosts: 1, metrics: [{ name: 'mine', promql: 'rate(x[)', type: 'Ratio', target: 1 }] };

  it('a query that Prometheus refuses: the metric, and Prometheus\'s own words', async () => {
    prometheus.answer = () => failure(400, 'bad_data', 'invalid parameter "query": 1:8: parse error: unexpected right parenthesis');
    await place.write('all.yaml', `${poolText({ replicas: 1 })}---\n${policyText(own)}`);
    const { condition, object } = await start();
    const { status, message } = await condition('ScalingPolicy', 'ScalingActive', 'MetricRefused');
    expect(status).to.equal('False');
    expect(message).to.match(/^metric mine: /).and.to.include('1:8: parse error: unexpected right parenthesis');
    expect((await object('HostPool')).spec.replicas).to.equal(1);

    prometheus.answer = () => scalar('1');
    await place.write('all.yaml', `${poolText({ replicas: 1 })}---\n${policyText({ ...own, metrics: [{ name: 'mine', promql: 'vector(1)', type: 'Ratio', target: 1 }] })}`);
    expect((await condition('ScalingPolicy', 'ScalingActive', 'MetricsRead')).status).to.equal('True');
  });

  for (const [title, environment, setting] of [
    ['a token that is refused', { KAMAL_AUTOSCALER_PROMETHEUS_TOKEN: SECRET }, 'the bearer token is refused: replace it'],
    ['a token that is missing', {}, 'no credential is set: set a bearer token or basic credentials'],
    ['a password that is refused', { KAMAL_AUTOSCALER_PROMETHEUS_USERNAME: 'scaler', KAMAL_AUTOSCALER_PROMETHEUS_PASSWORD: SECRET }, 'user scaler and its password are refused: replace them'],
  ] as const) {
    it(`${title}: which setting, and no secret`, async () => {
      prometheus.answer = () => ({ status: 401, body: `no entry with ${SECRET}` });
      await place.write('all.yaml', `${poolText()}---\n${policyText(own)}`);
      const { condition } = await start(environment);
      const { status, message } = await condition('ScalingPolicy', 'ScalingActive', 'MetricsAbsent');
      expect(status).to.equal('False');
      expect(message).to.equal(`mine: Unreachable: rate(x[): Prometheus at ${prometheus.baseURL}/api/v1/query answered 401: ${setting}`);
      expect(installation?.problems.join()).to.not.include(SECRET);
    });
  }

  it('a token file that is missing: which file; it is read as soon as it is there', async () => {
    const tokenFile = join(place.folder, 'token');
    prometheus.answer = (_query, { headers }) => (headers.authorization === `Bearer ${SECRET}` ? scalar('1') : { status: 401, body: '' });
    await place.write('all.yaml', `${poolText()}---\n${policyText(own)}`);
    const { condition } = await start({ KAMAL_AUTOSCALER_PROMETHEUS_TOKEN_FILE: tokenFile });
    const { message } = await condition('ScalingPolicy', 'ScalingActive', 'MetricsAbsent');
    expect(message).to.equal(`mine: Unreachable: rate(x[): the file ${tokenFile} of the bearer token cannot be read (ENOENT)`);
    await writeFile(tokenFile, `${SECRET}\n`);
    expect((await condition('ScalingPolicy', 'ScalingActive', 'MetricsRead')).status).to.equal('True');
    await rm(tokenFile);
    await condition('ScalingPolicy', 'ScalingActive', 'MetricsAbsent');
  });

  it('a missing pool: its name and where it was looked for; it is scaled as soon as it is there', async () => {
    prometheus.answer = () => scalar('1');
    await place.write('policy.yaml', policyText(own));
    const { condition } = await start();
    const { status, message } = await condition('ScalingPolicy', 'AbleToScale', 'PoolNotFound');
    expect(status).to.equal('False');
    expect(message).to.equal('HostPool web does not exist in namespace default: create it, or mend spec.targetRef.name');
    const { exitCode, stdout } = await call(['validate', place.config]);
    expect(exitCode, 'the pool may be elsewhere').to.equal(0);
    expect(stdout).to.match(/policy\.yaml:\d+:\d+: warning: .*HostPool default\/web is in none of these files/);
    await place.write('pool.yaml', poolText());
    expect((await condition('ScalingPolicy', 'AbleToScale', 'ModeEnforce')).status).to.equal('True');
  });

  it('a second policy on a pool: the older one, and that it waits for it', async () => {
    prometheus.answer = () => scalar('1');
    await place.write('all.yaml', `${poolText({ replicas: 1 })}---\n${policyText(own)}`);
    const { condition, object } = await start();
    await condition('ScalingPolicy', 'AbleToScale', 'ModeEnforce');
    // One of the same second would be told apart by chance.
    const { creationTimestamp } = (await object('ScalingPolicy')).metadata;
    await until('the next second', () => Date.now() >= Date.parse(creationTimestamp) + 1000, { everyMs: 50 });
    await place.write('second.yaml', policyText({ ...own, minHosts: 3, maxHosts: 3 }, 'second'));
    const { status, message } = await condition('ScalingPolicy', 'AbleToScale', 'Conflict', 'second');
    expect(status).to.equal('False');
    expect(message).to.equal('ScalingPolicy web is older and scales HostPool web already: delete one of the two, or point spec.targetRef.name elsewhere');
    expect((await object('HostPool')).spec.replicas).to.equal(1);
    expect((await condition('ScalingPolicy', 'AbleToScale', 'ModeEnforce')).status).to.equal('True');
    const { exitCode, stdout } = await call(['validate', place.config]);
    expect(exitCode).to.equal(1);
    expect(stdout).to.match(/second\.yaml:\d+:\d+: .*HostPool default\/web has a policy already, default\/web at .*all\.yaml:\d+:\d+: keep one of them/);
  });

  it('a second pool of one load-balancer service: the first one, and the field', async () => {
    await place.write('pool.yaml', poolText());
    const { condition, object } = await start();
    const { creationTimestamp } = (await object('HostPool')).metadata;
    await until('the next second', () => Date.now() >= Date.parse(creationTimestamp) + 1000, { everyMs: 50 });
    await place.write('second.yaml', poolText({ loadBalancer: { traefik: { service: 'web', apiURLs: ['http://127.0.0.1:9'] } } }, 'second'));
    expect(await condition('HostPool', 'Stuck', 'NeedsAttention', 'second')).to.deep.equal({
      status: 'True', message: 'spec.loadBalancer.traefik.service web belongs to pool default/web, which had it first: write another service name',
    });
  });
});
