import { expect } from 'chai';
import fc from 'fast-check';
import { type ProcessUse, createNodeMetrics } from '../../../../controller/act/cloud/local/host/node-metrics.ts';
import { createProxyMetrics } from '../../../../controller/act/cloud/local/host/proxy-metrics.ts';
import { exposition } from '../../../../controller/act/cloud/local/host/exposition.ts';
import { readHostSettings } from '../../../../controller/act/cloud/local/host/settings.ts';
import { createWorkers, drawServiceTime } from '../../../../controller/act/cloud/local/host/workers.ts';

/** Value of one series in a text; undefined when it is not there. */
function valueOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

describe('workers of a local host', () => {
  /** Timers that the test ends. */
  function fakeTimers() {
    const pending: { done: () => void; milliseconds: number }[] = [];
    return { pending, after: (done: () => void, milliseconds: number) => void pending.push({ done, milliseconds }), endFirst: () => pending.shift()?.done() };
  }

  it('serve so many at once, and the others in the order in which they came', () => {
    const timers = fakeTimers();
    const workers = createWorkers({ workers: 2, queueLimit: 10 }, timers.after);
    const served: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) expect(workers.run(50, () => served.push(name))).to.equal(true);
    expect([workers.busy(), workers.queued(), timers.pending.length]).to.deep.equal([2, 2, 2]);
    for (let ended = 0; ended < 4; ended += 1) timers.endFirst();
    expect(served).to.deep.equal(['a', 'b', 'c', 'd']);
    expect([workers.busy(), workers.queued()]).to.deep.equal([0, 0]);
  });

  it('refuse what the queue does not hold', () => {
    const timers = fakeTimers();
    const workers = createWorkers({ workers: 1, queueLimit: 1 }, timers.after);
    const taken = ['a', 'b', 'c'].map(() => workers.run(50, () => {}));
    expect(taken).to.deep.equal([true, true, false]);
    timers.endFirst();
    expect(workers.run(50, () => {})).to.equal(true);
  });

  it('draw service times around their mean', () => {
    expect(drawServiceTime({ serviceMilliseconds: 50, serviceTime: 'Fixed' }, () => 0.9)).to.equal(50);
    const draws = Array.from({ length: 10_000 }, (_, index) => drawServiceTime({ serviceMilliseconds: 50, serviceTime: 'Exponential' }, () => (index + 0.5) / 10_000));
    expect(draws.reduce((sum, draw) => sum + draw) / draws.length).to.be.closeTo(50, 0.5);
    expect(Math.min(...draws)).to.be.at.least(0);
  });
});

describe('node metrics of a local host', () => {
  const first: ProcessUse = { atSeconds: 10, userSeconds: 1, systemSeconds: 0.5, residentBytes: 100 };
  const idle = 'node_cpu_seconds_total{cpu="0",mode="idle"}';
  const user = 'node_cpu_seconds_total{cpu="0",mode="user"}';

  it('show the own use against the nominal capacity', () => {
    const node = createNodeMetrics(first, { cores: 0.25, memoryBytes: 1000 });
    const text = node.text({ atSeconds: 20, userSeconds: 2, systemSeconds: 1, residentBytes: 400 });
    expect(valueOf(text, user)).to.equal(4);
    expect(valueOf(text, 'node_cpu_seconds_total{cpu="0",mode="system"}')).to.equal(2);
    expect(valueOf(text, idle)).to.equal(4);
    expect(valueOf(text, 'node_memory_MemAvailable_bytes')).to.equal(600);
    expect(valueOf(text, 'node_memory_MemTotal_bytes')).to.equal(1000);
  });

  it('show use above capacity later, and never more than all of it', () => {
    const node = createNodeMetrics(first, { cores: 0.1, memoryBytes: 1000 });
    const busy = node.text({ ...first, atSeconds: 11, userSeconds: 1.2 });
    expect(valueOf(busy, user)).to.be.closeTo(1, 1e-9);
    expect(valueOf(busy, idle)).to.be.closeTo(0, 1e-9);
    const after = node.text({ ...first, atSeconds: 13, userSeconds: 1.2 });
    expect(valueOf(after, user)).to.be.closeTo(2, 1e-9);
    expect(valueOf(after, idle)).to.be.closeTo(1, 1e-9);
  });

  it('never go back, and grow by one a second together, whatever the use', () => {
    const step = fc.record({ elapsed: fc.double({ min: 0, max: 100, noNaN: true }), user: fc.double({ min: 0, max: 5, noNaN: true }), system: fc.double({ min: 0, max: 5, noNaN: true }) });
    fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
      const node = createNodeMetrics(first, { cores: 0.1, memoryBytes: 1000 });
      const use = { ...first };
      let before = [0, 0, 0];
      for (const { elapsed, user: userSeconds, system } of steps) {
        use.atSeconds += elapsed;
        use.userSeconds += userSeconds;
        use.systemSeconds += system;
        const text = node.text({ ...use });
        const now = ['user', 'system', 'idle'].map((mode) => valueOf(text, `node_cpu_seconds_total{cpu="0",mode="${mode}"}`) ?? Number.NaN);
        now.forEach((value, index) => expect(value).to.be.at.least((before[index] ?? 0) - 1e-9));
        expect(now.reduce((sum, value) => sum + value)).to.be.closeTo(use.atSeconds - first.atSeconds, 1e-6);
        before = now;
      }
    }));
  });
});

describe('proxy metrics of a local host', () => {
  it('have kamal-proxy\'s names, labels and buckets, and no series before the first request', () => {
    const metrics = createProxyMetrics();
    expect(metrics.text()).to.equal('');
    metrics.begin('app-web');
    metrics.begin('app-web');
    metrics.end('app-web');
    metrics.track('app-web', 'GET', 200, 0.03);
    metrics.track('app-web', 'GET', 200, 20);
    metrics.track('app-web', 'BREW', 503, 0.001);
    const text = metrics.text();
    expect(valueOf(text, 'kamal_proxy_http_in_flight_requests{service="app-web"}')).to.equal(1);
    expect(valueOf(text, 'kamal_proxy_http_requests_total{method="GET",service="app-web",status="200"}')).to.equal(2);
    expect(valueOf(text, 'kamal_proxy_http_requests_total{method="OTHER",service="app-web",status="503"}')).to.equal(1);
    const bucket = (le: string) => valueOf(text, `kamal_proxy_http_request_duration_seconds_bucket{method="GET",service="app-web",status="200",le="${le}"}`);
    expect(['0.025', '0.05', '10', '+Inf'].map(bucket)).to.deep.equal([0, 1, 1, 2]);
    expect(valueOf(text, 'kamal_proxy_http_request_duration_seconds_sum{method="GET",service="app-web",status="200"}')).to.be.closeTo(20.03, 1e-9);
    expect(valueOf(text, 'kamal_proxy_http_request_duration_seconds_count{method="GET",service="app-web",status="200"}')).to.equal(2);
  });

  it('escape what a label may hold', () => {
    const text = exposition([{ name: 'x', help: 'x', type: 'gauge', series: [{ name: 'x', labels: { a: 'one "two" \\ three\nfour' }, value: 1 }] }]);
    expect(text).to.contain('x{a="one \\"two\\" \\\\ three\\nfour"} 1\n');
  });
});

describe('settings of local hosts as JSON', () => {
  const read = (text: string): unknown => readHostSettings('HOSTS', text);

  it('are taken as written', () => {
    expect(read('{"workers":10,"cores":0.5,"serviceTime":"Fixed"}')).to.deep.equal({ workers: 10, cores: 0.5, serviceTime: 'Fixed' });
  });
  for (const [text, message] of [
    ['{"workers":0}', 'HOSTS: workers 0: write a whole number from 1'],
    ['{"workers":"5"}', 'HOSTS: workers "5": write a whole number from 1'],
    ['{"serviceTime":"Normal"}', 'HOSTS: serviceTime "Normal": write "Exponential" or "Fixed"'],
    ['{"toString":1}', 'HOSTS: "toString" is no setting: write one of prepareMilliseconds, deployMilliseconds, workers, serviceMilliseconds, serviceTime, queueLimit, cpuMilliseconds, cores, memoryBytes'],
    ['workers=5', 'HOSTS "workers=5": write a JSON object, such as {"workers":10,"serviceMilliseconds":60}'],
    ['[5]', 'HOSTS "[5]": write a JSON object, such as {"workers":10,"serviceMilliseconds":60}'],
  ] as const) it(`refuse ${text}`, () => void expect(() => read(text)).to.throw(message));
});
