import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { BacktestRequest, Io } from '../../../controller/cli/index.ts';
import { simulator } from '../../../controller/compose/simulate/index.ts';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { FakePrometheus, failure } from '../observe/fake-prometheus.ts';

const NOON = Date.UTC(2026, 10, 23, 12);

const POLICY = `apiVersion: kamal-autoscaler.dev/v1alpha1
kind: HostPool
metadata: {name: web}
spec:
  kamal: {service: shop, role: web}
  maxReplicas: 20
  placements: [{name: here, provider: Local}]
  loadBalancer: {traefik: {service: shop-web, apiURLs: ["http://127.0.0.1:9"]}}
---
apiVersion: kamal-autoscaler.dev/v1alpha1
kind: ScalingPolicy
metadata: {name: web}
spec:
  targetRef: {name: web}
  minHosts: 1
  maxHosts: 20
  metrics:
    - {name: rps, target: 70}
    - {name: p95, target: 0.2}
    - {name: dbPool, target: 80}
`;

/** Requests a second at a time: a daily wave. */
const rateAt = (milliseconds: number): number => 300 - 200 * Math.cos((milliseconds / 86_400_000) * 2 * Math.PI);

describe('simulate, put together', function () {
  this.timeout(60_000);
  let folder: string;
  let file: (name: string) => string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backtest-'));
    file = (name) => join(folder, name);
    await writeFile(file('web.yaml'), POLICY);
    await writeFile(file('load.csv'), ['time,rps', ...Array.from({ length: 1440 }, (_, minute) => {
      const at = NOON + minute * 60_000;
      return `${new Date(at).toISOString()},${rateAt(at).toFixed(3)}`;
    })].join('\n'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  let shown = '';
  const io = (more: Partial<Io> = {}): Io => ({
    stdout: () => undefined, stderr: (text) => void (shown += text), stdin: async function* () {}, env: {}, now: () => NOON, columns: 80, isTTY: false, signal: new AbortController().signal, ...more,
  });
  const request = (load: BacktestRequest['load'], more: Partial<BacktestRequest> = {}): BacktestRequest => ({ policyFile: file('web.yaml'), load, world: {}, price: undefined, seed: 1, ...more });

  async function refusal(work: Promise<unknown>): Promise<ClassifiedError> {
    try {
      await work;
    } catch (error) {
      expect(error).to.be.instanceOf(ClassifiedError);
      return error as ClassifiedError;
    }
    throw new Error('nothing was refused');
  }

  it('runs the policy beside all others on worker threads, and says what it assumed', async () => {
    const report = await simulator.backtest(request({ kind: 'Trace', file: file('load.csv') }, { price: { perHour: 0.01, currency: '€' } }), io());
    expect(report.contenders.map(({ name }) => name)).to.deep.equal(['policy', 'hpa-cpu', 'hpa-requests', 'aws-target-tracking', 'nomad-target-value', 'step-rule', 'static-peak', 'static-mean', 'clairvoyant']);
    expect(report.policy).to.deep.equal({ name: 'web', leftOut: ['dbPool'] });
    expect(report.world.host).to.deep.equal({ workers: 5, serviceSeconds: 0.05 });
    expect(report.load.from).to.equal('2026-11-23T15:00:00.000Z');
    const [ours] = report.contenders;
    const clairvoyant = report.contenders.at(-1)!;
    expect(clairvoyant.cost).to.equal(1);
    expect(clairvoyant.measures.shortSecondsPerDay).to.equal(0);
    expect(ours!.cost).to.be.within(1, 1.6);
    expect(ours!.moneyPerMonth).to.be.closeTo((ours!.measures.hostHours / ours!.measures.days) * 30.4375 * 0.01, 1e-9);
    for (const { course } of report.contenders) expect(course.rate).to.have.length(21 * 60);
  });

  it('is the same each time, whichever thread ran what', async () => {
    const once = await simulator.backtest(request({ kind: 'Trace', file: file('load.csv') }), io());
    expect(await simulator.backtest(request({ kind: 'Trace', file: file('load.csv') }), io())).to.deep.equal(once);
  });

  it('gives the same load from a log, gzipped or not, as from rates', async () => {
    const lines: string[] = ['{"level":"INFO","msg":"Server started"}'];
    for (let second = 0; second < 4 * 3600; second += 5) {
      for (let one = 0; one < 10; one++) lines.push(`{"time":"${new Date(NOON + second * 1000 + one * 100).toISOString()}","level":"INFO","msg":"Request","path":"/","status":200,"duration":20000000}`);
    }
    await writeFile(file('proxy.log'), lines.join('\r\n'));
    await writeFile(file('proxy.log.gz'), gzipSync(lines.join('\n')));
    const plain = await simulator.backtest(request({ kind: 'Log', file: file('proxy.log') }), io());
    const packed = await simulator.backtest(request({ kind: 'Log', file: file('proxy.log.gz') }), io());
    expect(plain.load).to.deep.include({ binSeconds: 15, meanRate: 2, peakRate: 2 });
    expect({ ...packed, load: { ...packed.load, source: '' } }).to.deep.equal({ ...plain, load: { ...plain.load, source: '' } });
    expect(plain.notes[0]).to.equal('1 of 28801 lines are no requests, or WebSockets');
    expect(plain.world.host.serviceSeconds).to.be.closeTo(0.0285, 0.004);
  });

  it("reads days of Prometheus by the policy's own query, and shows progress on a terminal alone", async () => {
    const prometheus = new FakePrometheus((_, { form }) => {
      const [start, end, step] = [Number(form.get('start')), Number(form.get('end')), Number.parseInt(form.get('step')!, 10)];
      const values = Array.from({ length: (end - start) / step + 1 }, (_unused, index) => [start + index * step, String(rateAt((start + index * step) * 1000))]);
      return { body: JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [{ metric: {}, values: values.filter((__, index) => index % 7 !== 3) }] } }) };
    });
    await prometheus.start();
    shown = '';
    try {
      const report = await simulator.backtest(request({ kind: 'Prometheus', url: prometheus.baseURL, query: undefined, days: 2 }), io({ isTTY: true }));
      expect(prometheus.asked.map(({ url }) => url)).to.deep.equal(['/api/v1/query_range', '/api/v1/query_range']);
      expect(report.load.source).to.equal('sum(rate(traefik_service_requests_total{service="shop-web@http",code!="101"}[60s])) or sum(rate(kamal_proxy_http_requests_total{namespace="default",pool="web",service="shop-web",status!="101"}[60s]))');
      expect(report.load.days).to.be.closeTo(1.75, 0.01);
      expect(report.load.peakRate).to.be.closeTo(500, 1);
      expect(report.notes[0]).to.match(/points are missing; a line was put through them/);
      expect(shown).to.match(/reading █+.* 100 %/).and.to.match(/simulating █/);
      prometheus.answer = () => failure(400, 'bad_data', 'parse error');
      const refused = await refusal(simulator.backtest(request({ kind: 'Prometheus', url: prometheus.baseURL, query: 'sum(', days: 1 }), io()));
      expect(refused).to.include({ class: 'Invalid', message: 'Prometheus refuses sum( (bad_data): parse error' });
    } finally {
      await prometheus.stop();
    }
  });

  it('names the file, the line and the mend of what it cannot use', async () => {
    const missing = await refusal(simulator.backtest(request({ kind: 'Trace', file: file('none.csv') }), io()));
    expect(missing.message).to.equal(`${file('none.csv')} cannot be read (ENOENT)`);
    await writeFile(file('bad.csv'), 'seconds,rps\n0,1\n60,many\n');
    expect((await refusal(simulator.backtest(request({ kind: 'Trace', file: file('bad.csv') }), io()))).message).to.equal(`${file('bad.csv')}:3: rps "many" is no rate`);
    await writeFile(file('short.csv'), 'seconds,rps\n0,1\n60,2\n');
    expect((await refusal(simulator.backtest(request({ kind: 'Trace', file: file('short.csv') }), io()))).message).to.equal(`${file('short.csv')} is 2 minutes long`);
    await writeFile(file('text.log'), 'hello\nworld\n');
    expect((await refusal(simulator.backtest(request({ kind: 'Log', file: file('text.log') }), io()))).message).to.equal(`${file('text.log')}: none of 2 lines is a request`);
    await writeFile(file('no.gz'), 'hello');
    expect((await refusal(simulator.backtest(request({ kind: 'Log', file: file('no.gz') }), io()))).message).to.match(/no\.gz cannot be read: incorrect header check/);
    const [, policy = ''] = POLICY.split('---\n');
    await writeFile(file('two.yaml'), `${policy}---\n${policy.replaceAll('{name: web}', '{name: other}')}`);
    expect((await refusal(simulator.backtest(request({ kind: 'Trace', file: file('load.csv') }, { policyFile: file('two.yaml') }), io()))).message).to.equal(`${file('two.yaml')} has 2 documents of kind ScalingPolicy`);
  });

  it('suggests a policy that validate takes, with what it was chosen from, and keeps what people wrote', async () => {
    await writeFile(file('two-days.csv'), ['seconds,rps', ...Array.from({ length: 2 * 288 }, (_, bin) => `${bin * 300},${rateAt(bin * 300_000).toFixed(2)}`)].join('\n'));
    await writeFile(file('web.yaml'), POLICY.replace('minHosts: 1', 'minHosts: 1 # never none'));
    const suggestion = await simulator.suggest(request({ kind: 'Trace', file: file('two-days.csv') }), 300, io());
    expect(suggestion).to.include({ within: true, metric: 'rps' });
    const { points, policy } = suggestion;
    expect(points.filter(({ is }) => is === 'Chosen')).to.have.length(1);
    expect(points.find(({ is }) => is === 'Chosen')!.learned.shortSecondsPerDay).to.be.at.most(300);
    expect(points.some(({ is, learned }) => is !== 'Curve' && learned.settings.target === 70)).to.equal(true);
    expect(policy).to.include('# never none');
    await writeFile(file('suggested.yaml'), policy);
    const again = await simulator.backtest(request({ kind: 'Trace', file: file('two-days.csv') }, { policyFile: file('suggested.yaml') }), io());
    // The same host: what was suggested is judged in the world in which it was found.
    expect(again.world.host).to.deep.equal({ workers: 5, serviceSeconds: 0.05 });
    const short = await refusal(simulator.suggest(request({ kind: 'Trace', file: file('load.csv') }), 300, io()));
    expect(short.message).to.equal('21.0 hours of history are too few to choose on one part and judge on another');
  });

  it('writes a page, or says why not', async () => {
    const report = await simulator.backtest(request({ kind: 'Trace', file: file('load.csv') }), io());
    await simulator.writePage(file('report.html'), report);
    expect(await readFile(file('report.html'), 'utf8')).to.match(/^<!doctype html>/);
    expect((await refusal(simulator.writePage(join(folder, 'none', 'report.html'), report))).message).to.match(/cannot be written \(ENOENT\)$/);
  });
});
